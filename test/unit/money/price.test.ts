import fc from "fast-check";
import { expect, test } from "vitest";
import { costOf, PICODOLLARS, toPicodollars, toUsd } from "../../../src/money/price.ts";
import { deepseekPrice } from "../../../src/providers/deepseek-models.ts";

const OFF_PEAK = Date.parse("2026-11-26T12:00:00Z");
const PEAK = Date.parse("2026-11-26T02:00:00Z");

function cost(model: string, at: number, promptTokens: number, cachedTokens: number, completionTokens: number) {
  const price = deepseekPrice(model, at);
  return price && toUsd(costOf({ promptTokens, cachedTokens, completionTokens }, price) ?? Number.NaN);
}

test.each([
  // A million of each: the table itself.
  ["deepseek-flash", OFF_PEAK, 1e6, 0, 0, 0.15],
  ["deepseek-flash", OFF_PEAK, 1e6, 1e6, 0, 0.003],
  ["deepseek-flash", OFF_PEAK, 0, 0, 1e6, 0.6],
  ["deepseek-flash", PEAK, 1e6, 0, 0, 0.3],
  ["deepseek-flash", PEAK, 1e6, 1e6, 0, 0.006],
  ["deepseek-flash", PEAK, 0, 0, 1e6, 1.2],
  ["deepseek-v4-pro", OFF_PEAK, 1e6, 0, 0, 0.66],
  ["deepseek-v4-pro", OFF_PEAK, 1e6, 1e6, 0, 0.022],
  ["deepseek-v4-pro", OFF_PEAK, 0, 0, 1e6, 1.98],
  ["deepseek-v4-pro", PEAK, 1e6, 0, 0, 1.32],
  ["deepseek-v4-pro", PEAK, 1e6, 1e6, 0, 0.044],
  ["deepseek-v4-pro", PEAK, 0, 0, 1e6, 3.96],
  // 1,000 of which 400 are cached, 50 generated: 600 * 0.15 + 400 * 0.003 + 50 * 0.6 = 121.2 dollars for a million of them.
  ["deepseek-flash", OFF_PEAK, 1_000, 400, 50, 0.000_121_2],
  ["deepseek-v4-flash", OFF_PEAK, 1_000, 400, 50, 0.000_121_2],
  ["deepseek-v4-flash-vision-exp", PEAK, 1_000, 400, 50, 0.000_242_4],
  ["deepseek-flash", OFF_PEAK, 1, 1, 0, 0.000_000_003],
  ["deepseek-flash", OFF_PEAK, 0, 0, 0, 0],
])(
  "%s at %i: %i prompt tokens, %i of them cached, and %i generated cost %f dollars",
  (model, at, prompt, cached, made, usd) => {
    expect(cost(model, at, prompt, cached, made)).toBe(usd);
  },
);

test("more cached tokens than the prompt had count as the whole prompt", () => {
  expect(cost("deepseek-flash", OFF_PEAK, 100, 1_000_000, 0)).toBe(cost("deepseek-flash", OFF_PEAK, 100, 100, 0));
});

test("without a price of its own a cached token costs what any other does", () => {
  const price = { promptUsd: 2, completionUsd: 3 };
  expect(costOf({ promptTokens: 10, cachedTokens: 9, completionTokens: 1 }, price)).toBe(23_000_000);
});

test("a price that is none gives no cost, rather than one that is no number", () => {
  const tokens = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 };
  for (const promptUsd of [Number.NaN, Number.POSITIVE_INFINITY, -5]) {
    expect(costOf(tokens, { promptUsd, completionUsd: 0 })).toBeUndefined();
  }
});

test("an amount is the same after it was dollars, up to two thousand of them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_000 * PICODOLLARS }), (amount) => {
      expect(toPicodollars(toUsd(amount))).toBe(amount);
    }),
    { numRuns: 2_000 },
  );
});
