import { globSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRepetitionDetector, type RepetitionLimits } from "../../../src/chat/detect-repetition.ts";
import { seededRandom } from "../../../src/testing/index.ts";

const USUAL: RepetitionLimits = { afterChars: 2_000, repetitions: 10, maxPeriodChars: 2_000 };
const SMALL: RepetitionLimits = { afterChars: 160, repetitions: 4, maxPeriodChars: 60 };

/** How many characters it had read when it tripped; `undefined`: it never did. */
function tripsAt(pieces: Iterable<string>, limits = USUAL): number | undefined {
  const detector = createRepetitionDetector(limits);
  let read = 0;
  for (const piece of pieces) {
    read += piece.length;
    if (detector.add(piece)) return read;
  }
  return undefined;
}

/** By definition, in as many steps as it takes: of the text up to some place, whether its end is a loop. */
function isLoop(text: string, { afterChars, repetitions, maxPeriodChars }: RepetitionLimits): boolean {
  for (let period = 1; period <= maxPeriodChars; period += 1) {
    let length = period;
    while (length < text.length && text.at(-1 - length) === text.at(-1 - length + period)) length += 1;
    if (length <= text.length && length >= Math.max(afterChars, repetitions * period)) return true;
  }
  return false;
}

test.each([
  ["one character", "a", 1],
  ["three", "ha ", 3],
  ["a sentence", "I will now write the answer. ", 29],
  ["Chinese", "服务器繁忙，请稍后再试。", 12],
  ["emoji", "👩🏽‍🚀🚀", "👩🏽‍🚀🚀".length],
  ["a paragraph of 400 characters", randomText(400, 1), 400],
  ["a page of 2,000", randomText(2_000, 2), 2_000],
])("%s, said again and again behind an answer, trips with its period told", (_, period, periodChars) => {
  const detector = createRepetitionDetector(USUAL);
  detector.add(randomText(5_000, 3));
  expect(detector.add(period.repeat(9))).toBeUndefined();
  const found = detector.add(period.repeat(Math.ceil(2_500 / period.length) + 2));
  expect(found?.periodChars).toBe(periodChars);
  expect(found?.times).toBeGreaterThanOrEqual(10);
  expect(detector.add("something else")).toBe(found);
});

test("a longer text than maxPeriodChars may come again and again", () => {
  expect(tripsAt([randomText(2_001, 4).repeat(30)])).toBeUndefined();
  expect(tripsAt([randomText(2_001, 4).repeat(30)], { ...USUAL, maxPeriodChars: 2_001 })).toBeDefined();
});

test.each([
  ["a table of 40 rows, all of them empty", `| ${"  | ".repeat(8)}\n`.repeat(40)],
  ["the rule of a wide table", `|${" --- |".repeat(100)}`],
  ["a line of 400 dashes", "-".repeat(400)],
  ["ha ha ha, for a joke", "ha ".repeat(200)],
  ["forty equal lines of code", `    result.push(0); // the rest\n`.repeat(40)],
  ["1,900 zeros in base64", `iVBORw0KGgo${"A".repeat(1_900)}==`],
  ["a matrix of zeros, 25 by 25", `[${"0, ".repeat(25)}],\n`.repeat(25)],
  ["an array of 20 equal objects", `{"name":"a","price":1,"tags":["x","y"],"sold":false},`.repeat(20)],
  ["a list that counts", Array.from({ length: 2_000 }, (_, index) => `${index}. item\n`).join("")],
  [
    "closing brackets of every depth",
    Array.from({ length: 60 }, (_, depth) => `${" ".repeat(120 - depth)}}\n`).join(""),
  ],
])("%s, is no loop", (_, text) => {
  expect(tripsAt([randomText(3_000, 5), text, randomText(3_000, 6)])).toBeUndefined();
});

test("endless blank space trips, as in JSON mode without a word of JSON in the prompt", () => {
  expect(tripsAt([`{ "a": `, ..." \n\t".repeat(2_000)])).toBe(6 + 2_000);
});

