import type { ToolCall } from "../chat/chat-request.ts";
import { type AnswerPlan, outputTokens, splitArguments } from "./answer-plan.ts";
import { splitTokens } from "./compose-answer.ts";
import { type Dialect, eventStep, type Json, piecesOf } from "./dialect.ts";
import type { WriteStep } from "./exchange.ts";
import { isThinking } from "./request-rules.ts";

const FINGERPRINT = "fp_8b330d02d0_simulated";

/** Thinking in `reasoning_content`, usage on the finish chunk. */
export const deepseekDialect: Dialect = {
  models: ["deepseek-flash", "deepseek-v4-pro"],
  needsKey: true,
  isStrict: true,
  prefills: false,
  keepAlive: ": keep-alive\n\n",
  thinks: isThinking,
  headers: ({ traceId }) => ({ server: "elb", "cache-control": "no-cache", "x-ds-trace-id": traceId }),
  events,
  completion,
  error: (error) => error,
  // Never seen at DeepSeek: made in the manner of its other errors.
  streamError: (_, { message, code }) => ({
    error: { message, type: "service_unavailable_error", param: null, ...(code !== undefined && { code }) },
  }),
  doneAfterError: false,
};

function events(plan: AnswerPlan, includeUsage: boolean): WriteStep[] {
  const event = (delta: Json, tokens: number, closes = false) =>
    eventStep(
      {
        id: plan.id,
        object: "chat.completion.chunk",
        created: plan.created,
        model: plan.model,
        system_fingerprint: FINGERPRINT,
        choices: [{ index: 0, delta, logprobs: null, finish_reason: closes ? plan.finishReason : null }],
        ...(closes ? { usage: usageOf(plan) } : includeUsage && { usage: null }),
      },
      tokens,
    );
  const texts = piecesOf(plan).map(({ field, text }) => {
    if (field === "reasoning") return { content: null, reasoning_content: text };
    return plan.thinks ? { content: text, reasoning_content: null } : { content: text };
  });
  const deltas: Json[] = [...texts, ...plan.toolCalls.flatMap(toolCallDeltas)];
  const opener = plan.thinks ? { content: null, reasoning_content: "" } : { content: "" };
  const closer = plan.thinks ? { content: "", reasoning_content: null } : { content: "" };
  return [
    event({ role: "assistant", ...opener }, 0),
    ...deltas.map((delta) => event(delta, 1)),
    event(closer, 0, true),
  ];
}

function completion(plan: AnswerPlan): Json {
  const message = {
    role: "assistant",
    content: plan.content,
    ...(plan.thinks && { reasoning_content: plan.reasoning }),
    ...(plan.toolCalls.length > 0 && { tool_calls: plan.toolCalls.map((call, index) => ({ index, ...call })) }),
  };
  return {
    id: plan.id,
    object: "chat.completion",
    created: plan.created,
    model: plan.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: plan.finishReason }],
    usage: usageOf(plan),
    system_fingerprint: FINGERPRINT,
  };
}

function usageOf(plan: AnswerPlan): Json {
  const completionTokens = outputTokens(plan);
  return {
    prompt_tokens: plan.promptTokens,
    completion_tokens: completionTokens,
    total_tokens: plan.promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    ...(plan.thinks && { completion_tokens_details: { reasoning_tokens: splitTokens(plan.reasoning).length } }),
    prompt_cache_hit_tokens: 0,
    prompt_cache_miss_tokens: plan.promptTokens,
  };
}

/** The first piece brings id and name, the others the arguments, a few characters each. */
export function toolCallDeltas(call: ToolCall, index: number): Json[] {
  const { id, type, function: fn } = call;
  return [
    { tool_calls: [{ index, id, type, function: { name: fn.name, arguments: "" } }] },
    ...splitArguments(fn.arguments).map((text) => ({ tool_calls: [{ index, function: { arguments: text } }] })),
  ];
}
