import fc from "fast-check";
import { expect, test } from "vitest";
import { ResilientClientError } from "../../../src/errors.ts";
import type { FailureContext } from "../../../src/transport/failure-context.ts";
import { errorFromBody, errorFromField } from "../../../src/transport/http-errors.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";

const from = { provider: "deepseek", model: "deepseek-flash", requestId: "trace-1", secrets: [SECRET] };
const contextOf = (status: number, more: Partial<FailureContext> = {}): FailureContext => ({
  ...from,
  status,
  ...more,
});
const envelope = (message: unknown, type: unknown = "invalid_request_error", code: unknown = "invalid_request_error") =>
  JSON.stringify({ error: { message, type, param: null, code } });
const WINDOW_MESSAGE =
  "This model's maximum context length is 1048565 tokens. However, you requested 1250025 tokens (1250025 in the messages, 0 in the completion). Please reduce the length of the messages or completion.";
const CONCURRENCY_MESSAGE =
  "Too many requests. Your current concurrency is 26, which exceeds your concurrency limit of 25 based on your remaining balance. Please top up your balance to restore your concurrency.";

// The bodies of the fact sheet, section 5.2; those of 422, 500 and 504 are synthetic, because none was ever recorded.
const DEEPSEEK_BODIES: readonly (readonly [string, number, string, object])[] = [
  [
    "unknown model",
    400,
    envelope(
      "The supported API model names are deepseek-v4-pro or deepseek-v4-flash, but you passed deepseek-v9-nonexistent.",
    ),
    { code: "invalid_request", retryable: false, unknownModel: true },
  ],
  [
    "nothing loaded, as LM Studio says it",
    404,
    envelope("No models loaded. Please load a model in the developer page or use the 'lms load' command."),
    { code: "invalid_request", retryable: false, unknownModel: true },
  ],
  [
    "unloaded, as LM Studio says it",
    400,
    JSON.stringify({ error: "Model is unloaded." }),
    { code: "invalid_request", retryable: false, unknownModel: true },
  ],
  [
    "context",
    400,
    envelope(WINDOW_MESSAGE),
    { code: "context_length", retryable: false, maxTokens: 1_048_565, requestedTokens: 1_250_025 },
  ],
  [
    "context, terse",
    400,
    envelope("Input token exceed the limit (request id: 0f)", "api_error", "quota_limit_reached"),
    { code: "context_length", retryable: false },
  ],
  [
    "schema",
    400,
    envelope(
      "Failed to deserialize the JSON body into the target type: messages[0]: unknown variant `input_audio`, expected `text` at line 1 column 197",
    ),
    { code: "invalid_request", retryable: false },
  ],
  [
    "forced tool choice",
    400,
    envelope("Thinking mode does not support this tool_choice"),
    { code: "invalid_request", retryable: false },
  ],
  [
    "reasoning missing",
    400,
    envelope("The `reasoning_content` in the thinking mode must be passed back to the API."),
    { code: "invalid_request", retryable: false },
  ],
  ["content risk", 400, envelope("Content Exists Risk"), { code: "content_filter", retryable: false }],
  [
    "prefix without beta",
    400,
    envelope('prefix is only available when using beta api (set base_url="https://api.deepseek.com/beta")'),
    { code: "invalid_request", retryable: false },
  ],
  [
    "wrong key",
    401,
    envelope("Authentication Fails, Your api key: ****-key is invalid", "authentication_error"),
    { code: "authentication", retryable: false },
  ],
  ["no balance", 402, envelope("Insufficient Balance", "unknown_error"), { code: "insufficient_balance" }],
  ["forbidden", 403, envelope("Forbidden", "permission_error"), { code: "permission", retryable: false }],
  ["invalid parameters", 422, envelope("Invalid Parameters"), { code: "invalid_request", retryable: false }],
  [
    "concurrency",
    429,
    envelope(CONCURRENCY_MESSAGE, "rate_limit_error"),
    { code: "rate_limited", retryable: true, concurrencyLimit: 25 },
  ],
  ["tokens a minute", 429, envelope("Rate limit reached for TPM"), { code: "rate_limited", retryable: true }],
  ["request timeout", 408, "", { code: "busy", retryable: true }],
  ["internal", 500, envelope("Internal Server Error", "server_error"), { code: "busy", retryable: true }],
  ["gateway", 502, "<html><body><h1>502 Bad Gateway</h1></body></html>", { code: "busy", retryable: true }],
  [
    "too busy",
    503,
    envelope(
      "Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.",
      "service_unavailable_error",
      "service_unavailable_error",
    ),
    { code: "busy", retryable: true },
  ],
  ["gateway timeout", 504, "", { code: "busy", retryable: true }],
  ["Cloudflare", 524, "error code: 524", { code: "busy", retryable: true }],
];

