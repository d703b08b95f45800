import { type AnswerPlan, outputTokens } from "./answer-plan.ts";
import { splitTokens } from "./compose-answer.ts";
import { toolCallDeltas } from "./deepseek-dialect.ts";
import type { SimulatedError } from "./deepseek-errors.ts";
import { type Dialect, eventStep, type Json, messageOf, piecesOf } from "./dialect.ts";
import { type WriteStep, writeStep } from "./exchange.ts";

const PROCESSING = ": OPENROUTER PROCESSING\n\n";
const PROVIDER = "DeepSeek";
/** A comment stands before every so many tokens. */
const COMMENT_EVERY = 5;

/** Comments before and between, thinking in `reasoning`, more than one finish chunk, usage on the last one. */
export const openrouterDialect: Dialect = {
  models: ["deepseek/deepseek-v4.1-flash"],
  needsKey: true,
  isStrict: false,
  prefills: true,
  keepAlive: PROCESSING,
  thinks(body) {
    const { reasoning } = body as { reasoning?: { enabled?: unknown; effort?: unknown } | null };
    return reasoning?.enabled !== false && reasoning?.effort !== "none";
  },
  headers: ({ traceId }) => ({ server: "cloudflare", "x-generation-id": `gen-${traceId}` }),
  events,
  completion,
  error,
  // Recorded: the error rides on a chunk, with its usage, and [DONE] follows.
  streamError: (plan, { message, code }) => ({
    ...chunk(plan, { role: "assistant", content: "" }, null),
    error: { message, ...(code !== undefined && { code }) },
    usage: usageOf(plan),
  }),
  doneAfterError: true,
};

function chunk(plan: AnswerPlan, delta: Json, finish: string | null): Json {
  const { id, model, created } = plan;
  const choice = { index: 0, delta, finish_reason: finish, native_finish_reason: finish, logprobs: null };
  return { id: `gen-${id}`, provider: PROVIDER, model, object: "chat.completion.chunk", created, choices: [choice] };
}

function events(plan: AnswerPlan): WriteStep[] {
  const texts = piecesOf(plan).map(
    ({ field, text }): Json =>
      field === "content"
        ? { role: "assistant", content: text }
        : { role: "assistant", content: "", reasoning: text, reasoning_details: detailsOf(text) },
  );
  const calls = plan.toolCalls.flatMap(toolCallDeltas).map((call) => ({ role: "assistant", content: null, ...call }));
  const spoken = [...texts, ...calls].flatMap((delta, index) => {
    const event = eventStep(chunk(plan, delta, null), 1);
    return index % COMMENT_EVERY === 0 ? [writeStep(PROCESSING), event] : [event];
  });
  const finish = chunk(plan, { role: "assistant", content: "" }, plan.finishReason);
  return [...spoken, eventStep(finish), eventStep({ ...finish, usage: usageOf(plan) })];
}

function completion(plan: AnswerPlan): Json {
  const { id, model, created, reasoning, content, toolCalls, finishReason } = plan;
  const message = {
    role: "assistant",
    // Recorded: an answer that is cut while it thinks, or that only calls tools, has no text at all.
    content: content === "" ? null : content,
    refusal: null,
    reasoning: reasoning === "" ? null : reasoning,
    ...(reasoning !== "" && { reasoning_details: detailsOf(reasoning) }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls.map((call, index) => ({ index, ...call })) }),
  };
  return {
    id: `gen-${id}`,
    provider: PROVIDER,
    model,
    object: "chat.completion",
    created,
    choices: [{ logprobs: null, finish_reason: finishReason, native_finish_reason: finishReason, index: 0, message }],
    usage: usageOf(plan),
  };
}

function detailsOf(text: string): Json[] {
  return [{ type: "reasoning.text", text, index: 0, format: null }];
}

function usageOf(plan: AnswerPlan): Json {
  const tokens = outputTokens(plan);
  return {
    prompt_tokens: plan.promptTokens,
    completion_tokens: tokens,
    total_tokens: plan.promptTokens + tokens,
    cost: (plan.promptTokens * 0.15 + tokens * 0.6) / 1e6,
    is_byok: false,
    prompt_tokens_details: { cached_tokens: 0 },
    cost_details: { upstream_inference_cost: null },
    completion_tokens_details: { reasoning_tokens: splitTokens(plan.reasoning).length },
  };
}

/** What a provider behind it said stands in `metadata.raw`; what it says itself, in the message. */
function error(given: SimulatedError): SimulatedError {
  const message = messageOf(given);
  if (message === undefined) return given;
  const { status: code } = given;
  const isOwn = code === 401 || code === 402 || code === 404;
  const told = isOwn
    ? { message: code === 401 ? "Missing Authentication header" : message, code }
    : { message: "Provider returned error", code, metadata: { raw: message, provider_name: PROVIDER } };
  return { ...given, contentType: "application/json", body: JSON.stringify({ error: told }) };
}
