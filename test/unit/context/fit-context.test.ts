import { expect, test, vi } from "vitest";
import type { ChatMessage } from "../../../src/chat/chat-request.ts";
import { fitContext } from "../../../src/context/fit-context.ts";
import { FIT_DEFAULTS, type FitOptions } from "../../../src/context/fit-options.ts";
import { compactToolResults, dropOldest, newChat } from "../../../src/context/strategies.ts";
import { ContextLengthError, InvalidOptionsError } from "../../../src/error-family.ts";
import { assistant, LONG, result, system, user } from "../../support/conversation.ts";

/** A system message and so many turns; each weighs 68, the system message 34, the request 3. */
function chatOf(turns: number): ChatMessage[] {
  const messages = [system(LONG)];
  for (let count = 1; count < turns; count += 1) messages.push(user(LONG), assistant(LONG));
  return [...messages, user(LONG)];
}

test("a conversation that is not full comes back as the same list", () => {
  const messages = chatOf(3);
  const fitted = fitContext(messages, { budgetTokens: 1_000 });
  expect(fitted).toEqual({ messages, tokens: 207, tokensBefore: 207, applied: [] });
  expect(fitted.messages).toBe(messages);
});

test("at 90 % it is still not full; above, it is cut to 58 % at most", () => {
  expect(FIT_DEFAULTS).toEqual({ triggerAt: 0.9, cutTo: 0.58 });
  const messages = chatOf(10);
  const full = fitContext(messages, { budgetTokens: Math.ceil(683 / 0.9) });
  expect(full.applied).toEqual([]);
  const cut = fitContext(messages, { budgetTokens: Math.floor(682 / 0.9) });
  expect(cut).toMatchObject({ applied: ["dropOldest"], tokens: 411, tokensBefore: 683 });
  expect(cut.messages).toEqual([messages[0], ...messages.slice(9)]);
});

test("it is cut to its share, and then not again before it is full again", () => {
  const messages = chatOf(40);
  const options = { budgetTokens: 1_000, triggerAt: 0.8, cutTo: 0.4, strategies: [dropOldest()] };
  const sizes = Array.from({ length: 40 }, (_, turn) => fitContext(messages.slice(0, 2 * turn + 2), options).tokens);
  expect(Math.max(...sizes)).toBe(751);
  expect(sizes.filter((size, turn) => size < (sizes[turn - 1] ?? 0))).toEqual([343, 343, 343, 343, 343]);
});

test("strategies are tried in order until it is short enough, and those that did something are told", () => {
  const messages = [user(LONG), assistant("", { tool_calls: [callOf("a")] }), result("a", LONG.repeat(9)), user(LONG)];
  const strategies = [compactToolResults({ keepLast: 0 }), dropOldest(), newChat()];
  expect(fitContext(messages, { budgetTokens: 300, strategies }).applied).toEqual(["compactToolResults"]);
  expect(fitContext(messages, { budgetTokens: 200, strategies }).applied).toEqual(["compactToolResults", "dropOldest"]);
  expect(fitContext(messages, { budgetTokens: 40, strategies: [newChat()] }).messages).toEqual([messages[3]]);
});

const callOf = (id: string) => ({ id, type: "function", function: { name: "look", arguments: "{}" } }) as const;

test("tools take of the budget, and with them thinking counts, unless it is switched off", () => {
  const tools = [{ type: "function", function: { name: "look" } }] as const;
  const messages = [user(LONG), assistant(LONG, { reasoning_content: LONG }), user(LONG)];
  const tokens = (request: FitOptions["request"]) => fitContext(messages, { budgetTokens: 1_000, request }).tokens;
  expect(tokens({})).toBe(105);
  expect(tokens({ tools })).toBe(105 + 30 + 22);
  expect(tokens({ tools, thinking: { type: "disabled" } })).toBe(105 + 22);
  expect(tokens({ tools, reasoning_effort: "none" })).toBe(105 + 22);
  expect(tokens({ tools: [] })).toBe(105);
});

