import { expect, test } from "vitest";
import type { TextCompletionParams } from "../../src/index.ts";
import { createWorld, failure } from "../support/busy-world.ts";

const GAP = { model: "deepseek-flash", prompt: "def fib(n):\n    ", suffix: "\nprint(fib(9))" } as const;

const INVALID: readonly (readonly [string, object, string])[] = [
  ["no prompt", { prompt: undefined }, "prompt must be a string, got nothing"],
  ["echo with suffix", { echo: true }, "echo is not allowed together with suffix or logprobs"],
  ["echo with logprobs", { suffix: null, echo: true, logprobs: 0 }, "echo is not allowed together"],
  ["too many logprobs", { logprobs: 21 }, "logprobs must be a whole number from 0 to 20, got 21"],
  ["chat's switch", { logprobs: true }, "logprobs must be a whole number"],
  ["no tokens", { max_tokens: 0 }, "max_tokens must be a whole number from 1, got 0"],
  ["messages", { messages: [] }, "messages belongs to chat.completions; here the request is prompt and suffix"],
  ["thinking", { thinking: { type: "enabled" } }, "thinking belongs to chat.completions"],
  ["usage without a stream", { stream_options: { include_usage: true } }, "stream_options is allowed only with"],
  ["a signal among the fields", { signal: new AbortController().signal }, "signal cannot be sent"],
  ["a suffix that is none", { suffix: 7 }, "suffix must be a string, got 7"],
];

test.each(INVALID)("%s is refused before anything is sent", async (_, fields, message) => {
  const world = createWorld();
  const params = { ...GAP, ...fields } as TextCompletionParams;
  const error = await failure(world.client.completions.create(params));
  expect(error).toMatchObject({ code: "invalid_request", message: expect.stringContaining(message) });
  expect(world.simulator.requests).toEqual([]);
});

test("nothing at all is refused as such", async () => {
  const { client } = createWorld();
  const nothing = undefined as unknown as TextCompletionParams;
  expect(await failure(client.completions.create(nothing))).toMatchObject({ code: "invalid_request" });
  expect(await failure(client.completions.stream(nothing).finalCompletion())).toMatchObject({
    code: "invalid_request",
  });
});
