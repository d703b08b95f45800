import type { Answer } from "../../../probe/answer.ts";
import { answer, counts, finish, refusal, stream, success } from "./answers.ts";

/** Answers with which a fact holds, differs, or, where its own judge may say so, cannot be told. */
export interface Case {
  readonly holds: readonly Answer[];
  readonly differs: readonly Answer[];
  readonly unknown?: readonly Answer[];
}

const models = (...ids: readonly string[]) => [answer(200, { json: { data: ids.map((id) => ({ id })) } })];
const served = (model: string) => success({}, {}, { model });
/** none, minimal, low, medium, high, xhigh, max, ultra, default. */
const efforts = (...tokens: readonly number[]) => counts("prompt_tokens", ...tokens);
/** Refused with these words, or accepted after all. */
const refusedWith = (words: string): Case => ({ holds: [refusal(words)], differs: [success()] });
const accepted: Case = { holds: [success()], differs: [refusal("Invalid value")] };
const goesOn = (next: string): Case => ({
  holds: [success({ content: next })],
  differs: [success({ content: "January, February" })],
  unknown: [success({ content: "Gladly!" })],
});
const withHeaders = (status: number, headers: Record<string, string>) => [answer(status, { headers })];
const usage = (hit: number, miss: number) => [
  success(
    {},
    {
      prompt_tokens: 10,
      prompt_cache_hit_tokens: hit,
      prompt_cache_miss_tokens: miss,
      prompt_tokens_details: { cached_tokens: hit },
    },
  ),
];
const thinkingOpener = { role: "assistant", content: null, reasoning_content: "" };
const plainOpener = { role: "assistant", content: "" };

