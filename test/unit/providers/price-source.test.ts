import { expect, test } from "vitest";
import { custom, deepseek, lmStudio, openaiCompatible, openrouter } from "../../../src/index.ts";

const NOW = Date.parse("2026-11-26T12:00:00Z");
const own = { promptUsd: 1, completionUsd: 2 };

test("each host has the price that is known of it", () => {
  expect(deepseek({ apiKey: "k" }).price("deepseek-flash", NOW)?.cachedUsd).toBe(0.003);
  expect(deepseek({ apiKey: "k" }).price("deepseek-v9", NOW)).toBeUndefined();
  expect(openrouter({ apiKey: "k" }).price("deepseek/deepseek-v4.1-flash", NOW)).toBeUndefined();
  expect(lmStudio({ model: "q" }).price("q", NOW)).toEqual({ promptUsd: 0, completionUsd: 0 });
  expect(openaiCompatible({ name: "lab", baseURL: "https://lab.example/v1" }).price("m", NOW)).toBeUndefined();
  expect(custom({ name: "faq", send: () => "yes" }).price("m", NOW)).toBeUndefined();
});

test("a price that was given counts for every model, at every time", () => {
  expect(deepseek({ apiKey: "k", price: own }).price("anything", 0)).toBe(own);
  expect(custom({ name: "faq", send: () => "yes", price: own }).price("m", NOW)).toBe(own);
});

test("only OpenRouter's own word is believed, and not over a price that was given", () => {
  expect(openrouter({ apiKey: "k" }).tellsCost).toBe(true);
  expect(openrouter({ apiKey: "k", price: own }).tellsCost).toBe(false);
  expect(openrouter({ apiKey: "k", price: () => undefined }).tellsCost).toBe(false);
  expect(openaiCompatible({ name: "lab", baseURL: "https://lab.example/v1" }).tellsCost).toBe(false);
  expect(deepseek({ apiKey: "k" }).tellsCost).toBeUndefined();
});

test("a function is asked by model and time, and where it gives no price the known one counts", () => {
  const asked: unknown[] = [];
  const price = (model: string, now: number) => {
    asked.push([model, now]);
    return model === "mine" ? own : undefined;
  };
  const provider = deepseek({ apiKey: "k", price });
  expect(provider.price("mine", 5)).toBe(own);
  expect(provider.price("deepseek-flash", NOW)?.promptUsd).toBe(0.15);
  expect(asked).toEqual([
    ["mine", 5],
    ["deepseek-flash", NOW],
  ]);
});

test.each([
  null,
  5,
  "free",
  {},
  { promptUsd: -1, completionUsd: 1 },
  { promptUsd: Number.NaN, completionUsd: 1 },
  { promptUsd: 1, completionUsd: Number.POSITIVE_INFINITY },
  { promptUsd: 1, cachedUsd: "0", completionUsd: 1 },
  Promise.resolve(own),
])("a function that gives %o, which is no price, knows none", (given) => {
  const price = (() => given) as never;
  expect(openaiCompatible({ name: "lab", baseURL: "https://lab.example/v1", price }).price("m", 0)).toBeUndefined();
});

test("a function that throws knows none", () => {
  const price = () => {
    throw new Error("no table");
  };
  expect(deepseek({ apiKey: "k", price }).price("deepseek-flash", NOW)?.promptUsd).toBe(0.15);
});

test.each([
  [{}, "deepseek: price must be a price with promptUsd and completionUsd, or a function that gives one"],
  [{ promptUsd: 1 }, "deepseek: price must be a price with promptUsd and completionUsd"],
  [{ promptUsd: -1, completionUsd: 1 }, "deepseek: price.promptUsd must be US dollars from 0 to 1,000,000, got -1."],
  [{ ...own, cachedUsd: 1e7 }, "deepseek: price.cachedUsd must be US dollars from 0 to 1,000,000"],
  [{ ...own, outputUsd: 1 }, "price: unknown option price.outputUsd"],
  [7, "deepseek: price"],
  [null, "deepseek: price"],
])("a price of %o is refused", (price, message) => {
  expect(() => deepseek({ apiKey: "k", price: price as never })).toThrow(message);
});
