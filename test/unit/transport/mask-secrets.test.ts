import fc from "fast-check";
import { expect, test } from "vitest";
import { maskSecrets } from "../../../src/transport/mask-secrets.ts";
import { safeCause } from "../../../src/transport/safe-cause.ts";
import { SECRET } from "../../support/secret-leaks.ts";

test("a text without secrets stays as it is", () => {
  expect(maskSecrets("Service is too busy.", [SECRET])).toBe("Service is too busy.");
  expect(maskSecrets("", [SECRET])).toBe("");
});

test("every occurrence of a known key is masked, wherever it stands", () => {
  expect(maskSecrets(`${SECRET} or (${SECRET}) or x${SECRET}y`, [SECRET])).toBe("*** or (***) or x***y");
});

test.each([
  ["in other letters", SECRET.toUpperCase()],
  ["without its prefix", SECRET.replace(/^sk-/, "")],
  ["with invisible characters between", [...SECRET].join("\u200b")],
])("a key is masked %s too", (_, written) => {
  expect(maskSecrets(`wrong key ${written}!`, [SECRET])).toBe("wrong key ***!");
});

test("where an error was thrown is told without the key, even when its message looks like a place", () => {
  const thrown = new Error(`failed\n    at headers: Bearer ${SECRET}`);
  const { stack } = safeCause(thrown, { secrets: [SECRET] });
  expect(stack).toContain("at ");
  expect(stack).not.toContain(SECRET);
});

test("a key of no known shape is masked too", () => {
  expect(maskSecrets('no such token "correct horse/battery+staple="', ["correct horse/battery+staple="])).toBe(
    'no such token "***"',
  );
});

test("a key with characters that mean something to regular expressions is masked literally", () => {
  expect(maskSecrets("key a.c(1)[$&] is wrong, abc is not", ["a.c(1)[$&]"])).toBe("key *** is wrong, abc is not");
});

test.each([
  ["sk-0123456789abcdef", "***"],
  ["Incorrect API key: sk-proj-AbC_123-xyz.", "Incorrect API key: ***."],
  ["hf_AbCdEfGhIjKl", "***"],
  ["gsk_AbCdEfGhIjKl and pplx-AbCdEfGhIjKl", "*** and ***"],
  ["authorization: Bearer abc.def.ghi", "authorization: ***"],
  ['{"authorization":"Bearer abc.def=="}', '{"authorization":"***"}'],
])("a stranger's key is known by its shape: %s", (text, masked) => {
  expect(maskSecrets(text, [])).toBe(masked);
});

test("words that only look like keys are left alone", () => {
  expect(maskSecrets("The task-management of risk-assessment: ask-me-anything", [])).toBe(
    "The task-management of risk-assessment: ask-me-anything",
  );
});

test("an empty secret masks nothing", () => {
  expect(maskSecrets("busy", [""])).toBe("busy");
});

test("the text becomes one line", () => {
  expect(maskSecrets(" a\r\n\r\n\tb\u2028c  \n", [])).toBe("a b c");
});

test("the text is cut to 300 characters", () => {
  expect(maskSecrets("x".repeat(300), [])).toBe("x".repeat(300));
  expect(maskSecrets("x".repeat(301), [])).toBe(`${"x".repeat(300)}…`);
});

test("nothing of a key is left where the text is cut", () => {
  const secret = "Tq7-moonlight-over-the-harbour";
  for (let before = 250; before < 330; before++) {
    expect(maskSecrets(`${"x".repeat(before - 1)} ${secret}`, [secret])).not.toContain("Tq7");
  }
});

test("nothing of a key is left behind a flood of blanks", () => {
  const secret = "Tq7-moonlight-over-the-harbour";
  for (let before = 1150; before < 1210; before++) {
    expect(maskSecrets(" ".repeat(before) + secret, [secret])).not.toContain("Tq7");
  }
});

test("control characters cannot reach a terminal", () => {
  expect(maskSecrets("\u001b[2J\u001b[31mbusy\u0007\u0000\u009b1m", [])).not.toMatch(/\p{Cc}/u);
});

test("whatever the text, the key is never in it, and it is short", () => {
  const piece = fc.oneof(fc.constant(SECRET), fc.constant("Bearer "), fc.constant("\n"), fc.string());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const masked = maskSecrets(pieces.join(""), [SECRET]);
      expect(masked).not.toContain(SECRET);
      expect(masked.length).toBeLessThanOrEqual(301);
    }),
  );
});

test("a megabyte of almost-keys takes no time to speak of", () => {
  const startedAt = performance.now();
  for (const flood of ["sk-", "Bearer ", "sk-a", "Bearer", "- "]) maskSecrets(flood.repeat(400_000), [SECRET]);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test("a short key is masked where it stands exactly, and words that look like keys are words", () => {
  expect(maskSecrets("Incorrect API key provided: hunter2", ["hunter2"])).toBe("Incorrect API key provided: ***");
  expect(maskSecrets("DeepSeek is busy", ["deepseek"])).toBe("DeepSeek is busy");
  for (const text of [
    "Missing Bearer token in header.",
    "The Bearer authentication scheme",
    "hf_hub_download",
    "sk_buff_overflow",
  ]) {
    expect(maskSecrets(text, [])).toBe(text);
  }
});
