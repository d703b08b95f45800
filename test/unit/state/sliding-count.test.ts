import fc from "fast-check";
import { expect, test } from "vitest";
import { SlidingCount } from "../../../src/state/sliding-count.ts";

test("it holds all of the window and at most one bucket more, or what is in the window for certain", () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat({ max: 400 }), by: fc.integer({ min: 1, max: 3 }) }));
  fc.assert(
    fc.property(steps, fc.nat({ max: 1_500 }), fc.integer({ min: 1, max: 20 }), (times, restMs, buckets) => {
      const count = new SlidingCount(1_000, buckets);
      const seen: { at: number; by: number }[] = [];
      let now = 1_000_000;
      for (const { afterMs, by } of [...times, { afterMs: restMs, by: 0 }]) {
        now += afterMs;
        count.add(now, by);
        seen.push({ at: now, by });
        const since = (ms: number) => seen.filter(({ at }) => now - at < ms).reduce((sum, one) => sum + one.by, 0);
        expect(count.overlapping(now)).toBeGreaterThanOrEqual(since(1_000));
        expect(count.overlapping(now)).toBeLessThanOrEqual(since(1_000 + 1_000 / buckets));
        expect(count.within(now)).toBeLessThanOrEqual(since(1_000));
        expect(count.within(now)).toBeGreaterThanOrEqual(since(1_000 - 1_000 / buckets));
      }
    }),
  );
});

test("what will be left later is what is left then, if nothing more happens", () => {
  const count = new SlidingCount(1_000, 10);
  for (const at of [10_000, 10_250, 10_990]) count.add(at);
  const foretold = [0, 1, 2, 3, 4, 8, 9, 10, 11, 12].map((later) => ({
    at: count.beginning(10_990, later),
    overlapping: count.overlapping(10_990, later),
    within: count.within(10_990, later),
  }));
  for (const { at, overlapping, within } of foretold.slice(1)) {
    expect({ at, overlapping: count.overlapping(at), within: count.within(at) }).toEqual({ at, overlapping, within });
  }
  expect(foretold.at(-1)).toMatchObject({ at: 12_100, overlapping: 0 });
});

test("what is taken back is taken from its own time, or not at all when that is over", () => {
  const count = new SlidingCount(1_000, 10);
  count.add(10_000);
  count.add(10_500);
  count.add(10_900, -1, 10_000);
  expect([count.overlapping(10_900), count.overlapping(11_100)]).toEqual([1, 1]);
  count.add(11_200, -1, 10_000);
  expect(count.overlapping(11_200)).toBe(1);
  count.clear();
  expect(count.overlapping(11_200)).toBe(0);
});
