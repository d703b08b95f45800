import { expect, test } from "vitest";
import type { FailureContext } from "../../../src/transport/failure-context.ts";
import { errorFromBody, errorFromField } from "../../../src/transport/http-errors.ts";

// A gateway in between may put the whole answer of its upstream into a sentence of its own.

const contextOf = (status: number): FailureContext => ({ provider: "gate", model: "m", status, secrets: [] });
const envelope = (message: string) => JSON.stringify({ error: { message, type: "invalid_request_error" } });
const TOO_LONG =
  "This model's maximum context length is 100 tokens. However, you requested 200 tokens (150 in the messages, 50 in the completion).";

test.each([
  ["Portkey", "Invalid response received from deepseek: "],
  ["LiteLLM", "litellm.BadRequestError: DeepseekException - "],
  ["no words of its own", ""],
])("a gateway that quotes the answer it got is understood like that answer: %s", (_, words) => {
  const error = errorFromBody(envelope(`${words}${envelope(TOO_LONG)}`), contextOf(400));
  expect(error).toMatchObject({ code: "context_length", maxTokens: 100, requestedTokens: 200, promptTokens: 150 });
  expect(error.message).toBe(`gate (m) answered 400: ${TOO_LONG}`);
});

test.each([
  'bad value in {"error":{"message":"in}',
  'unexpected {"error":null}',
  'unexpected {"error":{"message":7}}',
  "unexpected {}",
])("what only looks like a quoted answer is told as it is: %s", (message) => {
  expect(errorFromBody(envelope(message), contextOf(400)).message).toBe(`gate (m) answered 400: ${message}`);
});

test("a status named before a quoted answer is not lost", () => {
  const error = errorFromField({ message: 'upstream status code: 429 {"error":{"message":"later"}}' }, contextOf(200));
  expect(error).toMatchObject({ code: "rate_limited", status: 429 });
});
