import fc from "fast-check";
import { expect, test } from "vitest";
import { CostSum } from "../../../src/money/cost-sum.ts";
import { costOf, toUsd } from "../../../src/money/price.ts";
import type { AttemptReport } from "../../../src/report.ts";
import { attemptReport } from "../../support/attempt-report.ts";

function sum(...attempts: Partial<AttemptReport>[]) {
  const costs = new CostSum();
  for (const each of attempts) costs.add(attemptReport(each));
  return costs.report;
}

test("costs are useful or wasted, as their attempts are", () => {
  expect(sum({ costUsd: 0.1 }, { costUsd: 0.2 }, { costUsd: 0.7, wasted: true })).toEqual({
    useful: 0.3,
    wasted: 0.7,
    estimated: false,
  });
});

test("nothing with a known cost has no sum; what is free has one", () => {
  expect(sum()).toBeUndefined();
  expect(sum({}, { headMs: 5 })).toBeUndefined();
  expect(sum({ costUsd: 0 })).toEqual({ useful: 0, wasted: 0, estimated: false });
});

test("a sum is an estimate with an estimated part, or one that generated something of which no price is known", () => {
  expect(sum({ costUsd: 1, estimated: true })?.estimated).toBe(true);
  expect(sum({ costUsd: 1 }, { headMs: 5 })?.estimated).toBe(true);
  expect(sum({ costUsd: 1 }, { outcome: "failed" })?.estimated).toBe(false);
});

const PRICES = [
  { promptUsd: 0.15, cachedUsd: 0.003, completionUsd: 0.6 },
  { promptUsd: 0.66, cachedUsd: 0.022, completionUsd: 1.98 },
  { promptUsd: 1.32, cachedUsd: 0.044, completionUsd: 3.96 },
];
/** The same in thousandths of a dollar for a million tokens: whole numbers. */
const RATIONAL = PRICES.map(({ promptUsd, cachedUsd, completionUsd }) =>
  [promptUsd, cachedUsd, completionUsd].map((usd) => BigInt(Math.round(usd * 1_000))),
);

test("any mix of attempts adds up to what whole-number arithmetic says, to the last picodollar", () => {
  const one = fc.record({
    host: fc.integer({ min: 0, max: 2 }),
    prompt: fc.integer({ min: 0, max: 1_048_576 }),
    cachedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    made: fc.integer({ min: 0, max: 393_216 }),
    wasted: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 300 }), (attempts) => {
      const costs = new CostSum();
      const exact = { useful: 0n, wasted: 0n };
      for (const { host, prompt, cachedShare, made, wasted } of attempts) {
        const cached = Math.floor(prompt * cachedShare);
        const price = PRICES[host] as (typeof PRICES)[number];
        const amount = costOf({ promptTokens: prompt, cachedTokens: cached, completionTokens: made }, price) ?? 0;
        costs.add(attemptReport({ costUsd: toUsd(amount), wasted }));
        const [p = 0n, c = 0n, o = 0n] = RATIONAL[host] ?? [];
        // Thousandths of a dollar for a million are thousands of picodollars for one.
        const real = (BigInt(prompt - cached) * p + BigInt(cached) * c + BigInt(made) * o) * 1_000n;
        exact[wasted ? "wasted" : "useful"] += real;
      }
      const { useful, wasted } = costs.report ?? {};
      expect([useful, wasted]).toEqual([toUsd(exact.useful), toUsd(exact.wasted)]);
    }),
  );
});

test("a million additions do not drift, where plain ones do", () => {
  const costs = new CostSum();
  let naive = 0;
  let exact = 0n;
  for (let call = 0; call < 1_000_000; call += 1) {
    const tokens = {
      promptTokens: 900 + (call % 211),
      cachedTokens: call % 7 ? 640 : 0,
      completionTokens: call % 1_009,
    };
    const amount = costOf(tokens, PRICES[0] as (typeof PRICES)[number]) ?? 0;
    const usd = toUsd(amount);
    costs.add(attemptReport({ costUsd: usd }));
    naive += usd;
    exact +=
      1_000n *
      (150n * BigInt(tokens.promptTokens - tokens.cachedTokens) +
        3n * BigInt(tokens.cachedTokens) +
        600n * BigInt(tokens.completionTokens));
  }
  expect(costs.report?.useful).toBe(Number(exact) / 1e12);
  expect(naive).not.toBe(Number(exact) / 1e12);
});

test("sums beyond what a number holds exactly stay exact", () => {
  const costs = new CostSum();
  for (let index = 0; index < 10_000; index += 1) costs.add(attemptReport({ costUsd: 999.999_999_999_999 }));
  costs.add(attemptReport({ costUsd: 0.000_000_01 }));
  expect(costs.report?.useful).toBe(10_000_000);
});