export const CASES: Readonly<Record<string, Case>> = {
  "models-list": {
    holds: models("deepseek-flash", "deepseek-v4-pro"),
    differs: models("deepseek-flash", "deepseek-v5"),
  },
  "retired-names": {
    holds: [served("deepseek-flash"), served("deepseek-flash")],
    differs: [served("deepseek-flash"), refusal("The supported API model names are")],
  },
  "pro-served": {
    holds: [served("deepseek-v4-pro")],
    differs: [served("deepseek-flash")],
    unknown: [served("something")],
  },
  "unknown-model": refusedWith("The supported API model names are deepseek-flash, but you passed x."),
  "old-names": refusedWith("The supported API model names are deepseek-flash, but you passed x."),
  "v1-alias": { holds: [success()], differs: [answer(404, { path: "/v1/models" })] },
  "thinking-default": { holds: [success({ reasoning_content: "Hm" })], differs: [success()], unknown: [refusal("No")] },
  "thinking-off": {
    holds: [success()],
    differs: [success({ reasoning_content: "" })],
    unknown: [refusal("No")],
  },
  "thinking-adaptive": refusedWith("thinking: unknown variant `adaptive`"),
  "effort-mapping": {
    holds: efforts(10, 20, 20, 30, 30, 30, 40, 40, 30),
    differs: efforts(10, 20, 20, 30, 30, 40, 40, 40, 30),
    unknown: efforts(10, 10, 10, 10, 10, 10, 10, 10, 10),
  },
  "forced-tool-choice": refusedWith("Thinking mode does not support this tool_choice"),
  "reasoning-must-return": refusedWith("The `reasoning_content` in the thinking mode must be passed back to the API."),
  "empty-reasoning-counts": accepted,
  "reasoning-free-without-tools": {
    holds: counts("prompt_tokens", 20, 20),
    differs: counts("prompt_tokens", 20, 33),
    unknown: [success(), success()],
  },
  "length-while-thinking": {
    holds: [success({ content: "", reasoning_content: "Hm" })],
    differs: [success({ content: null, reasoning_content: "Hm" })],
    unknown: [success({ content: "Yes" })],
  },
  prefix: goesOn(" April."),
  "prefix-needs-beta": refusedWith("prefix is only available when using beta api"),
  "prefix-with-thinking": goesOn(" and April, so"),
  "prefix-with-tools": goesOn(" April."),
  "prefix-with-json": {
    holds: [success({ content: '"March","April"]}' })],
    differs: [success({ content: '{"months":["January"' })],
    unknown: [success({ content: "" })],
  },
  "trailing-assistant": {
    holds: [refusal("The last message must be a user message")],
    differs: [success({ content: " April." })],
    unknown: [refusal("odd", 418)],
  },
  "null-content": refusedWith("content or tool_calls must be set"),
  "developer-role": refusedWith("messages[0].role: unknown variant `developer`"),
  "image-in-system": refusedWith("image_url is only available in user messages"),
  "tool-result-missing": refusedWith("An assistant message with 'tool_calls' must be followed by tool messages"),
  "pro-reads-no-pictures": refusedWith("unknown variant `image_url`, expected `text`"),
  "several-answers": {
    holds: [success()],
    differs: [answer(200, { json: { choices: [{ index: 0 }, { index: 1 }] } })],
  },
  "stop-16": accepted,
  "stop-17": refusedWith("Invalid stop value"),
  "stream-options-alone": refusedWith("stream_options should be set along with stream = true"),
  "max-tokens-range": refusedWith("Invalid max_tokens value, the valid range of max_tokens is [1, 393216]"),
  "context-message": {
    holds: [refusal("This model's maximum context length is 1048576 tokens. However, you requested 2000010 tokens")],
    differs: [refusal("This model's maximum context length is 1048565 tokens. However, you requested 2000010 tokens")],
    unknown: [refusal("Invalid max_tokens value, the valid range is [1, 393216]")],
  },
  "json-without-word": refusedWith("Prompt must contain the word 'json'"),
  "unknown-field": accepted,
  "max-completion-tokens": {
    holds: counts("completion_tokens", 24),
    differs: counts("completion_tokens", 2),
    unknown: [success()],
  },
  "user-id-characters": accepted,
  "empty-tools": refusedWith("[] is too short - 'tools'"),
  "long-tool-name": accepted,
  "strict-needs-beta": refusedWith("strict is only available when using beta api"),
  "strict-at-beta": accepted,
  "stream-usage": {
    holds: [stream([plainOpener], finish({ prompt_tokens: 1 }), "[DONE]")],
    differs: [stream([plainOpener], finish(), { choices: [], usage: { prompt_tokens: 1 } }, "[DONE]")],
    unknown: [stream([plainOpener])],
  },
  "stream-opener": {
    holds: [stream([plainOpener]), stream([thinkingOpener])],
    differs: [stream([{ content: "I" }]), stream([thinkingOpener])],
    unknown: [stream([]), stream([thinkingOpener])],
  },
  "usage-fields": { holds: usage(4, 6), differs: usage(4, 4), unknown: [success()] },
  "cache-unit": {
    holds: counts("prompt_cache_hit_tokens", 0, 896, 896),
    differs: counts("prompt_cache_hit_tokens", 0, 960, 960),
    unknown: counts("prompt_cache_hit_tokens", 0, 0, 0),
  },
  "max-tokens-default": {
    holds: [stream([], finish({ completion_tokens: 8_192 }, "length"))],
    differs: [{ ...stream([{ content: "1 2" }]), isLeft: true }],
    unknown: [stream([], finish({ completion_tokens: 900 }))],
  },
  "wrong-key": {
    holds: [answer(401, { json: { error: { type: "authentication_error" } } })],
    differs: [answer(401, { json: { error: { type: "invalid_request_error" } } })],
    unknown: [success()],
  },
  "unknown-path": {
    holds: [answer(404, { path: "/no/such/path", said: "not found" })],
    differs: [answer(404, { path: "/no/such/path", said: "no model at this path" })],
  },
  "bad-parameters": { holds: [refusal("a"), refusal("b")], differs: [refusal("a"), refusal("b", 422)] },
  balance: {
    holds: [answer(200, { json: { is_available: true, balance_infos: [{ currency: "USD", total_balance: "2.30" }] } })],
    differs: [answer(200, { json: { is_available: true, balance_infos: [{ currency: "USD", total_balance: 2.3 }] } })],
  },
  "error-envelope": {
    holds: [refusal("a")],
    differs: [answer(400, { said: "a", json: { message: "a" } })],
    unknown: [success()],
  },
  "error-content-type": {
    holds: [answer(400, { json: {}, headers: { "content-type": "application/octet-stream" } })],
    differs: [refusal("a")],
    unknown: [success()],
  },
  "retry-after": {
    holds: [refusal("busy", 503)],
    differs: withHeaders(429, { "retry-after": "20" }),
    unknown: [success()],
  },
  "rate-limit-headers": {
    holds: withHeaders(200, { server: "elb" }),
    differs: withHeaders(200, { "x-ratelimit-remaining": "7" }),
  },
  "trace-id": {
    holds: withHeaders(200, { "x-ds-trace-id": "0123456789abcdef0123456789abcdef" }),
    differs: withHeaders(200, { "x-request-id": "7" }),
    unknown: [answer(undefined, { said: "none" })],
  },
  "keep-alive": {
    holds: [{ ...stream([plainOpener]), keepAlives: [": keep-alive"] }],
    differs: [{ ...stream([plainOpener]), keepAlives: [": waiting"] }],
    unknown: [success()],
  },
};
