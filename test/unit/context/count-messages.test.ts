import { expect, test, vi } from "vitest";
import type { ChatMessage } from "../../../src/chat/chat-request.ts";
import { counterFor } from "../../../src/context/count-messages.ts";
import { InvalidOptionsError } from "../../../src/error-family.ts";
import { assistant, calls, LONG, user } from "../../support/conversation.ts";

/** A token a character. */
const everyCharacter = () => vi.fn((text: string) => text.length);

test("a message is its text and 4 around it; a request is its messages and 3", () => {
  const { count, sum } = counterFor();
  expect(count(user(LONG), false)).toBe(34);
  expect(count(user("服务器繁忙"), false)).toBe(7);
  expect(count(assistant(""), false)).toBe(4);
  expect(sum([user(LONG), assistant(LONG)], false)).toBe(71);
  expect(sum([], false)).toBe(3);
});

test("a picture is 1024, and so is a file, of which nobody knows; text beside it is text", () => {
  const { count } = counterFor(everyCharacter());
  const content = [
    { type: "text", text: "see" },
    { type: "image_url", image_url: { url: `data:image/png;base64,${LONG}` } },
    { type: "file", file_id: "f" },
  ] as const;
  expect(count({ role: "user", content }, false)).toBe(4 + 3 + 1_024 + 1_024);
});

test("tool calls are their names, their arguments and 8 each", () => {
  const { count } = counterFor(everyCharacter());
  expect(count(calls("a", "b"), false)).toBe(4 + 2 * (8 + "look".length + "{}".length));
});

test("thinking counts where it is read: with tools, and behind the beginning of an answer", () => {
  const { count } = counterFor(everyCharacter());
  const thought = { reasoning_content: "hm, hm" };
  expect(count(assistant("yes", thought), false)).toBe(4 + 3);
  expect(count(assistant("yes", thought), true)).toBe(4 + 3 + 6);
  expect(count(assistant("yes", { ...thought, prefix: true }), false)).toBe(4 + 3 + 6);
  expect(count(assistant("yes", { reasoning_content: null }), true)).toBe(4 + 3);
});

test("a text is counted once, as long as its message is the same", () => {
  const countTokens = everyCharacter();
  const counter = counterFor(countTokens);
  const message = user("hello");
  for (let time = 0; time < 3; time += 1) counter.sum([message, message], time > 1);
  expect(countTokens).toHaveBeenCalledTimes(1);
  expect(counterFor(countTokens)).toBe(counter);
  expect(counterFor(everyCharacter())).not.toBe(counter);
});

test("a message that was edited in place is counted anew, and looks another", () => {
  const { count, look } = counterFor(everyCharacter());
  const message = { ...assistant("one"), role: "assistant" } as { -readonly [Key in keyof ChatMessage]: never };
  const before = look(message as ChatMessage);
  expect(look(message as ChatMessage)).toBe(before);
  const changes = [
    [{ content: "three" }, 4 + 5],
    [{ reasoning_content: "why" }, 4 + 5 + 3],
    [{ tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }] }, 4 + 5 + 3 + 8 + 3],
    [{ tool_calls: undefined, reasoning_content: undefined, content: null }, 4],
  ] as const;
  for (const [change, tokens] of changes) {
    Object.assign(message, change);
    expect(count(message as ChatMessage, true)).toBe(tokens);
  }
  expect(look(message as ChatMessage)).not.toBe(before);
});

test("tools are their JSON and 8 each, counted once", () => {
  const countTokens = everyCharacter();
  const { tools } = counterFor(countTokens);
  const given = [{ type: "function", function: { name: "look" } }] as const;
  expect(tools(given)).toBe(8 + JSON.stringify(given[0]).length);
  tools(given);
  expect(countTokens).toHaveBeenCalledTimes(1);
  expect(tools(undefined)).toBe(0);
  expect(tools([])).toBe(0);
});

test.each([
  ["a promise", Promise.resolve(3)],
  ["nothing", undefined],
  ["no number", Number.NaN],
  ["less than nothing", -1],
])("a function of yours that counts %s is refused", (_, counted) => {
  const { count } = counterFor(() => counted as number);
  expect(() => count(user("secret words"), false)).toThrow(
    new InvalidOptionsError("countTokens must give a number of tokens, at once."),
  );
});
