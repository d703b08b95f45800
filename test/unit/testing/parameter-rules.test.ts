import { expect, test } from "vitest";
import { checkParameters } from "../../../src/testing/parameter-rules.ts";

const TOOL = { type: "function", function: { name: "now" } };

function refusal(body: object, { isBeta = false, isThinking = true } = {}): string | undefined {
  const error = checkParameters(body as Record<string, unknown>, isBeta, isThinking);
  return error && (JSON.parse(error.body) as { error: { message: string } }).error.message;
}

test.each([
  ["max_tokens", [1, 393_216], [0, 393_217], "[1, 393216]"],
  ["temperature", [0, 2], [-0.1, 2.1], "[0, 2]"],
  ["top_p", [0.01, 1], [0, 1.1], "(0, 1]"],
] as const)("%s has a range", (field, inside, outside, range) => {
  for (const value of [...inside, null, undefined]) expect(refusal({ [field]: value })).toBeUndefined();
  for (const value of outside) {
    expect(refusal({ [field]: value })).toBe(`Invalid ${field} value, the valid range of ${field} is ${range}`);
  }
  expect(refusal({ [field]: "hot" })).toContain(`${field}: invalid type`);
});

test("top_logprobs needs logprobs", () => {
  expect(refusal({ top_logprobs: 2 })).toBe("top_logprobs should be set along with logprobs = true");
  expect(refusal({ top_logprobs: 2, logprobs: true })).toBeUndefined();
  expect(refusal({ top_logprobs: 21, logprobs: true })).toContain("[0, 20]");
});

test("a user_id has at most 512 bytes", () => {
  expect(refusal({ user_id: "ä".repeat(256) })).toBeUndefined();
  expect(refusal({ user_id: "ä".repeat(257) })).toContain("user_id");
});

test("thinking is switched on or off, by an object, and effort has names", () => {
  for (const thinking of [undefined, null, { type: "enabled" }, { type: "disabled" }]) {
    expect(refusal({ thinking })).toBeUndefined();
  }
  for (const thinking of [true, "enabled", {}, { type: "off" }]) expect(refusal({ thinking })).toContain("thinking:");
  expect(refusal({ reasoning_effort: "max" })).toBeUndefined();
  expect(refusal({ reasoning_effort: "bogus" })).toContain("reasoning_effort: unknown variant");
});

test("there are at most 128 tools, each with a name of its own", () => {
  const named = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ type: "function", function: { name: `tool_${index}` } }));
  expect(refusal({ tools: named(128) })).toBeUndefined();
  expect(refusal({ tools: named(129) })).toContain("128");
  expect(refusal({ tools: [TOOL, TOOL] })).toBe("Tool names must be unique");
});
