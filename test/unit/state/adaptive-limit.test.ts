import fc from "fast-check";
import { expect, test } from "vitest";
import { AdaptiveLimit } from "../../../src/state/adaptive-limit.ts";

const settings = { initial: 20, max: 30, decrease: 0.9, windowMs: 1_000, namedForMs: 10_000 };
const make = (options: Partial<typeof settings> = {}) => new AdaptiveLimit({ ...settings, ...options });
/** Behind its first complaint, an old one. */
const makeSlow = (options: Partial<typeof settings> = {}) => {
  const limit = make(options);
  limit.complained(0, limit.generation - 1);
  return limit;
};

test("until the first complaint it grows with every answer that came while all of it was in use", () => {
  const limit = make();
  limit.succeeded(0);
  expect(limit.value).toBe(20);
  for (let count = 0; count < 15; count += 1) {
    limit.reached(0);
    limit.succeeded(0);
  }
  expect(limit.value).toBe(30);
  limit.complained(0, limit.generation);
  limit.reached(0);
  limit.succeeded(999);
  expect(limit.value).toBe(27);
});

test("it grows by one after a window in which all of it was used without a complaint", () => {
  const limit = makeSlow();
  limit.succeeded(5_000);
  expect(limit.value).toBe(20);
  limit.reached(5_000);
  limit.succeeded(5_999);
  expect(limit.value).toBe(20);
  limit.succeeded(6_000);
  expect(limit.value).toBe(21);
  limit.succeeded(9_000);
  expect(limit.value).toBe(21);
  for (let now = 10_000; now < 40_000; now += 1_000) {
    limit.reached(now);
    limit.succeeded(now + 1_000);
  }
  expect(limit.value).toBe(30);
});

test("a complaint begins the window anew", () => {
  const limit = make();
  limit.reached(0);
  limit.complained(900, limit.generation - 1);
  limit.succeeded(1_100);
  limit.reached(1_100);
  limit.succeeded(2_000);
  expect(limit.value).toBe(20);
  limit.succeeded(2_100);
  expect(limit.value).toBe(21);
});

test("a complaint leaves nine tenths, at most once a second, and only about what was sent after the last one", () => {
  const limit = make();
  const sentBefore = limit.generation;
  limit.complained(0, sentBefore);
  expect(limit.value).toBe(18);
  limit.complained(5_000, sentBefore);
  expect(limit.value).toBe(18);
  limit.complained(5_000, limit.generation);
  expect(limit.value).toBe(16);
  limit.complained(5_999, limit.generation);
  expect(limit.value).toBe(16);
  limit.complained(6_000, limit.generation);
  expect(limit.value).toBe(14);
});

test("it never falls below one", () => {
  const limit = make();
  for (let now = 0; now < 60_000; now += 1_000) limit.complained(now, limit.generation);
  expect(limit.value).toBe(1);
  limit.reached(60_000);
  limit.succeeded(61_000);
  expect(limit.value).toBe(2);
});

test("a limit the server names is taken at once, and not tried beyond until it may have changed", () => {
  const limit = make();
  limit.complained(0, limit.generation, 8);
  expect(limit.value).toBe(8);
  limit.complained(1, limit.generation, 5.7);
  expect(limit.value).toBe(5);
  for (let now = 2_000; now < 12_000; now += 1_000) {
    limit.reached(now - 1_000);
    limit.succeeded(now);
  }
  expect(limit.value).toBe(6);
});

test("a named limit above ours is no reason to allow more: others use the account, too", () => {
  const limit = make({ initial: 10 });
  limit.complained(0, limit.generation, 25);
  expect(limit.value).toBe(9);
});

test.each([0, -3, Number.NaN, Number.POSITIVE_INFINITY])("%s is no limit anybody could mean", (named) => {
  const limit = make();
  limit.complained(0, limit.generation, named);
  expect(limit.value).toBe(18);
});

test("of two named limits, that one holds that was said later; but no larger one hides a smaller one", () => {
  const limit = make();
  expect(limit.name(0, 10, 5_000)).toBe(true);
  expect(limit.name(0, 11, 4_000)).toBe(false);
  expect(limit.name(0, 12, 6_000)).toBe(false);
  expect(limit.value).toBe(10);
  limit.reached(0);
  limit.succeeded(1_000);
  expect(limit.value).toBe(11);
  expect(limit.name(0, 1e300, 86_400_000)).toBe(false);
  limit.complained(2_000, limit.generation, 3);
  expect(limit.value).toBe(3);
  expect(limit.namedAt(2_000)).toMatchObject({ atMost: 3 });
});

test("beyond a named limit it does not grow", () => {
  const limit = make();
  expect(limit.name(0, 11, 6_000)).toBe(true);
  limit.reached(0);
  limit.succeeded(1_000);
  expect(limit.value).toBe(11);
});

test("whatever it is told, it stays between one and the most allowed, and changes by one step a second at most", () => {
  const step = fc.record({
    afterMs: fc.nat({ max: 700 }),
    what: fc.constantFrom("reached", "succeeded", "complained", "old", "named"),
    named: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const limit = makeSlow();
      let now = 0;
      const raised: number[] = [];
      for (const { afterMs, what, named } of steps) {
        now += afterMs;
        const before = limit.value;
        if (what === "reached") limit.reached(now);
        else if (what === "succeeded") limit.succeeded(now);
        else limit.complained(now, limit.generation - (what === "old" ? 1 : 0), what === "named" ? named : undefined);
        expect(limit.value).toBeGreaterThanOrEqual(1);
        expect(limit.value).toBeLessThanOrEqual(30);
        expect(Number.isInteger(limit.value)).toBe(true);
        if (limit.value > before) {
          expect(limit.value).toBe(before + 1);
          raised.push(now);
        }
        if (what === "named") expect(limit.value).toBeLessThanOrEqual(Math.max(named, before));
      }
      for (const [index, at] of raised.entries())
        expect(at - (raised[index - 1] ?? -1_000)).toBeGreaterThanOrEqual(1_000);
    }),
  );
});
