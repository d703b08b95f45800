import { expect, test } from "vitest";
import {
  cannotDeserialize,
  contextTooLong,
  invalidRequest,
  notFound,
  serverBusy,
  tooManyRequests,
  unknownModel,
  wrongKey,
} from "../../../src/testing/deepseek-errors.ts";

// The bodies, byte for byte, as the fact sheet has them from recordings and logs.
const JSON_TYPE = "application/json";

test("an unknown model is refused in DeepSeek's words", () => {
  expect(unknownModel("deepseek-v9-nonexistent", ["deepseek-v4-pro", "deepseek-v4-flash"])).toEqual({
    status: 400,
    body: '{"error":{"message":"The supported API model names are deepseek-v4-pro or deepseek-v4-flash, but you passed deepseek-v9-nonexistent.","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}',
    contentType: JSON_TYPE,
  });
});

test("too long a context is refused with all four numbers", () => {
  expect(contextTooLong(1048565, 1250025, 0)).toEqual({
    status: 400,
    body: '{"error":{"message":"This model\'s maximum context length is 1048565 tokens. However, you requested 1250025 tokens (1250025 in the messages, 0 in the completion). Please reduce the length of the messages or completion.","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}',
    contentType: JSON_TYPE,
  });
  expect(contextTooLong(100, 60, 50).body).toContain("requested 110 tokens (60 in the messages, 50 in the completion)");
});

test("a body the deserializer refuses is answered as octet-stream, though it is JSON", () => {
  expect(cannotDeserialize("messages[0]: unknown variant `input_audio`, expected `text` at line 1 column 197")).toEqual(
    {
      status: 400,
      body: '{"error":{"message":"Failed to deserialize the JSON body into the target type: messages[0]: unknown variant `input_audio`, expected `text` at line 1 column 197","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}',
      contentType: "application/octet-stream",
    },
  );
});

test("any other bad request is a 400 in the envelope", () => {
  expect(invalidRequest("Thinking mode does not support this tool_choice")).toEqual({
    status: 400,
    body: '{"error":{"message":"Thinking mode does not support this tool_choice","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}',
    contentType: JSON_TYPE,
  });
});

test("a wrong key is a 401 that shows only its last four characters", () => {
  expect(wrongKey("sk-a-very-secret-key")).toEqual({
    status: 401,
    body: '{"error":{"message":"Authentication Fails, Your api key: ****-key is invalid","type":"authentication_error","param":null,"code":"invalid_request_error"}}',
    contentType: JSON_TYPE,
  });
  expect(wrongKey("")).toMatchObject({ status: 401, body: expect.stringContaining("Authentication Fails, ") });
});

test("too many at once is a 429 that names the concurrency limit", () => {
  expect(tooManyRequests(25)).toEqual({
    status: 429,
    body: '{"error":{"message":"Too many requests. Your current concurrency is 26, which exceeds your concurrency limit of 25 based on your remaining balance. Please top up your balance to restore your concurrency.","type":"rate_limit_error","param":null,"code":"invalid_request_error"}}',
    contentType: JSON_TYPE,
  });
});

test("a busy server says so with its own type and code", () => {
  expect(serverBusy(503)).toEqual({
    status: 503,
    body: '{"error":{"message":"Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.","type":"service_unavailable_error","param":null,"code":"service_unavailable_error"}}',
    contentType: JSON_TYPE,
  });
  expect(serverBusy(500)).toMatchObject({ status: 500, body: serverBusy(503).body });
});

test("an unknown path is a 404 without JSON", () => {
  expect(notFound()).toEqual({ status: 404, body: "404 page not found", contentType: "text/plain" });
});
