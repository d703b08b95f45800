import { expect, test } from "vitest";
import { reask } from "../../../src/structured/reask.ts";

const lines = (issues: Parameters<typeof reask>[1], raw = "x") => String(reask(raw, issues)[1]?.content).split("\n");

test("each issue is a line with its place", () => {
  const told = lines([
    { message: "expected a number", path: ["items", 2, { key: "price" }] },
    { message: "no\n object", path: [] },
    { message: "too few", path: [0] },
  ]);
  expect(told.slice(1, -1)).toEqual(["- items[2].price: expected a number", "- no object", "- [0]: too few"]);
});

test("a long list, a long issue and a long answer are cut, never within a character", () => {
  const issues = Array.from({ length: 25 }, () => ({ message: `${"x".repeat(299)}😀` }));
  const told = lines(issues);
  expect(told).toHaveLength(23);
  expect(told[1]).toBe(`- ${"x".repeat(299)}...`);
  expect(told[21]).toBe("- and 5 more");
  const [answer] = reask(`${"y".repeat(19_999)}😀 \n`, []);
  expect(answer).toEqual({ role: "assistant", content: "y".repeat(19_999) });
});

test("an answer that was empty is an empty text, never null", () => {
  expect(reask(" \n", [])[0]).toEqual({ role: "assistant", content: "" });
});
