import { expect, test } from "vitest";
import { RETRYABLE } from "../../../src/error-codes.ts";
import * as family from "../../../src/error-family.ts";
import type { ResilientClientError } from "../../../src/errors.ts";
import { isFailure, judgeEnding, type Verdict } from "../../../src/state/attempt-verdict.ts";

const failed = (error: ResilientClientError) => judgeEnding({ outcome: "failed", error });

test.each<[Verdict, readonly (new (message: string) => ResilientClientError)[]]>([
  ["load", [family.BusyError, family.StreamInterruptedError, family.UnexpectedResponseError]],
  ["dead_host", [family.ConnectionError]],
  ["account", [family.AuthenticationError, family.InsufficientBalanceError, family.PermissionError]],
  ["alive", [family.RateLimitedError, family.EmptyAnswerError, family.MalformedOutputError, family.ContentFilterError]],
  [
    "neutral",
    [
      family.MissingApiKeyError,
      family.CircuitOpenError,
      family.QueueFullError,
      family.ClientClosedError,
      family.CostLimitError,
    ],
  ],
])("%s is what some failures say of a provider", (verdict, failures) => {
  for (const Failure of failures) expect(failed(new Failure("x"))).toBe(verdict);
});

test.each(["headers", "queue", "wire", "content"] as const)("a host whose %s time is over is dead", (phase) => {
  expect(failed(new family.TimeoutError("x", { phase }))).toBe("dead_host");
});

test.each(["start", "total"] as const)("the call's own time (%s) says nothing of anybody", (phase) => {
  expect(failed(new family.TimeoutError("x", { phase }))).toBe("neutral");
});

test("a request the server found wrong proves it alive; one that was never sent proves nothing", () => {
  expect(failed(new family.InvalidRequestError("x", { status: 400 }))).toBe("alive");
  expect(failed(new family.InvalidRequestError("x"))).toBe("neutral");
  expect(failed(new family.ContextLengthError("x", { status: 400 }))).toBe("alive");
  expect(failed(new family.ContextLengthError("x"))).toBe("neutral");
});

test("an answer is a sign of life, a cancelled attempt none, and neither is a failure", () => {
  expect(judgeEnding({ outcome: "succeeded" })).toBe("alive");
  expect(judgeEnding({ outcome: "cancelled" })).toBe("neutral");
  expect(judgeEnding({ outcome: "cancelled", error: new family.BusyError("x") })).toBe("neutral");
  expect(judgeEnding({ outcome: "failed" })).toBe("neutral");
  const verdicts: Verdict[] = ["load", "dead_host", "account", "alive", "neutral"];
  expect(verdicts.filter(isFailure)).toEqual(["load", "dead_host", "account"]);
});

test("a code of a newer copy of the package says nothing", () => {
  const error = Object.create(new family.BusyError("x"), { code: { value: "brand_new" } });
  expect(judgeEnding({ outcome: "failed", error })).toBe("neutral");
  expect(RETRYABLE.has(error.code)).toBe(false);
});