test("other blanks between the same words make no difference", () => {
  const blanks = [" ", "  ", "\n", "\r\n", "\t", " \n\n ", "\u00a0", "\u3000"];
  const text = Array.from({ length: 300 }, (_, index) => `over and${blanks[index % 7]}out${blanks[index % 5]}`);
  expect(tripsAt(text)).toBeLessThan(4_000);
});

test("up to sixteen blanks of any kind count as one", () => {
  const random = seededRandom(7);
  const some = (most: number) =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => " \n\t"[Math.floor(random() * 3)]).join("");
  const said = (most: number) => Array.from({ length: 400 }, () => `over and out${some(most)}`);
  expect(tripsAt(said(16))).toBeDefined();
  expect(tripsAt(said(64))).toBeUndefined();
});

// Few letters, so that what nearly repeats comes often.
const loopy = fc
  .array(
    fc.tuple(
      fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 70 }),
      fc.integer({ min: 1, max: 60 }),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.map(([period, times]) => period.repeat(times)).join(""));

test("it trips exactly where the end is a loop by definition, however the text is cut", () => {
  const step = SMALL.afterChars / 8;
  fc.assert(
    fc.property(loopy, fc.infiniteStream(fc.integer({ min: 1, max: 90 })), (text, sizes) => {
      let expected: number | undefined;
      for (let at = step; at <= text.length && expected === undefined; at += step)
        if (isLoop(text.slice(0, at), SMALL)) expected = at;
      expect(tripsAt(text, SMALL)).toBe(expected);
      const at = tripsAt(cut(text, sizes), SMALL);
      if (expected === undefined) expect(at).toBeUndefined();
      // With the piece that brought the last character of it.
      else expect(at !== undefined && at >= expected && at < expected + 90).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test("a loop is found within its tenth repetition or 2,000 characters, and an eighth of these", () => {
  const period = fc.oneof(
    fc.string({ minLength: 1, maxLength: 30 }),
    fc.string({ minLength: 100, maxLength: 2_000 }),
    fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "\t"), minLength: 1, maxLength: 200 }),
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 9_000 }), period, (before, repeated) => {
      // Blanks count as one, or as a sixteenth where there is nothing else.
      const kept = Math.max(
        1 / 16,
        repeated.repeat(2).replace(/\s+/g, " ").length - repeated.replace(/\s+/g, " ").length,
      );
      const times = Math.ceil(Math.max(2_000, 10 * repeated.length) / kept) + Math.ceil(250 / kept) + 2;
      expect(tripsAt([before, repeated.repeat(times)])).toBeDefined();
    }),
    { numRuns: 300 },
  );
});

test("what a detector keeps is bounded, and looking costs about the same for each character", () => {
  const detector = createRepetitionDetector(USUAL);
  const worst = `${"a".repeat(1_999)}b`;
  const begunAt = performance.now();
  // Never a loop by these limits, and nearly one at each place.
  for (let index = 0; index < 500; index += 1) expect(detector.add(worst + String(index))).toBeUndefined();
  expect(performance.now() - begunAt).toBeLessThan(5_000);
});

test("nothing in this repository's own words and code is a loop", () => {
  const files = globSync(["*.md", "docs/**/*.md", "src/**/*.ts", "test/**/*.ts", "examples/**/*.ts", "*.json"]);
  expect(files.length).toBeGreaterThan(300);
  for (const file of files) expect([file, tripsAt([readFileSync(file, "utf8")])]).toEqual([file, undefined]);
});

function* cut(text: string, sizes: Iterable<number>): Iterable<string> {
  let at = 0;
  for (const size of sizes) {
    if (at >= text.length) return;
    yield text.slice(at, at + size);
    at += size;
  }
}

/** No period in it; the same for the same seed. */
function randomText(length: number, seed: number): string {
  const random = seededRandom(seed);
  return Array.from({ length }, () => "abcdefghijklmnopqrstuvwxyz"[Math.floor(random() * 26)]).join("");
}
