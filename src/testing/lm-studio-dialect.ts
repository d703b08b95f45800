import { type AnswerPlan, outputTokens } from "./answer-plan.ts";
import { toolCallDeltas } from "./deepseek-dialect.ts";
import { noModelLoaded } from "./deepseek-errors.ts";
import { type Dialect, eventStep, type Json, type LocalModels, messageOf, piecesOf } from "./dialect.ts";
import type { WriteStep } from "./exchange.ts";
import { isEmbedding, type ModelShelf } from "./model-shelf.ts";

/** How thinking stands in the text: in a tag, or ended by one that was never opened, as some templates do. */
export type ThinkTag = "both" | "close";

/** A server at home: thinking within the text, no keep-alives, no key, errors as plain texts. */
export function createLmStudioDialect(thinkTag: ThinkTag): Dialect {
  const open = thinkTag === "both" ? "<think>" : "";
  const close = "</think>";

  const chunk = ({ id, created, model }: AnswerPlan, choices: readonly Json[]): Json => ({
    id: `chatcmpl-${id}`,
    object: "chat.completion.chunk",
    created,
    model,
    system_fingerprint: model,
    choices,
  });
  const event = (plan: AnswerPlan, delta: Json, tokens: number, finish: string | null = null) =>
    eventStep(chunk(plan, [{ index: 0, delta, logprobs: null, finish_reason: finish }]), tokens);

  return {
    models: undefined,
    needsKey: false,
    isStrict: false,
    prefills: false,
    keepAlive: "",
    thinks: () => true,
    headers: () => ({ "x-powered-by": "Express", "cache-control": "no-cache" }),
    events(plan, includeUsage) {
      const pieces = piecesOf(plan);
      const text = (content: string, tokens: number) => event(plan, { role: "assistant", content }, tokens);
      const say = (field: "reasoning" | "content") =>
        pieces.filter((piece) => piece.field === field).map((piece) => text(piece.text, 1));
      const thought = say("reasoning");
      const tagged: WriteStep[] = [...(open ? [text(open, 0)] : []), ...thought, text(close, 0)];
      return [
        ...(thought.length > 0 ? tagged : []),
        ...say("content"),
        ...plan.toolCalls.flatMap(toolCallDeltas).map((delta) => event(plan, delta, 1)),
        event(plan, {}, 0, plan.finishReason),
        ...(includeUsage ? [eventStep({ ...chunk(plan, []), usage: usageOf(plan) })] : []),
      ];
    },
    completion: (plan) => completion(plan, open, close),
    error(given) {
      const message = messageOf(given);
      if (message === undefined) return given;
      return { ...given, contentType: "application/json", body: JSON.stringify({ error: message }) };
    },
    streamError: (_, { message, code }) => ({ error: code === undefined ? message : { message, code } }),
    doneAfterError: false,
    local,
  };
}

/** As documented: https://lmstudio.ai/docs/developer/rest/endpoints */
const local: LocalModels = {
  usual: "deepseek-r1-0528-qwen3-8b",
  list: (path, shelf) => (/\/api\/v0\/models$/.test(path) ? ownList(shelf) : undefined),
  load(model, { loaded, justInTime }) {
    if (!justInTime && !loaded.has(model)) return noModelLoaded();
    loaded.add(model);
    return undefined;
  },
};

function ownList({ installed, loaded, window }: ModelShelf): Json {
  const names = [...new Set([...installed, ...loaded])];
  const data = names.map((id) => ({
    id,
    object: "model",
    type: isEmbedding(id) ? "embeddings" : "llm",
    publisher: "simulated",
    arch: "qwen3",
    compatibility_type: "gguf",
    quantization: "Q4_K_M",
    state: loaded.has(id) ? "loaded" : "not-loaded",
    max_context_length: Math.max(window, 131_072),
    ...(loaded.has(id) && { loaded_context_length: window }),
  }));
  return { object: "list", data };
}

function completion(plan: AnswerPlan, open: string, close: string): Json {
  const { id, created, model, reasoning, content, toolCalls, finishReason } = plan;
  const message = {
    role: "assistant",
    content: reasoning === "" ? content : `${open}${reasoning}${close}${content}`,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return {
    id: `chatcmpl-${id}`,
    object: "chat.completion",
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
    usage: usageOf(plan),
    stats: {},
    system_fingerprint: model,
  };
}

function usageOf(plan: AnswerPlan): Json {
  const tokens = outputTokens(plan);
  const { promptTokens } = plan;
  return { prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens };
}
