import { expect, test } from "vitest";
import type { ErrorCode } from "../../src/error-codes.ts";
import * as family from "../../src/error-family.ts";
import { type ErrorDetails, ResilientClientError, restateError } from "../../src/errors.ts";

type ErrorClass = (new (
  message: string,
  details: ErrorDetails & { readonly phase: "wire"; readonly guard: "thinking" },
) => ResilientClientError) & {
  readonly code: ErrorCode;
  isInstance(value: unknown): boolean;
};

const classes = Object.entries(family) as unknown as [string, ErrorClass][];

/** Which codes say that the same provider is worth another try; the user's loops may depend on it. */
const RETRYABLE: Record<ErrorCode, boolean> = {
  invalid_options: false,
  missing_api_key: false,
  invalid_request: false,
  unsupported: false,
  client_closed: false,
  busy: true,
  rate_limited: true,
  timeout: true,
  connection: true,
  stream_interrupted: true,
  empty_answer: true,
  malformed_output: true,
  unexpected_response: true,
  authentication: false,
  insufficient_balance: false,
  permission: false,
  context_length: false,
  content_filter: false,
  circuit_open: true,
  queue_full: true,
  cost_limit: false,
  guard: true,
  schema: false,
  tool_steps: false,
  all_providers_failed: true,
};

test("every code has exactly one class", () => {
  expect(classes.map(([, { code }]) => code).toSorted()).toEqual(Object.keys(RETRYABLE).toSorted());
});

test.each(classes)("%s has the name of its class, its code, and the retry advice of its code", (className, Kind) => {
  const error = new Kind("message", { phase: "wire", guard: "thinking" });
  expect(error.name).toBe(className);
  expect(String(error)).toBe(`${className}: message`);
  expect(error.code).toBe(Kind.code);
  expect(error.retryable).toBe(RETRYABLE[Kind.code]);
  expect(error).toBeInstanceOf(ResilientClientError);
});

test.each(classes)("%s is recognised by its own guard and by no sister's", (className, Kind) => {
  const error = new Kind("message", { phase: "wire", guard: "thinking" });
  const knownTo = classes.filter(([, Other]) => Other.isInstance(error)).map(([name]) => name);
  expect(knownTo).toEqual([className]);
});

test("the name comes from the code: a minifier that renames the class changes nothing", () => {
  const Minified = class a extends family.InsufficientBalanceError {};
  expect(new Minified("no money").name).toBe("InsufficientBalanceError");
});

test("a timeout says which time ran out, also to whoever lists its fields", () => {
  const error = new family.TimeoutError("late", { phase: "queue" });
  expect(error.phase).toBe("queue");
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: "timeout", phase: "queue" });
});

test("a guard's error says which guard it was, also to whoever lists its fields or gets it restated", () => {
  const error = new family.GuardError("enough", {
    guard: "repetition",
    partial: { content: "a", reasoning_content: "" },
  });
  expect(error.guard).toBe("repetition");
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: "guard", guard: "repetition" });
  const restated = restateError(error, "again", {});
  expect([restated.guard, restated.partial?.content, restated.name]).toEqual(["repetition", "a", "GuardError"]);
});

test("what only one class knows comes through as a field", () => {
  expect(new family.RateLimitedError("m", { concurrencyLimit: 25 }).concurrencyLimit).toBe(25);
  expect(new family.EmptyAnswerError("m", { kind: "whitespace" }).kind).toBe("whitespace");
  expect(new family.InvalidRequestError("m", { unknownModel: true }).unknownModel).toBe(true);
  const { maxTokens, requestedTokens } = new family.ContextLengthError("m", { maxTokens: 10, requestedTokens: 20 });
  expect([maxTokens, requestedTokens]).toEqual([10, 20]);
});
