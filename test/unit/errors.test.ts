import { inspect } from "node:util";
import { expect, test } from "vitest";
import {
  AllProvidersFailedError,
  BusyError,
  RateLimitedError,
  SchemaError,
  TimeoutError,
} from "../../src/error-family.ts";
import { ResilientClientError, restateError } from "../../src/errors.ts";
import { attemptReport } from "../support/attempt-report.ts";

const MARK = Symbol.for("resilient-deepseek.error");
const SECRET = "what the user said";

const attempt = attemptReport({ provider: "deepseek", model: "deepseek-flash", startedAt: 5, outcome: "failed" });

/** An error with everything a caller may want to know, and a secret wherever text of the conversation may stand. */
function makeError(): BusyError {
  return new BusyError("deepseek (deepseek-flash) answered 503.", {
    provider: "deepseek",
    model: "deepseek-flash",
    status: 503,
    requestId: "trace-1",
    retryAt: 1_000,
    cause: new Error(SECRET),
    attempts: [attempt],
    partial: { content: SECRET, reasoning_content: SECRET },
  });
}

test("an error tells what it knows as plain fields, and leaves out what it does not know", () => {
  const error = new BusyError("busy", { provider: "deepseek", status: undefined });
  expect(error).toBeInstanceOf(Error);
  expect(error.message).toBe("busy");
  expect(Object.keys(error)).toEqual(["code", "retryable", "provider"]);
  expect({ ...error }).toEqual({ code: "busy", retryable: true, provider: "deepseek" });
  expect("status" in error).toBe(false);
  expect("cause" in error).toBe(false);
  expect("partial" in error).toBe(false);
});

test("an error without attempts has an empty list of its own", () => {
  const one = new BusyError("one");
  expect(one.attempts).toEqual([]);
  expect(one.attempts).not.toBe(new BusyError("other").attempts);
});

test("what a detail says of retrying wins over the code; a detail left undefined does not", () => {
  expect(new TimeoutError("late", { phase: "start", retryable: false }).retryable).toBe(false);
  expect(new BusyError("busy", { retryable: undefined }).retryable).toBe(true);
});

test("name and message stand at the top of the stack and stay out of the enumerable fields", () => {
  const error = new RateLimitedError("slow down");
  expect(String(error)).toBe("RateLimitedError: slow down");
  expect(error.stack?.split("\n")[0]).toBe("RateLimitedError: slow down");
  expect(Object.keys(error)).not.toContain("name");
});

test("the base class can be made by itself, and is not worth a retry", () => {
  const error = new ResilientClientError("something");
  expect(error.name).toBe("ResilientClientError");
  expect(error.code).toBeUndefined();
  expect(error.retryable).toBe(false);
});

test("long and private details are there for whoever asks by name, but are not enumerable", () => {
  const errors = [new BusyError("inner")];
  const error = new AllProvidersFailedError("all", {
    errors,
    attempts: [attempt],
    cause: 1,
    partial: { content: "c", reasoning_content: "r" },
  });
  expect(Object.keys(error)).toEqual(["code", "retryable"]);
  expect(error.errors).toBe(errors);
  expect(error.attempts).toEqual([attempt]);
  expect(error.partial).toEqual({ content: "c", reasoning_content: "r" });
  expect(error.cause).toBe(1);
});

test("JSON holds everything that may be logged, and neither the partial answer nor the cause", () => {
  const json = JSON.stringify(makeError());
  expect(JSON.parse(json)).toEqual({
    code: "busy",
    retryable: true,
    provider: "deepseek",
    model: "deepseek-flash",
    status: 503,
    requestId: "trace-1",
    retryAt: 1_000,
    name: "BusyError",
    message: "deepseek (deepseek-flash) answered 503.",
    attempts: [attempt],
  });
  expect(json).not.toContain(SECRET);
});

