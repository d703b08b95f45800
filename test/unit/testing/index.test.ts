import { expect, test } from "vitest";
import * as testing from "../../../src/testing/index.ts";

test("three functions are exported, and nothing else", () => {
  expect(Object.keys(testing).sort()).toEqual(["createSimulator", "createVirtualClock", "seededRandom"]);
});
