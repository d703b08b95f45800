import fc from "fast-check";
import { expect, test } from "vitest";
import { decorrelated, exponential, schedule } from "../../../src/policies/backoff.ts";

const wait = (round: number, random = 0.5, previousMs = 0) => ({ round, previousMs, random: () => random });

test("exponential backoff doubles from 500 ms to 10 s when there is no jitter", () => {
  const backoff = exponential({ jitter: "none" });
  expect([1, 2, 3, 4, 5, 6, 7, 500].map((round) => backoff(wait(round)))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000,
  ]);
});

test("full jitter draws anything from nothing to the whole wait, equal jitter from half of it", () => {
  const full = exponential({ baseMs: 1_000, jitter: "full" });
  const equal = exponential({ baseMs: 1_000, jitter: "equal" });
  expect([full(wait(1, 0)), full(wait(1, 0.25)), full(wait(3, 0.999))]).toEqual([0, 250, 3_996]);
  expect([equal(wait(1, 0)), equal(wait(1, 0.5)), equal(wait(3, 0.999))]).toEqual([500, 750, 3_998]);
});

test("a schedule repeats its last entry and is up to a tenth longer than told, never shorter", () => {
  const backoff = schedule([5_000, 10_000, 30_000]);
  expect([1, 2, 3, 4, 99].map((round) => backoff(wait(round, 0)))).toEqual([5_000, 10_000, 30_000, 30_000, 30_000]);
  expect(backoff(wait(1, 0.999))).toBeCloseTo(5_499.5);
});

test("decorrelated jitter lies between the base and three times the wait before it", () => {
  const backoff = decorrelated({ baseMs: 100, maxMs: 1_000 });
  expect(backoff(wait(1, 0.9, 0))).toBe(100);
  expect(backoff(wait(2, 0.5, 100))).toBe(200);
  expect(backoff(wait(3, 0.999, 900))).toBe(1_000);
});

test("whatever the round and the draw, a wait is finite, not negative and within the maximum", () => {
  const rounds = fc.integer({ min: 1, max: 1e6 });
  const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(rounds, draws, fc.integer({ min: 0, max: 1e6 }), (round, random, previousMs) => {
      const none = exponential({ baseMs: 0, jitter: "none" });
      const strategies = [exponential(), exponential({ jitter: "equal" }), none, decorrelated(), schedule([0, 9_000])];
      for (const backoff of strategies) {
        const forMs = backoff(wait(round, random, previousMs));
        expect(forMs).toBeGreaterThanOrEqual(0);
        expect(forMs).toBeLessThanOrEqual(10_000);
      }
    }),
  );
});

test.each([
  [() => exponential({ baseMs: -1 }), "exponential: baseMs must be milliseconds from 0, got -1."],
  [() => exponential({ factor: 0.5 }), "exponential: factor must be a number from 1, got 0.5."],
  [() => exponential({ maxMs: Number.NaN }), "exponential: maxMs must be milliseconds from 0, got NaN."],
  [
    () => exponential({ jitter: "some" as "full" }),
    'exponential: jitter must be "full" or "equal" or "none", got a value of type string.',
  ],
  [() => exponential({ maxMS: 5 } as object), "exponential: unknown option maxMS. Did you mean maxMs?"],
  [() => exponential(null as unknown as object), "exponential: expected an object of options, got null."],
  [
    () => schedule([]),
    "schedule: the waits must be a list of at least one wait in milliseconds from 0, got an empty array.",
  ],
  [
    () => schedule([5_000, -1]),
    "schedule: the waits must be a list of at least one wait in milliseconds from 0, got an array.",
  ],
  [
    () => schedule(5_000 as unknown as number[]),
    "schedule: the waits must be a list of at least one wait in milliseconds from 0, got 5000.",
  ],
  [
    () => decorrelated({ maxMs: Number.POSITIVE_INFINITY }),
    "decorrelated: maxMs must be milliseconds from 0, got Infinity.",
  ],
])("options out of range are refused with the option's name: %#", (make, message) => {
  expect(make).toThrow(expect.objectContaining({ code: "invalid_options", message }));
});
