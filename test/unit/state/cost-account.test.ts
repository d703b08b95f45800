import fc from "fast-check";
import { expect, test } from "vitest";
import { toPicodollars } from "../../../src/money/price.ts";
import { createCostAccount } from "../../../src/state/cost-account.ts";

const usd = toPicodollars;
const HOUR = 3_600_000;

test("what is held counts like what was spent, and is replaced by what it came to", () => {
  const account = createCostAccount(1, Number.POSITIVE_INFINITY);
  const line = account.open(usd(0.4));
  expect(account.total(0)).toBe(usd(0.4));
  line.hold(usd(0.6));
  expect(account.total(0)).toBe(usd(0.6));
  line.settle(usd(0.1), 0);
  line.settle(usd(0.9), 0);
  line.hold(usd(5));
  expect(account.total(1e12)).toBe(usd(0.1));
});

test("a window forgets what was spent before it, a little late and never early", () => {
  const account = createCostAccount(1, HOUR);
  account.open(0).settle(usd(0.7), 5_000);
  expect(account.total(5_000 + HOUR)).toBe(usd(0.7));
  expect(account.total(5_000 + HOUR + HOUR / 60)).toBe(0);
});

test("it tells when an amount will fit, and then it does", () => {
  const account = createCostAccount(1, HOUR);
  account.open(0).settle(usd(0.7), 0);
  account.open(0).settle(usd(0.3), HOUR / 2);
  const at = account.fitsAt(usd(0.5), HOUR / 2) ?? Number.NaN;
  expect(at).toBeLessThanOrEqual(HOUR + HOUR / 60);
  expect(account.total(at - 1) + usd(0.5)).toBeGreaterThan(account.max);
  expect(account.total(at) + usd(0.5)).toBeLessThanOrEqual(account.max);
});

test("what never fits, or only when others end, has no time", () => {
  const account = createCostAccount(1, HOUR);
  expect(account.fitsAt(usd(1.1), 0)).toBeUndefined();
  account.open(usd(0.9));
  expect(account.fitsAt(usd(0.2), 0)).toBeUndefined();
  expect(createCostAccount(1, Number.POSITIVE_INFINITY).fitsAt(1, 0)).toBeUndefined();
});

test("whoever asks before spending never spends more than the limit in any window", () => {
  const step = fc.record({ afterMs: fc.integer({ min: 0, max: HOUR / 3 }), amount: fc.integer({ min: 1, max: 600 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const account = createCostAccount(1_000 / 1e12, HOUR);
      const spent: { at: number; amount: number }[] = [];
      let now = 0;
      for (const { afterMs, amount } of steps) {
        now += afterMs;
        if (account.total(now) + amount > account.max) continue;
        account.open(amount).settle(amount, now);
        spent.push({ at: now, amount });
      }
      for (const { at } of spent) {
        const within = spent.filter((each) => each.at > at - HOUR && each.at <= at);
        expect(within.reduce((sum, each) => sum + each.amount, 0)).toBeLessThanOrEqual(1_000);
      }
    }),
  );
});
