import { expect, test } from "vitest";
import { deepseekModel, deepseekPrice } from "../../../src/providers/deepseek-models.ts";

test.each([
  ["deepseek-flash", 1_048_576, true],
  ["deepseek-v4-flash", 1_048_576, true],
  ["deepseek-v4-pro", 1_048_576, false],
])("%s has a window of %i tokens; images: %o", (model, window, images) => {
  expect(deepseekModel(model)).toMatchObject({ window, images });
});

test("prices double in peak hours, which holidays and weekends have none of", () => {
  const at = (date: string) => deepseekPrice("deepseek-flash", Date.parse(date));
  const low = { promptUsd: 0.15, cachedUsd: 0.003, completionUsd: 0.6 };
  const high = { promptUsd: 0.3, cachedUsd: 0.006, completionUsd: 1.2 };
  expect(at("2026-11-26T02:00:00Z")).toEqual(high);
  expect(at("2026-11-26T04:00:00Z")).toEqual(low);
  expect(at("2026-11-28T02:00:00Z")).toEqual(low);
  expect(at("2026-10-01T02:00:00Z")).toEqual(low);
  expect(deepseekPrice("deepseek-v9", 0)).toBeUndefined();
});

test.each(["deepseek-chat", "deepseek-v9", "", "constructor", "__proto__"])("nothing is known of %o", (model) => {
  expect(deepseekModel(model)).toBeUndefined();
});
