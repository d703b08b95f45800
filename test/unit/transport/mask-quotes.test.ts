import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { maskQuotes } from "../../../src/transport/mask-quotes.ts";

const SAID = "My diagnosis is a secret between us two.";
const masks = (text: string, ...said: readonly string[]) =>
  maskQuotes(
    text,
    said.map((content) => ({ role: "user", content })),
  );

test.each([
  ["the whole of it", `cannot read: ${SAID}`, "cannot read: […]"],
  ["its beginning", "bad: My diagnosis is a s", "bad: […]"],
  ["its end", "bad:secret between us two. stop", "bad:[…] stop"],
  ["some middle", `at "osis is a secret between" stop`, `at "[…]" stop`],
  ["it twice", `${SAID}|${SAID}`, "[…]|[…]"],
  ["nothing else", SAID, "[…]"],
])("what a server quotes of the conversation is masked: %s", (_, text, masked) => {
  expect(masks(text, SAID)).toBe(masked);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])("a quote of 16 characters is found wherever it begins: after %d", (at) => {
  const before = "#".repeat(at);
  const quote = SAID.slice(3, 19);
  expect(masks(`${before}${quote}`, SAID)).toBe(`${before}[…]`);
  expect(masks(`${before}${quote}${before}`, SAID)).toBe(`${before}[…]${before}`);
  // Fifteen may be chance.
  expect(masks(`${before}${quote.slice(1)}`, SAID)).toBe(`${before}${quote.slice(1)}`);
});

test("a quote within quoted JSON is found, marks and line breaks and all", () => {
  const said = 'The "launch code" of\nthe "tulip garden" is "seven"\nand \\ nobody knows.';
  const answer = JSON.stringify({ error: { message: `bad: ${said}` } });
  expect(masks(`upstream said ${answer}`, said)).toBe('upstream said {"error":{"message":"bad: […]"}}');
  expect(masks(`bad: ${said}`, said)).toBe("bad: […]");
  expect(masks(`${answer}|${said}`, SAID, said)).not.toMatch(/launch code|tulip garden/);
});

test("words that both happen to use stay", () => {
  const message = "The supported names are deepseek-flash or deepseek-v4-pro";
  expect(masks(message, "Is deepseek-v4-pro good?", "deepseek-flash", "names are")).toBe(
    message.replace("deepseek-v4-pro", "[…]"),
  );
  expect(masks(message, "deepseek-v4-pro")).toBe(message);
});

test("without a conversation a text stays as it is", () => {
  expect(maskQuotes(SAID)).toBe(SAID);
  expect(maskQuotes(SAID, [])).toBe(SAID);
  expect(masks("", SAID)).toBe("");
});

test("whatever part of a message it is from: parts, thinking, names, arguments, results", () => {
  const messages: readonly ChatRequest["messages"][number][] = [
    { role: "system", content: SAID },
    { role: "user", content: [{ type: "text", text: SAID }] },
    { role: "user", content: [{ type: "image_url", image_url: { url: SAID } }] },
    { role: "assistant", content: "", reasoning_content: SAID },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "a", type: "function", function: { name: "now", arguments: SAID } }],
    },
    { role: "tool", content: SAID, tool_call_id: "a" },
  ];
  for (const message of messages) expect(maskQuotes(`bad: ${SAID}`, [message])).toBe("bad: […]");
});

test("of two quotes of one place the longer one counts", () => {
  expect(masks("<0123456789abcdefXYZ>", "0123456789abcdef-", "0123456789abcdefXYZ")).toMatch(/^<\[…\](?:XYZ)?>$/);
  expect(masks("<0123456789abcdefXYZ>", "0123456789abcdef- 0123456789abcdefXYZ")).toBe("<[…]>");
});

test("no sixteen characters of a message survive, wherever they stand, and all else does", () => {
  const words = fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "é", "🐋"), maxLength: 50 });
  fc.assert(
    fc.property(words, fc.array(fc.tuple(words, fc.nat(), fc.nat({ max: 40 })), { maxLength: 4 }), (said, parts) => {
      const text = parts.map(([own, at, length]) => own + said.slice(at % (said.length + 1)).slice(0, length)).join("");
      const masked = masks(text, said);
      let from = 0;
      for (const rest of masked.split("[…]")) {
        for (let at = 0; at + 16 <= rest.length; at++) expect(said).not.toContain(rest.slice(at, at + 16));
        from = text.indexOf(rest, from);
        expect(from).toBeGreaterThanOrEqual(0);
        from += rest.length;
      }
    }),
    { numRuns: 3_000 },
  );
});

test("a long message against a long conversation takes no time to speak of", () => {
  const startedAt = performance.now();
  for (const said of ["a".repeat(1_000_000), "abcdefgh".repeat(125_000), "whale song ".repeat(90_000)]) {
    for (const text of ["a".repeat(4_000), "abcdefgh".repeat(500), "whale sonG ".repeat(360)]) masks(text, said);
  }
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});
