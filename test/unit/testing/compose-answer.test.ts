import fc from "fast-check";
import { expect, test } from "vitest";
import { composeAnswer, splitTokens } from "../../../src/testing/compose-answer.ts";

const SEEDS = Array.from({ length: 400 }, (_, seed) => seed);

test("the same seed composes the same answer, another seed another one", () => {
  expect(composeAnswer(7, 40, true)).toEqual(composeAnswer(7, 40, true));
  expect(composeAnswer(7, 40, true)).not.toEqual(composeAnswer(8, 40, true));
});

test("an answer has the shape of an opening with a number, sentences, and an end", () => {
  const { content, reasoning } = composeAnswer(3, 40, true);
  expect(content).toMatch(/^\p{Lu}[\p{L} ]+ \(\d{1,6}\): [\s\S]+that is all\.$/u);
  expect(reasoning).toMatch(/^Hmm \(\d{1,6}\): [\s\S]+that is all\.$/u);
});

test("without thinking there is no reasoning", () => {
  expect(composeAnswer(3, 40, false).reasoning).toBe("");
});

test("answers of many seeds differ in their first words, in content and in reasoning", () => {
  const answers = SEEDS.map((seed) => composeAnswer(seed, 40, true));
  expect(new Set(answers.map(({ content }) => content.slice(0, 24))).size).toBe(SEEDS.length);
  expect(new Set(answers.map(({ reasoning }) => reasoning.slice(0, 24))).size).toBe(SEEDS.length);
  expect(answers.every(({ content, reasoning }) => content !== reasoning)).toBe(true);
});

test("an answer is as long as asked for, up to one sentence more, and thinking a quarter of it", () => {
  for (const tokens of [20, 40, 300]) {
    for (const seed of SEEDS.slice(0, 50)) {
      const { content, reasoning } = composeAnswer(seed, tokens, true);
      const said = splitTokens(content).length;
      expect(said).toBeGreaterThanOrEqual(tokens);
      expect(said).toBeLessThan(tokens + 65);
      expect(splitTokens(reasoning).length).toBeGreaterThanOrEqual(tokens / 4);
    }
  }
});

test("the shortest answer is still a text with an end", () => {
  expect(composeAnswer(1, 0, false).content).toMatch(/^.+ \(\d+\): that is all\.$/);
});

test("long answers hold what breaks joins: repetition, tables, code, Chinese, accents and joined emoji", () => {
  const { content } = composeAnswer(1, 3_000, false);
  for (const piece of ["ha ha ha", "|---|---|", "```js\n", "服务器繁忙", "naïve façade", "👩🏽‍🚀", "𝒳 = 𝒴"]) {
    expect(content).toContain(piece);
  }
});

test("tokens joined are the text again, whatever the text is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      expect(splitTokens(text).join("")).toBe(text);
    }),
  );
});

test("lone surrogates survive the split", () => {
  expect(splitTokens("a\ud83d b").join("")).toBe("a\ud83d b");
});

test("a token is short, never empty, and never half a character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
      for (const token of splitTokens(text)) {
        const characters = [...token];
        expect(characters.length).toBeGreaterThan(0);
        expect(characters.length).toBeLessThanOrEqual(7);
        expect(token.isWellFormed()).toBe(true);
      }
    }),
  );
});

test("words are cut like a tokenizer would, with the space in front", () => {
  expect(splitTokens("Certainly (42): the queue\n\n| a |")).toEqual([
    ..."Certai,nly".split(","),
    ...[" ", "(", "42", ")", ":", " the", " queue", "\n", "\n", "|", " a", " ", "|"],
  ]);
  expect(splitTokens("")).toEqual([]);
});
