import { expect, test } from "vitest";
import { promptBudget } from "../../../src/conversation/token-budget.ts";
import { InvalidOptionsError } from "../../../src/index.ts";

const WINDOW = 1_048_576;
const model = "deepseek-flash";
const disabled = { type: "disabled" } as const;

test.each([
  ["thinking", { model }, WINDOW * 0.98 - 65_536],
  ["not thinking", { model, thinking: disabled }, WINDOW * 0.98 - 8_192],
  ["not thinking, said by the effort", { model, reasoning_effort: "none" }, WINDOW * 0.98 - 8_192],
  ["thinking long", { model, reasoning_effort: "max" }, WINDOW * 0.98 - 131_072],
  ["an answer of a given length", { model, max_tokens: 1_000 }, WINDOW * 0.98 - 1_000],
  ["no length given", { model, max_tokens: null, thinking: disabled }, WINDOW * 0.98 - 8_192],
  ["a small window", { model: "any", context: { windowTokens: 8_000 } }, 8_000 * 0.98 - 2_000],
  ["a long answer in a small window", { model, max_tokens: 4_000, context: { windowTokens: 8_000 } }, 3_840],
])("what a prompt may have: %s", (_, options, budget) => {
  expect(promptBudget(options)).toBe(Math.floor(budget));
});

test("no limit is known of a model nobody knows, and none is kept without a context", () => {
  expect(promptBudget({ model: "own-model" })).toBeUndefined();
  expect(promptBudget({ model, context: false })).toBeUndefined();
});

test("an answer that may fill the window is refused", () => {
  const asked = () => promptBudget({ model, max_tokens: 8_000, context: { windowTokens: 8_000 } });
  expect(asked).toThrow(InvalidOptionsError);
  expect(asked).toThrow(/max_tokens \(8000\).*8000 tokens/);
});
