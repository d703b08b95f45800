import { expect, test } from "vitest";
import { byHostWords } from "../../../src/providers/classify-host-failure.ts";
import { errorFromBody, errorFromField } from "../../../src/transport/http-errors.ts";

const context = (failures: Parameters<typeof byHostWords>[0], status?: number) => ({
  provider: "lab",
  model: "m",
  secrets: [],
  status,
  classifyByWord: byHostWords(failures),
});

test.each([
  ["busy", "busy", 429],
  ["rate_limited", "rate_limited", 503],
  ["authentication", "authentication", 400],
  ["insufficient_balance", "insufficient_balance", 403],
  ["permission", "permission", 401],
  ["context_length", "context_length", 500],
  ["content_filter", "content_filter", 500],
  ["invalid_request", "invalid_request", 500],
  ["unknown_model", "invalid_request", 503],
  ["unable_model", "invalid_request", 503],
] as const)("a host's word may mean %s, whatever the status", (meaning, code, status) => {
  const body = JSON.stringify({ error: { code: "Own.Word", message: "it said so" } });
  for (const word of ["Own.Word", "Own"]) {
    const error = errorFromBody(body, context({ [word]: meaning }, status));
    expect(error).toMatchObject({ code, status, ...(meaning.endsWith("_model") && { unknownModel: true }) });
    expect(error.message).toContain("it said so");
  }
});

test("code comes before type, a number is a word, and it may stand in a stream", () => {
  const failures = { "50508": "busy", teapot: "permission" } as const;
  expect(errorFromBody('{"code":50508,"message":"x","data":null}', context(failures, 400))).toMatchObject({
    code: "busy",
  });
  expect(errorFromField({ code: 50508, type: "teapot", message: "x" }, context(failures))).toMatchObject({
    code: "busy",
  });
  expect(errorFromField({ code: "other", type: "teapot" }, context(failures))).toMatchObject({ code: "permission" });
});

test.each(["Owned", "own.word", "toString", "__proto__", "x".repeat(100), ""])(
  "a word that is none of its own says nothing: %s",
  (word) => {
    const error = errorFromBody(JSON.stringify({ error: { code: word, message: "x" } }), context({ Own: "busy" }, 400));
    expect(error).toMatchObject({ code: "invalid_request" });
  },
);

test("numbers in the message win: a length says more than a word", () => {
  const message = "length of prompt_tokens (235121) must be less than max_seq_len (65536).";
  const body = JSON.stringify({ code: 20015, message, data: null });
  expect(errorFromBody(body, context({ "20015": "invalid_request" }, 400))).toMatchObject({
    code: "context_length",
    maxTokens: 65_536,
    promptTokens: 235_121,
  });
});

test("a body that is a text alone, as JSON, is the API speaking", () => {
  expect(errorFromBody('"Invalid token"', context({}, 401)).message).toContain("401: Invalid token - check");
  expect(errorFromBody('"Forbidden"', context({}, 403))).toMatchObject({ code: "permission" });
});
