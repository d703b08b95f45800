import { expect, test } from "vitest";
import { deepseekModel } from "../../../src/providers/deepseek-models.ts";

test.each([
  ["deepseek-flash", 1_048_576, true],
  ["deepseek-v4-flash", 1_048_576, true],
  ["deepseek-v4-pro", 1_048_576, false],
])("%s has a window of %i tokens; images: %o", (model, window, images) => {
  expect(deepseekModel(model)).toEqual({ window, images });
});

test.each(["deepseek-chat", "deepseek-v9", "", "constructor", "__proto__"])("nothing is known of %o", (model) => {
  expect(deepseekModel(model)).toBeUndefined();
});
