import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../src/testing/seeded-random.ts";

const draws = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

test("a seed gives the numbers of mulberry32", () => {
  expect(draws(1, 3)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522]);
  expect(draws(0, 1)).toEqual([0.26642920868471265]);
});

test("the same seed repeats itself, another seed does not", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (one, other) => {
      expect(draws(one, 8)).toEqual(draws(one, 8));
      fc.pre(one !== other);
      expect(draws(one, 8)).not.toEqual(draws(other, 8));
    }),
  );
});

test("numbers lie in 0 up to but not including 1, and spread evenly", () => {
  const all = [1, 2, 3].flatMap((seed) => draws(seed, 10_000));
  expect(all.every((value) => value >= 0 && value < 1)).toBe(true);
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const share = all.filter((value) => Math.floor(value * 10) === tenth).length / all.length;
    expect(share).toBeGreaterThan(0.09);
    expect(share).toBeLessThan(0.11);
  }
});

test("two sources of one seed do not disturb each other", () => {
  const [one, other] = [seededRandom(5), seededRandom(5)];
  const interleaved = Array.from({ length: 4 }, () => [one(), other()]);
  expect(interleaved.map(([value]) => value)).toEqual(draws(5, 4));
  expect(interleaved.map(([, value]) => value)).toEqual(draws(5, 4));
});