test("what is pinned stays, and an exact tokenizer may count", () => {
  const messages = chatOf(5);
  const pin = vi.fn((message: ChatMessage) => message === messages[1]);
  const countTokens = (text: string) => text.length;
  const { messages: kept, tokens } = fitContext(messages, { budgetTokens: 500, pin, countTokens });
  expect(kept).toEqual([messages[0], messages[1], messages[9]]);
  expect(tokens).toBe(3 + 3 * 104);
});

test("what must stay and does not fit is an error with the largest messages, by their place, and no word of them", () => {
  const messages = [...chatOf(5), user("secret ".repeat(100)), user("secret")];
  const tools = [{ type: "function", function: { name: "secret" } }] as const;
  try {
    fitContext(messages, { budgetTokens: 200, request: { tools } });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ContextLengthError);
    expect(error).toMatchObject({ maxTokens: 200, requestedTokens: 314, code: "context_length" });
    expect((error as Error).message).toBe(
      "What must stay of the conversation is about 314 tokens, more than the 200 there are. The largest: messages[10] (user, about 214), messages[0] (system, about 34), messages[9] (user, about 34), tools (about 23).",
    );
  }
});

test("a result that was shortened, and is still too much, has no place to be named by", () => {
  const messages = [user(""), assistant("", { tool_calls: [callOf("a")] }), result("a", LONG.repeat(9))];
  const strategies = [compactToolResults({ keepLast: 0 })];
  expect(() => fitContext(messages, { budgetTokens: 20, strategies })).toThrow(
    "The largest: a shortened message (tool, about 72), messages[1] (assistant, about 15), messages[0] (user, about 4).",
  );
});

test("what is over 90 %, but cannot be shorter and fits, is sent as it is", () => {
  const messages = [system(LONG), user(LONG)];
  const fitted = fitContext(messages, { budgetTokens: 71 });
  expect(fitted.messages).toBe(messages);
  expect(fitted).toMatchObject({ applied: [], tokens: 71 });
});

test("a strategy of your own that breaks a rule is refused by its name", () => {
  const strategies = [{ name: "mine", shorten: () => [user("secret")] }];
  expect(() => fitContext(chatOf(9), { budgetTokens: 100, strategies })).toThrow(
    new InvalidOptionsError("context: the strategy mine left out or moved a message that must stay (system)."),
  );
});

test("a strategy that changes the list it was given is seen through, and changes nobody else's", () => {
  const messages = chatOf(9);
  const before = [...messages];
  const mine = (change: (given: ChatMessage[]) => void) => ({
    name: "mine",
    shorten(given: readonly ChatMessage[]) {
      change(given as ChatMessage[]);
      return given;
    },
  });
  const fitWith = (change: (given: ChatMessage[]) => void) =>
    fitContext(messages, { budgetTokens: 400, strategies: [mine(change)] });
  expect(fitWith((given) => given.splice(1, given.length - 2))).toMatchObject({ applied: ["mine"], tokens: 275 });
  expect(() => fitWith((given) => given.shift())).toThrow("the strategy mine left out or moved");
  expect(messages).toEqual(before);
});

test("a conversation that grew is not gone through again", () => {
  const shorten = vi.fn((messages: readonly ChatMessage[]) => [...messages.slice(0, 1), ...messages.slice(-3)]);
  const options = { budgetTokens: 400, strategies: [{ name: "mine", shorten }] };
  const messages = chatOf(20);
  const before = fitContext(messages, options);
  const cuts = shorten.mock.calls.length;
  messages.push(assistant("short"), user("short"));
  const after = fitContext(messages, options);
  expect(shorten).toHaveBeenCalledTimes(cuts);
  expect(after.messages.slice(0, before.messages.length)).toEqual(before.messages);
  // Another budget is another cut.
  fitContext(messages, { ...options, budgetTokens: 401 });
  expect(shorten).toHaveBeenCalledTimes(2 * cuts);
});

