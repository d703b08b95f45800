import { expect, test } from "vitest";
import type { ChatMessage } from "../../../src/chat/chat-request.ts";
import { compactToolResults, dropOldest, dropReasoning, newChat } from "../../../src/context/strategies.ts";
import { InvalidOptionsError } from "../../../src/error-family.ts";
import { assistant, calls, goalOf, LONG, result, system, user } from "../../support/conversation.ts";

const pinned = (...messages: readonly ChatMessage[]) => ({
  isPinned: (message: ChatMessage) => messages.includes(message),
});

test("dropReasoning leaves the thinking of earlier turns out, where it is not wanted back", () => {
  const thought = { reasoning_content: "hm" };
  const kept = assistant("b", thought);
  const begun = assistant("c", { ...thought, prefix: true });
  const messages = [user("a"), assistant("a", thought), kept, assistant("plain"), begun];
  const { shorten } = dropReasoning();
  expect(shorten(messages, goalOf(0, pinned(kept)))).toEqual([
    messages[0],
    assistant("a"),
    kept,
    assistant("plain"),
    begun,
  ]);
  expect(shorten(messages, goalOf(0, { needsThinking: true }))).toBe(messages);
});

const long = "0123456789".repeat(30);

test("compactToolResults cuts results to 200 characters and says how many are gone, the last four excepted", () => {
  const results = Array.from({ length: 6 }, (_, index) => result(String(index), long));
  const short = compactToolResults().shorten(results, goalOf(0));
  const content = `${long.slice(0, 200)} [100 characters removed]`;
  expect(short.slice(0, 2)).toEqual([result("0", content), result("1", content)]);
  expect(short.slice(2).every((message, index) => message === results[index + 2])).toBe(true);
});

test("compactToolResults begins with the oldest, and ends when it is short enough", () => {
  const results = ["a", "b", "c"].map((id) => result(id, long));
  // 94 each, of which 33 stay.
  const { shorten } = compactToolResults({ keepCharacters: 70, keepLast: 0 });
  const lengths = (target: number) => shorten(results, goalOf(target)).map(({ content }) => content?.length);
  expect(lengths(284)).toEqual([95, 300, 300]);
  expect(lengths(224)).toEqual([95, 300, 300]);
  expect(lengths(223)).toEqual([95, 95, 300]);
  expect(lengths(285)).toEqual([300, 300, 300]);
});

test("compactToolResults leaves what is pinned, what is no result, and what is hardly longer than what it would leave", () => {
  const kept = result("a", long);
  const messages = [user(long), kept, result("b", long.slice(0, 140)), result("c", long.slice(0, 141))];
  const { shorten } = compactToolResults({ keepCharacters: 100, keepLast: 0 });
  const short = shorten(messages, goalOf(0, pinned(kept)));
  expect(short.map((message, index) => message === messages[index])).toEqual([true, true, true, false]);
});

test("compactToolResults cuts nothing twice, so that what it says stays true", () => {
  const { shorten } = compactToolResults({ keepLast: 0 });
  for (const length of [241, 1_000, 12_345, 999_999]) {
    const once = shorten([result("a", "y".repeat(length))], goalOf(0));
    expect(once[0]?.content).toMatch(new RegExp(` \\[${length - 200} characters removed\\]$`));
    expect(shorten(once, goalOf(0))[0]).toBe(once[0]);
  }
});

test("compactToolResults never splits an emoji", () => {
  for (let keepCharacters = 0; keepCharacters < 12; keepCharacters += 1) {
    const { shorten } = compactToolResults({ keepCharacters, keepLast: 0 });
    const content = String(shorten([result("a", "a👍🎉".repeat(40))], goalOf(0))[0]?.content);
    expect(content.isWellFormed()).toBe(true);
    expect(content).not.toContain("\ufffd");
    const [, kept = "", removed] = /^(.*) \[(\d+) characters removed\]$/s.exec(content) ?? [];
    expect("a👍🎉".repeat(40).startsWith(kept)).toBe(true);
    expect(kept.length + Number(removed)).toBe(200);
  }
});

test("compactToolResults takes parts away where that makes it shorter", () => {
  const image = { type: "image_url", image_url: { url: "https://example.com/a.png" } } as const;
  const parts = (...content: readonly (typeof image | { type: "text"; text: string })[]): ChatMessage => {
    return { role: "tool", tool_call_id: "a", content };
  };
  const { shorten } = compactToolResults({ keepLast: 0 });
  const small = parts({ type: "text", text: "ok" });
  expect(shorten([parts(image), small], goalOf(0))).toEqual([result("a", "[removed]"), small]);
});

test.each([
  [{ keepLast: -1 }, "keepLast must be a whole number from 0, got -1."],
  [{ keepLast: 1.5 }, "keepLast must be a whole number from 0, got 1.5."],
  [{ keepCharacters: Number.NaN }, "keepCharacters must be a whole number from 0, got NaN."],
  [{ keepCharacters: "200" }, "keepCharacters must be a whole number from 0, got a value of type string."],
  [{ keeplast: 1 }, "compactToolResults: unknown option keeplast. Did you mean keepLast?"],
])("compactToolResults refuses %o", (options, words) => {
  expect(() => compactToolResults(options as object)).toThrow(new InvalidOptionsError(words));
});

// Of 34 tokens each, and 3 for the request.
const rules = system(LONG);
const [first, second, third] = [user(LONG), user(LONG), user(LONG)];
const [one, two] = [assistant(LONG), assistant(LONG)];
const chat = [rules, first, one, second, two, third];

test("dropOldest leaves out whole turns, the oldest first, until it is short enough", () => {
  const { shorten } = dropOldest();
  expect(shorten(chat, goalOf(207))).toEqual(chat);
  expect(shorten(chat, goalOf(206))).toEqual([rules, second, two, third]);
  expect(shorten(chat, goalOf(139))).toEqual([rules, second, two, third]);
  expect(shorten(chat, goalOf(138))).toEqual([rules, third]);
  expect(shorten(chat, goalOf(0))).toEqual([rules, third]);
});

test("dropOldest keeps what is pinned, and a call with its pinned result", () => {
  const [call, found] = [calls("1"), result("1", LONG)];
  const messages = [first, call, found, one, second, two, third];
  expect(dropOldest().shorten(messages, goalOf(0, pinned(found, two)))).toEqual([call, found, two, third]);
});

const [askA, seeA, askB, seeB] = [calls("a"), result("a", LONG), calls("b"), result("b", LONG)];
const working = [rules, first, one, second, third, askA, seeA, one, askB, seeB];

test("dropOldest takes the oldest steps of the last turn only when nothing else is left, and never its questions", () => {
  const { shorten } = dropOldest();
  const size = goalOf(0).sumTokens(working);
  const lastTurn = [rules, second, third, askA, seeA, one, askB, seeB];
  expect(shorten(working, goalOf(size - 1))).toEqual(lastTurn);
  expect(shorten(working, goalOf(size - 68))).toEqual(lastTurn);
  expect(shorten(working, goalOf(size - 69))).toEqual([rules, second, third, one, askB, seeB]);
  expect(shorten(working, goalOf(0))).toEqual([rules, second, third, askB, seeB]);
});

test("newChat keeps the last turn and what must stay, whatever that weighs", () => {
  const { shorten } = newChat();
  expect(shorten(chat, goalOf(1_000))).toEqual([rules, third]);
  expect(shorten(working, goalOf(0))).toEqual([rules, second, third, askA, seeA, one, askB, seeB]);
  expect(shorten(chat, goalOf(0, pinned(one)))).toEqual([rules, one, third]);
});