test.each(DEEPSEEK_BODIES)("DeepSeek's answer is understood: %s (%i)", (_, status, body, expected) => {
  const error = errorFromBody(body, contextOf(status));
  expect(error).toBeInstanceOf(ResilientClientError);
  expect(error).toMatchObject({
    ...expected,
    status,
    provider: "deepseek",
    model: "deepseek-flash",
    requestId: "trace-1",
  });
  for (const field of ["unknownModel", "concurrencyLimit", "maxTokens", "requestedTokens"] as const) {
    if (!(field in expected)) expect(error).not.toHaveProperty(field);
  }
});

test("the message says who answered what, and what the server said", () => {
  expect(errorFromBody(envelope("Insufficient Balance"), contextOf(402)).message).toBe(
    "deepseek (deepseek-flash) answered 402: Insufficient Balance - the account needs a top-up.",
  );
  expect(errorFromBody(envelope("No"), contextOf(401)).message).toBe(
    "deepseek (deepseek-flash) answered 401: No - check the API key.",
  );
  expect(errorFromBody("", contextOf(503)).message).toBe("deepseek (deepseek-flash) answered 503");
});

// Section 10 of the fact sheet, and the recordings.
test.each([
  ["Ollama", { message: "prompt too long; exceeded max context length by 1119046 tokens (ref: 9)", code: null }],
  [
    "Perplexity",
    { message: "The total length of all messages is too long.", type: "too_many_prompt_tokens", code: 400 },
  ],
  [
    "llama.cpp",
    {
      code: 400,
      message: "the request exceeds the available context size. try increasing the context size",
      type: "exceed_context_size_error",
      n_prompt_tokens: 5000,
      n_ctx: 4096,
    },
  ],
  ["OpenRouter", { code: 400, message: "Provider returned error", metadata: { raw: envelope(WINDOW_MESSAGE) } }],
])("a prompt too long is understood in the words of %s", (_, error) => {
  expect(errorFromBody(`${JSON.stringify({ error })}\n`, contextOf(400)).code).toBe("context_length");
});

test.each([
  "The model `no-such` does not exist or you do not have access to it.",
  "Model no-such/model does not exist",
  "model 'llama9' not found",
])("a missing model is understood, so that other hosts are asked: %s", (message) => {
  expect(errorFromBody(envelope(message), contextOf(404))).toMatchObject({
    code: "invalid_request",
    unknownModel: true,
  });
});

test.each([
  ["no envelope", '{"code":400,"message":"Validation: bad","type":"Bad Request"}', "Validation: bad"],
  ["FastAPI's detail", '{"detail":"Not Found"}', "Not Found"],
  ["a text as error", '{"error":"something broke"}', "something broke"],
  ["plain text", "404 page not found", "404 page not found"],
])("the server's words are found under %s", (_, body, words) => {
  const error = errorFromBody(body, contextOf(400));
  expect(error.code).toBe("invalid_request");
  expect(error.message).toBe(`deepseek (deepseek-flash) answered 400: ${words}`);
});

test("a web page is not quoted", () => {
  const error = errorFromBody("\n <!DOCTYPE html><title>503</title>", contextOf(503));
  expect(error.message).toBe("deepseek (deepseek-flash) answered 503: a web page of a CDN, proxy or firewall");
});

test("a 403 that is no JSON is a firewall, not a key without permission", () => {
  for (const body of ["<html>Access denied</html>", "Forbidden", ""]) {
    const error = errorFromBody(body, contextOf(403));
    expect(error).toMatchObject({ code: "busy", retryable: true, status: 403 });
    expect(error.message).toBe("deepseek (deepseek-flash) was kept away by a firewall or CDN (403, no JSON).");
  }
});

test("a time to come back is kept", () => {
  expect(errorFromBody("", contextOf(503, { retryAt: 123 })).retryAt).toBe(123);
  expect(errorFromBody(envelope(CONCURRENCY_MESSAGE), contextOf(429, { retryAt: 456 })).retryAt).toBe(456);
});