test("console.log at full depth shows no partial answer", () => {
  const { partial } = makeError();
  const shown = inspect(new BusyError("busy", { status: 503, partial, attempts: [attempt] }), { depth: null });
  expect(shown).toContain("BusyError: busy");
  expect(shown).toContain("status: 503");
  expect(shown).not.toContain(SECRET);
  expect(shown).not.toContain("attempts");
});

test("guards know errors of their own class only; the base class knows all", () => {
  const error: unknown = new BusyError("busy");
  expect(BusyError.isInstance(error)).toBe(true);
  expect(RateLimitedError.isInstance(error)).toBe(false);
  expect(ResilientClientError.isInstance(error)).toBe(true);
});

test("guards know an error that another copy of the package threw", () => {
  const foreign: unknown = Object.assign(new Error("from elsewhere"), { code: "rate_limited", [MARK]: true });
  expect(foreign instanceof ResilientClientError).toBe(false);
  expect(ResilientClientError.isInstance(foreign)).toBe(true);
  expect(RateLimitedError.isInstance(foreign)).toBe(true);
  expect(BusyError.isInstance(foreign)).toBe(false);
});

test.each([
  ["undefined", undefined],
  ["null", null],
  ["a text", "busy"],
  ["a number", 503],
  ["a function", () => {}],
  ["any other error", new Error("busy")],
  ["an object that only has a code", { code: "busy" }],
  ["a code and a mark of another registry", { code: "busy", [Symbol("resilient-deepseek.error")]: true }],
])("guards do not take %s for an error of theirs", (_, value) => {
  expect(ResilientClientError.isInstance(value)).toBe(false);
  expect(BusyError.isInstance(value)).toBe(false);
});

test("the mark shows in no listing of the fields", () => {
  expect(Object.getOwnPropertyDescriptor(new BusyError("busy"), MARK)?.enumerable).toBe(false);
  expect(inspect(new BusyError("busy"))).not.toContain("Symbol");
});

test("a restated error is a copy of the same class with all it knew; the first one stays as it was", () => {
  const error = makeError();
  const told = restateError(error, "Gave up.", { retryAt: 2_000, provider: undefined });
  expect(told).toBeInstanceOf(BusyError);
  expect(told).not.toBe(error);
  expect(told.message).toBe("Gave up.");
  expect({ ...told }).toEqual({ ...error, retryAt: 2_000 });
  expect(told.cause).toBe(error.cause);
  expect(told.attempts).toBe(error.attempts);
  expect(told.partial).toBe(error.partial);
  expect(Object.keys(told)).toEqual(Object.keys(error));
  expect(error.message).toBe("deepseek (deepseek-flash) answered 503.");
  expect(error.retryAt).toBe(1_000);
});

test("restating keeps what only one class knows: phase and final word of a timeout, the errors of all providers", () => {
  const late = restateError(new TimeoutError("late", { phase: "total", retryable: false }), "Too late.", {});
  expect(late).toBeInstanceOf(TimeoutError);
  expect(late.phase).toBe("total");
  expect(late.retryable).toBe(false);

  const errors = [new BusyError("one"), new RateLimitedError("two", { concurrencyLimit: 25 })];
  const all = restateError(new AllProvidersFailedError("all", { errors }), "All of them.", {});
  expect(all.errors).toBe(errors);
  expect(Object.keys(all)).not.toContain("errors");
});

test("restating without a cause does not invent one", () => {
  expect("cause" in restateError(new BusyError("busy"), "still busy", {})).toBe(false);
});

test("what a schema error quotes is there for whoever asks by name, in no log, and survives being restated", () => {
  const issues = [{ message: SECRET, path: [SECRET] }];
  const error = restateError(new SchemaError("no", { issues, raw: SECRET }), "really no", {});
  expect(error.message).toBe("really no");
  expect(error.issues).toBe(issues);
  expect(error.raw).toBe(SECRET);
  expect(JSON.stringify(error) + inspect(error)).not.toContain(SECRET);
});
