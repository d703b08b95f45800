import fc from "fast-check";
import { expect, test } from "vitest";
import { createTokenCorrection } from "../../../src/context/token-correction.ts";

test("until something was learned, the estimate is taken as it is", () => {
  expect(createTokenCorrection().factor).toBe(1);
});

test("the first count is taken whole, each later one to the half", () => {
  const correction = createTokenCorrection();
  correction.learn(1_000, 800);
  expect(correction.factor).toBe(0.8);
  correction.learn(1_000, 1_200);
  expect(correction.factor).toBeCloseTo(1);
  correction.learn(500, 750);
  expect(correction.factor).toBeCloseTo(1.25);
});

const { NaN: none, POSITIVE_INFINITY: endless } = Number;

test.each([
  [1_000, none],
  [none, 1_000],
  [1_000, endless],
  [endless, 1_000],
  [endless, endless],
  [1_000, 0],
  [0, 1_000],
  [0, 0],
  [-1_000, -1_000],
  [1_000, -1_000],
  [1_000, 199],
  [1_000, 5_001],
])("nothing is learned from an estimate of %d and a count of %d", (estimated, real) => {
  const correction = createTokenCorrection();
  correction.learn(estimated, real);
  expect(correction.factor).toBe(1);
  correction.learn(1_000, 700);
  correction.learn(estimated, real);
  expect(correction.factor).toBe(0.7);
});

test("a short prompt tells nothing: most of it is the template around it", () => {
  const correction = createTokenCorrection();
  correction.learn(30, 110);
  expect(correction.factor).toBe(1);
});

test("what was learned can be handed on", () => {
  const correction = createTokenCorrection();
  correction.learn(1_000, 1_500);
  const copy = createTokenCorrection(correction);
  copy.learn(1_000, 1_000);
  expect([correction.factor, copy.factor]).toEqual([1.5, 1.25]);
});

test("the ends of what can be are learned from", () => {
  for (const real of [200, 5_000]) {
    const correction = createTokenCorrection();
    correction.learn(1_000, real);
    expect(correction.factor).toBe(real / 1_000);
  }
});

test("the factor never leaves the range of what was learned", () => {
  const ratios = fc.array(fc.double({ min: 0.2, max: 5, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(ratios, (learned) => {
      const correction = createTokenCorrection();
      for (const ratio of learned) correction.learn(1_000, 1_000 * ratio);
      expect(correction.factor).toBeGreaterThanOrEqual(Math.min(...learned) * (1 - 1e-12));
      expect(correction.factor).toBeLessThanOrEqual(Math.max(...learned) * (1 + 1e-12));
    }),
  );
});

// Whether an estimate is within 10 % of `prompt_tokens` can only be seen with requests and their counts at hand, and there are
// none here. What follows is arithmetic. Each script has a ratio of its own between count and estimate; the ratio of a prompt is
// their mean, by the share each script has of it. So it moves only as the shares do, and the factor is a mean of earlier ones.
// For the ratios: DeepSeek's V3 tokenizer, as others publish it, has 0.87 to 0.91 for English Markdown, Chinese, TypeScript and
// JSON, the recordings 0.71 to 1.06 for answers; but 1.8 for log lines full of ids.
// Not proven: that the shares of a user's conversation move so little, and that a count has no constant part. It has one: with
// thinking DeepSeek adds some 80 tokens to any prompt, and as long as prompts are short, the ratio falls with each of them.

/** Of the estimate, by script. */
const shares = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }).map((parts) => {
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => part / sum);
});
const sizes = fc.array(fc.integer({ min: 500, max: 1_000_000 }), { minLength: 4, maxLength: 4 });

/** How far the estimate of a fourth prompt is off, as a share of the count, after three were learned from. */
function errorOfFourth(ratios: readonly number[], mixes: readonly (readonly number[])[], estimates: readonly number[]) {
  const correction = createTokenCorrection();
  const counts = mixes.map((mix, turn) => {
    return (estimates[turn] ?? 0) * mix.reduce((sum, part, script) => sum + part * (ratios[script] ?? 0), 0);
  });
  for (let turn = 0; turn < 3; turn += 1) correction.learn(estimates[turn] ?? 0, counts[turn] ?? 0);
  return Math.abs(((estimates[3] ?? 0) * correction.factor) / (counts[3] ?? 0) - 1);
}

test.each([
  ["from a half to the double, and shares move by 3 points", 0.5, 2, 0.033],
  ["as DeepSeek's tokenizer has them for prose, Chinese and code, and shares move by 17 points", 0.7, 1.1, 0.17],
])("with ratios %s, the fourth prompt is within 10 %", (_, min, max, moved) => {
  const ratios = fc.array(fc.double({ min, max, noNaN: true }), { minLength: 3, maxLength: 3 });
  const movements = fc.array(shares, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(ratios, shares, movements, sizes, (ofScripts, base, toward, estimates) => {
      // Two of these differ by `moved` at most.
      const mixes = toward.map((mix) => base.map((part, at) => (1 - moved / 2) * part + (moved / 2) * (mix[at] ?? 0)));
      expect(errorOfFourth(ofScripts, mixes, estimates)).toBeLessThanOrEqual(0.1);
    }),
  );
});

test("one script alone is right from the second prompt on, whatever its ratio", () => {
  for (const ratio of [0.5, 0.73, 1, 1.8, 2]) {
    const correction = createTokenCorrection();
    correction.learn(1_000, 1_000 * ratio);
    expect(5_000 * correction.factor).toBeCloseTo(5_000 * ratio);
  }
});

test("a conversation that turns from one script to another is right again three prompts later", () => {
  const correction = createTokenCorrection();
  for (let turn = 0; turn < 3; turn += 1) correction.learn(1_000, 500);
  for (let turn = 0; turn < 3; turn += 1) correction.learn(1_000, 2_000);
  expect(Math.abs(correction.factor / 2 - 1)).toBeLessThanOrEqual(0.1);
});
