import { expect, test } from "vitest";
import { type FlushOptions, planFlush } from "../../../src/context/plan-flush.ts";
import { compactToolResults, dropOldest, newChat } from "../../../src/context/strategies.ts";
import { ContextLengthError, InvalidOptionsError } from "../../../src/error-family.ts";
import { assistant, calls, LONG, result, system, user } from "../../support/conversation.ts";

// 34 tokens each, 3 for the request: 207.
const messages = [system(LONG), user(LONG), assistant(LONG), user(LONG), assistant(LONG), user(LONG)];

test("it tells what would go, from where on the cache is lost, and how much would be read anew", () => {
  const plan = planFlush(messages, { budgetTokens: 250, strategies: [dropOldest()] });
  expect(plan).toEqual({
    messages: [messages[0], messages[3], messages[4], messages[5]],
    gone: [
      { index: 1, role: "user", tokens: 34 },
      { index: 2, role: "assistant", tokens: 34 },
    ],
    tokensBefore: 207,
    tokensAfter: 139,
    tokensCached: 37,
    tokensUncached: 102,
  });
});

test("what is shortened is gone as well, by its place, with what it weighed", () => {
  const chat = [user("a"), calls("1"), result("1", LONG.repeat(9)), user("b")];
  const strategies = [compactToolResults({ keepLast: 0 })];
  const { gone, messages: short, tokensBefore, tokensAfter } = planFlush(chat, { budgetTokens: 200, strategies });
  expect(gone).toEqual([{ index: 2, role: "tool", tokens: 274 }]);
  expect(short[2]).toMatchObject({ content: `${LONG}${LONG} [700 characters removed]` });
  expect(tokensBefore - tokensAfter).toBe(274 - 72);
});

test("a conversation that is short enough stays as it is: nothing goes, and nothing is read anew", () => {
  const price = { promptUsd: 1, cachedUsd: 0.1 };
  const plan = planFlush(messages, { budgetTokens: 1_000, price });
  expect(plan.messages).toBe(messages);
  expect(plan).toMatchObject({ gone: [], tokensBefore: 207, tokensAfter: 207, tokensCached: 207, tokensUncached: 0 });
  expect(plan.costUsd).toEqual({ once: 0, savedEachTurn: 0 });
});

test("the money is what is read anew, beyond the price of the cache, and what each later request is shorter by", () => {
  const price = { promptUsd: 0.15, cachedUsd: 0.003 };
  const { costUsd } = planFlush(messages, { budgetTokens: 250, strategies: [dropOldest()], price });
  expect(costUsd?.once).toBeCloseTo((102 * (0.15 - 0.003)) / 1e6, 12);
  expect(costUsd?.savedEachTurn).toBeCloseTo((68 * 0.003) / 1e6, 12);
});

test("it is done now, however full it is, and nothing is changed", () => {
  const before = structuredClone(messages);
  const { messages: short } = planFlush(messages, { budgetTokens: 1_000_000, cutTo: 0.000_1, strategies: [newChat()] });
  expect(short).toEqual([messages[0], messages[5]]);
  expect(messages).toEqual(before);
  expect(planFlush(messages, { budgetTokens: 206, cutTo: 1, strategies: [dropOldest()] }).tokensAfter).toBe(139);
});

test("tools are part of what the cache knows", () => {
  const tools = [{ type: "function", function: { name: "look" } }] as const;
  const plan = planFlush(messages, { budgetTokens: 250, strategies: [dropOldest()], request: { tools } });
  expect(plan).toMatchObject({ tokensBefore: 229, tokensAfter: 93, tokensCached: 59, tokensUncached: 34 });
});

test("what must stay and does not fit is an error, as in fitContext", () => {
  expect(() => planFlush(messages, { budgetTokens: 60 })).toThrow(ContextLengthError);
});

test.each([
  [{}, "budgetTokens must be a whole number from 1, got a value of type undefined."],
  [{ budgetTokens: -5 }, "budgetTokens must be a whole number from 1, got -5."],
  [{ budgetTokens: 9, cutTo: 2 }, "cutTo must be a number above 0 and at most 1, got 2."],
  [
    { budgetTokens: 9, price: { promptUsd: 1 } },
    "price.cachedUsd must be US dollars from 0, got a value of type undefined.",
  ],
  [{ budgetTokens: 9, price: { promptUsd: -1, cachedUsd: 0 } }, "price.promptUsd must be US dollars from 0, got -1."],
  [{ budgetTokens: 9, prise: 1 }, "planFlush: unknown option prise."],
])("%o is refused", (options, words) => {
  expect(() => planFlush(messages, options as FlushOptions)).toThrow(InvalidOptionsError);
  expect(() => planFlush(messages, options as FlushOptions)).toThrow(words);
});
