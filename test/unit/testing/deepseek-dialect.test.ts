import { expect, test } from "vitest";
import { errorExchange, jsonExchange, keepAliveStep, streamExchange } from "../../../src/testing/answer-exchange.ts";
import { type AnswerPlan, outputTokens } from "../../../src/testing/answer-plan.ts";
import { serverBusy } from "../../../src/testing/deepseek-errors.ts";
import type { Exchange, Step } from "../../../src/testing/exchange.ts";

const CALL = { id: "call_00_a", type: "function" as const, function: { name: "now", arguments: '{"zone":1}' } };
const PLAN: AnswerPlan = {
  id: "id-1",
  traceId: "trace-1",
  created: 1_767_225_600,
  model: "deepseek-flash",
  thinks: true,
  reasoning: "Hmm so",
  content: "Sure 是",
  toolCalls: [],
  finishReason: "stop",
  promptTokens: 9,
};
const SILENT = { ...PLAN, thinks: false, reasoning: "" };
const USAGE = {
  prompt_tokens: 9,
  completion_tokens: 4,
  total_tokens: 13,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 2 },
  prompt_cache_hit_tokens: 0,
  prompt_cache_miss_tokens: 9,
};

const textOf = (steps: readonly Step[]) =>
  steps.map((step) => (step.type === "write" ? new TextDecoder().decode(step.bytes) : "")).join("");
const tokensOf = ({ body }: Exchange) => body.reduce((sum, step) => sum + (step.type === "write" ? step.tokens : 0), 0);
const waitOf = (steps: readonly Step[]) => steps.reduce((sum, step) => sum + (step.type === "wait" ? step.ms : 0), 0);
const chunk = (delta: object, rest: object = {}, finish: string | null = null) =>
  `data: ${JSON.stringify({
    id: "id-1",
    object: "chat.completion.chunk",
    created: 1_767_225_600,
    model: "deepseek-flash",
    system_fingerprint: "fp_8b330d02d0_simulated",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...rest,
  })}\n\n`;

test("a thinking stream is, byte for byte, opener, thinking, text, finish with usage, and [DONE]", () => {
  const { status, headers, before, body } = streamExchange(PLAN, {}, true);
  expect({ status, headers, before }).toEqual({
    status: 200,
    headers: {
      server: "elb",
      "cache-control": "no-cache",
      "content-type": "text/event-stream; charset=utf-8",
      "x-ds-trace-id": "trace-1",
    },
    before: [],
  });
  expect(textOf(body)).toBe(
    [
      chunk({ role: "assistant", content: null, reasoning_content: "" }, { usage: null }),
      chunk({ content: null, reasoning_content: "Hmm" }, { usage: null }),
      chunk({ content: null, reasoning_content: " so" }, { usage: null }),
      chunk({ content: "Sure", reasoning_content: null }, { usage: null }),
      chunk({ content: " 是", reasoning_content: null }, { usage: null }),
      chunk({ content: "", reasoning_content: null }, { usage: USAGE }, "stop"),
      "data: [DONE]\n\n",
    ].join(""),
  );
});

test("without thinking no chunk has reasoning_content and usage has no reasoning tokens", () => {
  const text = textOf(streamExchange(SILENT, {}, true).body);
  const { completion_tokens_details: _, ...usage } = USAGE;
  expect(text).toBe(
    [
      chunk({ role: "assistant", content: "" }, { usage: null }),
      chunk({ content: "Sure" }, { usage: null }),
      chunk({ content: " 是" }, { usage: null }),
      chunk({ content: "" }, { usage: { ...usage, completion_tokens: 2, total_tokens: 11 } }, "stop"),
      "data: [DONE]\n\n",
    ].join(""),
  );
});

test("include_usage decides only whether earlier chunks say usage null", () => {
  const lines = textOf(streamExchange(PLAN, {}, false).body).split("\n\n");
  expect(lines.slice(0, 5).some((line) => line.includes('"usage"'))).toBe(false);
  expect(lines[5]).toContain(`"usage":${JSON.stringify(USAGE)}`);
});

test("tool calls stream one after the other, id and name first, then pieces of the arguments", () => {
  const other = { ...CALL, id: "call_01_b", function: { name: "stop", arguments: "" } };
  const plan = { ...SILENT, content: "", toolCalls: [CALL, other], finishReason: "tool_calls" as const };
  const deltas = [...textOf(streamExchange(plan, {}, false).body).matchAll(/"delta":(\{.*?\}),"logprobs"/g)].map(
    ([, delta = ""]) => JSON.parse(delta) as unknown,
  );
  expect(deltas).toEqual([
    { role: "assistant", content: "" },
    { tool_calls: [{ index: 0, id: "call_00_a", type: "function", function: { name: "now", arguments: "" } }] },
    { tool_calls: [{ index: 0, function: { arguments: '{"zon' } }] },
    { tool_calls: [{ index: 0, function: { arguments: 'e":1}' } }] },
    { tool_calls: [{ index: 1, id: "call_01_b", type: "function", function: { name: "stop", arguments: "" } }] },
    { content: "" },
  ]);
  expect(outputTokens(plan)).toBe(4);
});

