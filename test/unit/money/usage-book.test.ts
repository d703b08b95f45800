import { expect, test } from "vitest";
import { createUsageBook } from "../../../src/money/usage-book.ts";
import { attemptReport } from "../../support/attempt-report.ts";

const tokens = { promptTokens: 10, cachedTokens: 4, completionTokens: 5, reasoningTokens: 2 };

test("totals are kept for each model of each provider, and for all", () => {
  const book = createUsageBook(77);
  book.addCall([
    attemptReport({ tokens, costUsd: 0.25 }),
    attemptReport({ provider: "b", tokens, costUsd: 0.5, wasted: true }),
  ]);
  book.addCall([
    attemptReport({ tokens, costUsd: 0.25, estimated: true }),
    attemptReport({ model: "free", outcome: "failed" }),
  ]);
  book.addCall([]);
  const none = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
  const twice = { promptTokens: 20, cachedTokens: 8, completionTokens: 10, reasoningTokens: 4 };
  const thrice = { promptTokens: 30, cachedTokens: 12, completionTokens: 15, reasoningTokens: 6 };
  expect(book.usage()).toEqual({
    since: 77,
    total: { calls: 3, attempts: 4, tokens: thrice, costUsd: { useful: 0.5, wasted: 0.5, estimated: true } },
    models: [
      { provider: "a", model: "m", attempts: 2, tokens: twice, costUsd: { useful: 0.5, wasted: 0, estimated: true } },
      { provider: "b", model: "m", attempts: 1, tokens, costUsd: { useful: 0, wasted: 0.5, estimated: false } },
      { provider: "a", model: "free", attempts: 1, tokens: none },
    ],
  });
});

test("what was told is a frozen copy, which later calls do not change", () => {
  const book = createUsageBook(0);
  book.addCall([attemptReport({ tokens, costUsd: 1 })]);
  const told = book.usage();
  const before = JSON.stringify(told);
  book.addCall([attemptReport({ tokens, costUsd: 1 })]);
  expect(JSON.stringify(told)).toBe(before);
  for (const part of [told, told.total, told.total.tokens, told.total.costUsd, told.models, told.models[0]])
    expect(Object.isFrozen(part)).toBe(true);
});

test("ever new names of models take bounded memory, and nothing of them is lost", () => {
  const book = createUsageBook(0);
  for (let index = 0; index < 5_000; index += 1)
    book.addCall([attemptReport({ provider: index % 2 ? "a" : "b", model: `m${index}`, tokens, costUsd: 0.001 })]);
  const { models, total } = book.usage();
  expect(models.length).toBe(202);
  expect(models.slice(-2).map(({ provider, model, attempts }) => [provider, model, attempts])).toEqual([
    ["b", "(others)", 2_400],
    ["a", "(others)", 2_400],
  ]);
  expect(models.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(total.attempts);
  expect(total).toMatchObject({ calls: 5_000, attempts: 5_000, costUsd: { useful: 5 } });
});

test.each(["__proto__", "constructor", "toString", "a\nb"])("the model name %o is a name like any other", (model) => {
  const book = createUsageBook(0);
  book.addCall([attemptReport({ model }), attemptReport({ model, provider: "__proto__" })]);
  expect(book.usage().models.map((each) => [each.provider, each.model])).toEqual([
    ["a", model],
    ["__proto__", model],
  ]);
});
