import { type AnswerPlan, outputTokens, toolCallTokens } from "./answer-plan.ts";
import { type Dialect, eventStep, type Json, messageOf, piecesOf } from "./dialect.ts";
import type { WriteStep } from "./exchange.ts";
import type { RawBody } from "./request-rules.ts";

/** Ollama's own route, `POST /api/chat`: one JSON object a line, thinking in `thinking`, arguments as objects. */
export const ollamaNativeDialect: Dialect = {
  models: undefined,
  needsKey: false,
  isStrict: false,
  prefills: true,
  keepAlive: "",
  isLines: true,
  asChat,
  thinks: ({ think }) => think !== false,
  headers: () => ({}),
  events,
  completion: (plan) => ({ ...said(plan, { ...wordsOf(plan), ...callsOf(plan) }), ...endOf(plan) }),
  error(given) {
    const message = messageOf(given);
    if (message === undefined) return given;
    const isTooLong = message.includes("maximum context length");
    const error = isTooLong ? "the input length exceeds the context length" : message;
    return { ...given, contentType: "application/json; charset=utf-8", body: JSON.stringify({ error }) };
  },
  streamError: (_, { message }) => ({ error: message }),
  doneAfterError: false,
};

/** The request as chat completions have it. Who does not forbid it loses the beginning of a prompt that is too long, unasked. */
function asChat(body: RawBody, window: number): { readonly body: RawBody; readonly window: number } {
  const { messages, options, format, truncate, stream, ...others } = body;
  const { num_ctx: asked, num_predict: most, stop } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const chat = {
    ...others,
    ...(Array.isArray(messages) && { messages: messages.map(asChatMessage) }),
    stream: stream !== false,
    ...(most !== undefined && { max_tokens: most }),
    ...(stop !== undefined && { stop }),
    ...(format !== undefined && { response_format: { type: "json_object" } }),
  };
  const own = typeof asked === "number" ? asked : window;
  return { body: chat, window: truncate === false ? own : Number.POSITIVE_INFINITY };
}

function asChatMessage(message: unknown): unknown {
  const { thinking, tool_calls: calls, ...others } = (message ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...others,
    ...(thinking !== undefined && { reasoning: thinking }),
    ...(Array.isArray(calls) && { tool_calls: calls.map(asChatCall) }),
  };
}

function asChatCall(call: { readonly function?: { readonly name?: unknown; readonly arguments?: unknown } }): object {
  const { name, arguments: given } = call.function ?? {};
  return { ...call, type: "function", function: { name, arguments: JSON.stringify(given ?? {}) } };
}

function said({ created, model }: AnswerPlan, words: Json, done = false): Json {
  const at = new Date(created * 1000).toISOString();
  return { model, created_at: at, message: { role: "assistant", content: "", ...words }, done };
}

function events(plan: AnswerPlan): WriteStep[] {
  const calls = callsOf(plan)["tool_calls"] as readonly Json[] | undefined;
  return [
    ...piecesOf(plan).map(({ field, text }) => eventStep(said(plan, { [NAMES[field]]: text }), 1)),
    ...(calls ?? []).map((call, index) => {
      const asked = plan.toolCalls[index];
      return eventStep(said(plan, { tool_calls: [call] }), asked ? toolCallTokens(asked) : 0);
    }),
    eventStep({ ...said(plan, {}), ...endOf(plan) }),
  ];
}

const NAMES = { reasoning: "thinking", content: "content" } as const;

function wordsOf({ content, reasoning }: AnswerPlan): Json {
  return { content, ...(reasoning !== "" && { thinking: reasoning }) };
}

function callsOf({ toolCalls }: AnswerPlan): Json {
  const calls = toolCalls.map(({ id, function: { name, arguments: text } }, index) => {
    return { id, function: { index, name, arguments: asObject(text) } };
  });
  return calls.length > 0 ? { tool_calls: calls } : {};
}

/** Arguments that are no JSON, as a fault makes them, stay what they are. */
function asObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An answer that ends with tool calls has stopped. Counts of 0 are left out. */
function endOf(plan: AnswerPlan): Json {
  const { finishReason, promptTokens } = plan;
  const tokens = outputTokens(plan);
  return {
    done: true,
    ...(finishReason !== null && { done_reason: finishReason === "tool_calls" ? "stop" : finishReason }),
    total_duration: 1_000_000 * tokens,
    ...(promptTokens > 0 && { prompt_eval_count: promptTokens }),
    ...(tokens > 0 && { eval_count: tokens }),
  };
}