test("a question that was asked again in other words is part of what is cut, as if it had been there at once", () => {
  const options = { budgetTokens: 400, strategies: [dropOldest()] };
  const messages = chatOf(6);
  expect(fitContext(messages, options).applied).toEqual(["dropOldest"]);
  messages.push(user("or rather"), assistant(LONG), user(LONG));
  expect(fitContext(messages, options)).toEqual(fitContext(structuredClone(messages), options));
});

test("the same message may be said many times", () => {
  const goOn = user(LONG);
  const messages = Array.from({ length: 30 }, () => [goOn, assistant(LONG)]).flat();
  for (const length of [59, 31, 45, 13, 59, 3])
    expect(fitContext(messages.slice(0, length), { budgetTokens: 300 })).toEqual(
      fitContext(structuredClone(messages.slice(0, length)), { budgetTokens: 300 }),
    );
});

test("many conversations may begin with the same message, and each keeps its cut", () => {
  const shorten = vi.fn((messages: readonly ChatMessage[]) => [...messages.slice(0, 1), ...messages.slice(-1)]);
  const options = { budgetTokens: 200, strategies: [{ name: "mine", shorten }] };
  const rules = system(LONG);
  const chats = Array.from({ length: 20 }, () => [rules, ...chatOf(6).slice(1)]);
  for (const chat of chats) fitContext(chat, options);
  const cuts = shorten.mock.calls.length;
  for (const chat of chats) fitContext(chat, options);
  expect(shorten).toHaveBeenCalledTimes(cuts);
});

test.each([
  [{}, "budgetTokens must be a whole number from 1, got a value of type undefined."],
  [{ budgetTokens: 0 }, "budgetTokens must be a whole number from 1, got 0."],
  [{ budgetTokens: 1.5 }, "budgetTokens must be a whole number from 1, got 1.5."],
  [{ triggerAt: 0 }, "triggerAt must be a number above 0 and at most 1, got 0."],
  [{ triggerAt: 90 }, "triggerAt must be a number above 0 and at most 1, got 90."],
  [{ cutTo: Number.NaN }, "cutTo must be a number above 0 and at most 1, got NaN."],
  [{ cutTo: 0.95 }, "cutTo must be at most triggerAt (0.9), got 0.95."],
  [{ cutTo: 0.6, triggerAt: 0.5 }, "cutTo must be at most triggerAt (0.5), got 0.6."],
  [{ strategies: [] }, "strategies must be a list of strategies, as made by dropOldest()."],
  [{ strategies: [dropOldest] }, "strategies must be a list of strategies, as made by dropOldest()."],
  [{ strategies: dropOldest() }, "strategies must be a list of strategies, as made by dropOldest()."],
  [{ countTokens: 4 }, "countTokens must be a function."],
  [{ pin: [] }, "pin must be a function."],
  [{ budget: 1 }, "fitContext: unknown option budget. Did you mean budgetTokens?"],
])("%o is refused", (options, words) => {
  const given =
    "budgetTokens" in options || words.startsWith("budgetTokens") ? options : { budgetTokens: 9, ...options };
  expect(() => fitContext(chatOf(1), given as FitOptions)).toThrow(new InvalidOptionsError(words));
});

test("where the strategies could have done more, they are named, and not what must stay", () => {
  const long = [
    { role: "user", content: "one ".repeat(400) },
    { role: "assistant", content: "two ".repeat(400) },
    { role: "user", content: "three" },
  ] as const;
  const idle = { name: "idle", shorten: (messages: readonly ChatMessage[]) => messages };
  expect(() => fitContext(long, { budgetTokens: 100, strategies: [idle] })).toThrow(
    /^The strategies \(idle\) left about \d+ tokens/,
  );
  expect(() => fitContext(long.slice(0, 1), { budgetTokens: 100 })).toThrow(
    /^What must stay of the conversation is about/,
  );
});

test.each([[undefined], ["x"], [[3, null]], [[{}]]])("what is no list of messages is refused: %j", (messages) => {
  expect(() => fitContext(messages as never, { budgetTokens: 100 })).toThrow("fitContext: expected a list of messages");
});
