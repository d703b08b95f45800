import type { ToolCall } from "../chat/chat-request.ts";
import { splitTokens } from "./compose-answer.ts";
import type { SimulatedError } from "./deepseek-errors.ts";
import { type Exchange, type Step, writeStep } from "./exchange.ts";

/** How fast the simulated server is; milliseconds. */
export interface Timing {
  /** From the request to the response headers. @defaultValue 0 */
  readonly headersMs?: number | undefined;
  /** From the headers to the first token. @defaultValue 0 */
  readonly headMs?: number | undefined;
  /** Between tokens. @defaultValue 0 */
  readonly tokenMs?: number | undefined;
  /** Between keep-alives while a request is queued. @defaultValue 12_000, as seen at DeepSeek */
  readonly keepAliveMs?: number | undefined;
}

/** What will be said, and how it ends. */
export interface AnswerPlan {
  readonly id: string;
  readonly traceId: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
  readonly thinks: boolean;
  readonly reasoning: string;
  readonly content: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: "stop" | "length" | "tool_calls";
  readonly promptTokens: number;
}

type Json = Readonly<Record<string, unknown>>;

/** As seen at DeepSeek. */
export const KEEP_ALIVE_MS = 12_000;
const FINGERPRINT = "fp_8b330d02d0_simulated";
const HEADERS = { server: "elb", "cache-control": "no-cache" };

/** Server-sent events: thinking first, usage on the finish chunk, then `[DONE]`. */
export function streamExchange(plan: AnswerPlan, timing: Timing, includeUsage: boolean): Exchange {
  const { tokenMs = 0, headMs = 0 } = timing;
  const usage = usageOf(plan);
  const event = (delta: Json, tokens: number, finishReason: string | null = null): Step =>
    writeStep(
      `data: ${JSON.stringify({
        id: plan.id,
        object: "chat.completion.chunk",
        created: plan.created,
        model: plan.model,
        system_fingerprint: FINGERPRINT,
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
        ...(finishReason ? { usage } : includeUsage && { usage: null }),
      })}\n\n`,
      tokens,
    );
  const reasoning = splitTokens(plan.reasoning).map((text) => ({ content: null, reasoning_content: text }));
  const content = splitTokens(plan.content).map((text) =>
    plan.thinks ? { content: text, reasoning_content: null } : { content: text },
  );
  const deltas: Json[] = [...reasoning, ...content, ...plan.toolCalls.flatMap(toolCallDeltas)];
  const opener = plan.thinks ? { content: null, reasoning_content: "" } : { content: "" };
  const closer = plan.thinks ? { content: "", reasoning_content: null } : { content: "" };
  const paced = deltas.flatMap((delta, index): Step[] =>
    index > 0 && tokenMs > 0 ? [{ type: "wait", ms: tokenMs }, event(delta, 1)] : [event(delta, 1)],
  );
  return {
    before: waitSteps(timing.headersMs),
    status: 200,
    headers: { ...HEADERS, "content-type": "text/event-stream; charset=utf-8", "x-ds-trace-id": plan.traceId },
    body: [
      ...patientSteps(true, headMs, timing),
      event({ role: "assistant", ...opener }, 0),
      ...paced,
      event(closer, 0, plan.finishReason),
      writeStep("data: [DONE]\n\n"),
    ],
  };
}

/** One JSON body, after as long as the stream would have taken. */
export function jsonExchange(plan: AnswerPlan, timing: Timing): Exchange {
  const { tokenMs = 0, headMs = 0 } = timing;
  const tokens = outputTokens(plan);
  const message = {
    role: "assistant",
    content: plan.content,
    ...(plan.thinks && { reasoning_content: plan.reasoning }),
    ...(plan.toolCalls.length > 0 && { tool_calls: plan.toolCalls.map((call, index) => ({ index, ...call })) }),
  };
  const completion = {
    id: plan.id,
    object: "chat.completion",
    created: plan.created,
    model: plan.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: plan.finishReason }],
    usage: usageOf(plan),
    system_fingerprint: FINGERPRINT,
  };
  return {
    before: waitSteps(timing.headersMs),
    status: 200,
    headers: { ...HEADERS, "content-type": "application/json", "x-ds-trace-id": plan.traceId },
    body: [
      ...patientSteps(false, headMs + tokenMs * Math.max(0, tokens - 1), timing),
      writeStep(JSON.stringify(completion), tokens),
    ],
  };
}

export function errorExchange(
  error: SimulatedError,
  traceId: string,
  timing: Timing,
  hints: Exchange["headers"] = {},
): Exchange {
  return {
    before: waitSteps(timing.headersMs),
    status: error.status,
    headers: { ...HEADERS, "content-type": error.contentType, "x-ds-trace-id": traceId, ...hints },
    body: [writeStep(error.body)],
  };
}

/** While a request is queued the connection stays open: comments in a stream, blank lines before a JSON body. */
export function keepAliveStep(isStream: boolean, everyMs: number, forMs: number): Step {
  const { bytes } = writeStep(isStream ? ": keep-alive\n\n" : "\n");
  return { type: "keep-alive", bytes, everyMs: Math.max(1, everyMs), forMs };
}

/** A wait for the first token, with the keep-alives that fall into it. */
function patientSteps(isStream: boolean, ms: number, { keepAliveMs = KEEP_ALIVE_MS }: Timing): Step[] {
  if (ms <= keepAliveMs) return waitSteps(ms);
  return [...waitSteps(keepAliveMs), keepAliveStep(isStream, keepAliveMs, ms - keepAliveMs)];
}

export function outputTokens({ reasoning, content, toolCalls }: AnswerPlan): number {
  const called = toolCalls.reduce((sum, call) => sum + toolCallTokens(call), 0);
  return splitTokens(reasoning).length + splitTokens(content).length + called;
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

/** One for id and name, and one for each piece of the arguments. */
export function toolCallTokens(call: ToolCall): number {
  return 1 + splitArguments(call.function.arguments).length;
}

/** A few characters each, never half of one. */
export function splitArguments(text: string): string[] {
  return text.match(/[\s\S]{1,5}/gu) ?? [];
}

/** The first piece brings id and name, the others the arguments, a few characters each. */
function toolCallDeltas(call: ToolCall, index: number): Json[] {
  const { id, type, function: fn } = call;
  return [
    { tool_calls: [{ index, id, type, function: { name: fn.name, arguments: "" } }] },
    ...splitArguments(fn.arguments).map((text) => ({ tool_calls: [{ index, function: { arguments: text } }] })),
  ];
}

function waitSteps(ms = 0): Step[] {
  return ms > 0 ? [{ type: "wait", ms }] : [];
}