test("the HTTP status wins over what the body says of itself", () => {
  expect(errorFromBody(envelope("x", "authentication_error", 401), contextOf(503)).code).toBe("busy");
  expect(errorFromBody(envelope("[503] full", "x", "503"), contextOf(401)).code).toBe("authentication");
});

test.each([
  [{ code: 429, message: "slow down" }, "rate_limited", 429],
  [{ code: "503", message: "x" }, "busy", 503],
  [{ status: 402, message: "x" }, "insufficient_balance", 402],
  [{ message: "[503] The request queue is full" }, "busy", 503],
  [{ message: "429 Too Many Requests" }, "rate_limited", 429],
  [{ type: "authentication_error", message: "x" }, "authentication", 401],
  [{ type: "permission_error", message: "x" }, "permission", 403],
  [{ type: "rate_limit_error", message: "x" }, "rate_limited", 429],
  [{ type: "service_unavailable_error", message: "x" }, "busy", 503],
  [{ code: 400, message: WINDOW_MESSAGE }, "context_length", 400],
  ["[401] who are you", "authentication", 401],
] as const)("an error under HTTP 200 is what it names: %o", (field, code, status) => {
  expect(errorFromField(field, contextOf(200))).toMatchObject({ code, status });
});

test.each([
  { message: "internal", type: "invalid_request_error", code: "invalid_request_error" },
  { message: "x", code: 200 },
  { message: "x", code: 399 },
  { message: "x", code: 600 },
  { message: "x", code: 1301 },
  { message: "x", code: "4291" },
  { message: "x", code: 4.5e2 + 0.5 },
  { message: "we had 500 problems" },
  {},
  [],
  "overloaded",
  7,
  true,
])("an error under HTTP 200 that names no status counts as busy: %o", (field) => {
  const error = errorFromField(field, contextOf(200));
  expect(error).toMatchObject({ code: "busy", retryable: true });
  expect(error).not.toHaveProperty("status");
});

test("an error under HTTP 200 is not told as an answer 200", () => {
  expect(errorFromField({ message: "overloaded" }, contextOf(200)).message).toBe(
    "deepseek (deepseek-flash) answered with an error: overloaded",
  );
});

test("a content refusal inside a stream is no reason to ask again", () => {
  expect(errorFromField({ message: "Content Exists Risk" }, contextOf(200))).toMatchObject({
    code: "content_filter",
    retryable: false,
  });
});

test("no envelope, however hostile, gives anything but a typed error of at most 500 characters", () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const hostile = fc.oneof(
    json.map((value) => JSON.stringify({ error: value })),
    fc.record({ message: json, code: json, status: json, type: json }).map((error) => JSON.stringify({ error })),
    json.map((value) => JSON.stringify(value)),
    fc.string(),
    fc.constant('{"__proto__":{"code":503},"error":{"__proto__":{"message":"x"}}}'),
  );
  fc.assert(
    fc.property(hostile, fc.integer({ min: 200, max: 599 }), (body, status) => {
      const error = errorFromBody(body, contextOf(status));
      expect(ResilientClientError.isInstance(error)).toBe(true);
      expect(error.message.length).toBeLessThan(500);
    }),
  );
});

test("__proto__ in a body names neither status nor message, and changes no prototype", () => {
  const error = errorFromBody(
    '{"__proto__":{"error":{"code":401,"message":"gotcha"}},"constructor":1}',
    contextOf(200),
  );
  expect(error.code).toBe("busy");
  expect(error.message).not.toContain("gotcha");
  expect(({} as { error?: unknown }).error).toBeUndefined();
});

test("a megabyte of error is cut, and classified in no time to speak of", () => {
  const startedAt = performance.now();
  for (const flood of ["maximum context length is 1 tokens ", "model ", "context ", "concurrency limit of "]) {
    const error = errorFromBody(envelope(flood.repeat(40_000)), contextOf(400));
    expect(error.message.length).toBeLessThan(500);
  }
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});

test.each([400, 401, 402, 403, 404, 408, 422, 429, 500, 503])("no error of a %i holds the key", (status) => {
  for (const body of [envelope(`key ${SECRET} is invalid`), `Bearer ${SECRET}`, `{"error":"${SECRET}"}`]) {
    expect(everythingSaidBy(errorFromBody(body, contextOf(status)))).not.toContain(SECRET);
  }
});