test("a plain answer has the keys and the order of a recorded one", () => {
  const { status, headers, body } = jsonExchange({ ...PLAN, toolCalls: [CALL], finishReason: "tool_calls" }, {});
  expect(status).toBe(200);
  expect(headers).toMatchObject({ "content-type": "application/json", "x-ds-trace-id": "trace-1" });
  expect(textOf(body)).toBe(
    JSON.stringify({
      id: "id-1",
      object: "chat.completion",
      created: 1_767_225_600,
      model: "deepseek-flash",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "Sure 是",
            reasoning_content: "Hmm so",
            tool_calls: [{ index: 0, ...CALL }],
          },
          logprobs: null,
          finish_reason: "tool_calls",
        },
      ],
      usage: { ...USAGE, completion_tokens: 7, total_tokens: 16 },
      system_fingerprint: "fp_8b330d02d0_simulated",
    }),
  );
});

test("a plain answer without thinking or tools has neither key", () => {
  const text = textOf(jsonExchange(SILENT, {}).body);
  expect(text).toContain('"message":{"role":"assistant","content":"Sure 是"}');
  expect(text).not.toContain("completion_tokens_details");
});

test("the tokens that are written are the tokens that are charged", () => {
  const plan = { ...PLAN, toolCalls: [CALL] };
  expect(outputTokens(plan)).toBe(7);
  expect(tokensOf(streamExchange(plan, {}, true))).toBe(7);
  expect(tokensOf(jsonExchange(plan, {}))).toBe(7);
});

test("a stream waits before its head, before its first token, and between tokens", () => {
  const { before, body } = streamExchange(PLAN, { headersMs: 40, headMs: 300, tokenMs: 25 }, false);
  expect(before).toEqual([{ type: "wait", ms: 40 }]);
  const outline = body.map((step) => (step.type === "wait" ? step.ms : step.type === "write" && step.tokens));
  expect(outline).toEqual([300, 0, 1, 25, 1, 25, 1, 25, 1, 0, 0]);
});

test("a plain answer takes exactly as long as the stream of it would", () => {
  const timing = { headersMs: 40, headMs: 300, tokenMs: 25 };
  const [stream, plain] = [streamExchange(PLAN, timing, false), jsonExchange(PLAN, timing)];
  expect(plain.before).toEqual(stream.before);
  expect(waitOf(stream.body)).toBe(375);
  expect(waitOf(plain.body)).toBe(375);
});

test("an error carries its trace id, its content type and the hints, and waits only for the headers", () => {
  const exchange = errorExchange(serverBusy(503), "trace-2", { headersMs: 40, headMs: 300 }, { "retry-after": "3" });
  expect(exchange).toMatchObject({
    before: [{ type: "wait", ms: 40 }],
    status: 503,
    headers: {
      server: "elb",
      "cache-control": "no-cache",
      "content-type": "application/json",
      "x-ds-trace-id": "trace-2",
      "retry-after": "3",
    },
  });
  expect(textOf(exchange.body)).toBe(serverBusy(503).body);
  expect(exchange.body.length).toBe(1);
});

test("a queued stream gets comments, a queued plain request blank lines", () => {
  const times = { everyMs: 12_000, forMs: 30_000 };
  expect(keepAliveStep(true, 12_000, 30_000)).toEqual({
    type: "keep-alive",
    bytes: new TextEncoder().encode(": keep-alive\n\n"),
    ...times,
  });
  expect(keepAliveStep(false, 12_000, 30_000)).toEqual({ type: "keep-alive", bytes: Uint8Array.of(10), ...times });
});

test("a long wait for the first token is filled with keep-alives", () => {
  const { body } = streamExchange(PLAN, { headMs: 60_000 }, false);
  expect(body.slice(0, 2)).toMatchObject([
    { type: "wait", ms: 12_000 },
    { type: "keep-alive", everyMs: 12_000, forMs: 48_000 },
  ]);
  const plain = jsonExchange(PLAN, { headMs: 700, keepAliveMs: 500 });
  expect(plain.body.slice(0, 2)).toMatchObject([
    { type: "wait", ms: 500 },
    { type: "keep-alive", everyMs: 500, forMs: 200 },
  ]);
});
