import fc from "fast-check";
import { expect, test } from "vitest";
import { estimateTokens } from "../../../src/context/estimate-tokens.ts";

test("a Latin character is about 0.3 tokens, a Chinese or Japanese one or half of an emoji 0.6, and a part of one is one", () => {
  expect(estimateTokens("abcdefghij")).toBe(3);
  expect(estimateTokens("服务器繁忙请稍后再")).toBe(6);
  expect(estimateTokens("ひらがなカタカナ")).toBe(5);
  expect(estimateTokens("👍👍👍👍👍")).toBe(6);
  expect(estimateTokens("ab 服务")).toBe(3);
  expect(estimateTokens("")).toBe(0);
  expect(estimateTokens("a")).toBe(1);
});

test("the wide scripts begin with the radicals of Chinese; what stands before them is as cheap as Latin", () => {
  const ten = (code: number) => String.fromCharCode(code).repeat(10);
  expect(estimateTokens(ten(0x2e7f))).toBe(3);
  expect(estimateTokens(ten(0x2e80))).toBe(6);
  expect(estimateTokens(ten(0x416))).toBe(3);
});

test("two texts together are no more than each for itself, and at most one token less", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
      const [sum, whole] = [estimateTokens(one) + estimateTokens(other), estimateTokens(one + other)];
      expect(whole).toBeLessThanOrEqual(sum);
      expect(whole).toBeGreaterThanOrEqual(sum - 1);
    }),
  );
});
