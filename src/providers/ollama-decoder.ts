import type { ChatCompletionChunk, ChoiceLogprobs, Usage } from "../chat/chat-response.ts";
import { UnexpectedResponseError } from "../error-family.ts";
import { type Fields, isFields } from "../parse-json.ts";
import { whoIs } from "../server-words.ts";
import type { ChunkDecoder } from "../transport/chunk-source.ts";
import { detailsOf, type FailureContext } from "../transport/failure-context.ts";
import { errorFromField } from "../transport/http-errors.ts";

/**
 * Reads the objects of Ollama's own route as DeepSeek's chunks. Its answers have no id and its tool calls had none before 0.12.10:
 * `id` is whatever tells this answer from others.
 */
export function createOllamaDecoder(context: FailureContext, id: string): ChunkDecoder {
  const unexpected = (what: string) => {
    return new UnexpectedResponseError(`${whoIs(context)} sent ${what}.`, detailsOf(context));
  };
  let calls = 0;
  let created: number | undefined;
  /** Calls come whole. Their own `index` is 0 for each in older versions. */
  const toCall = (call: unknown) => {
    const fn = isFields(call) ? call["function"] : undefined;
    if (!isFields(call) || !isFields(fn) || typeof fn["name"] !== "string")
      throw unexpected("a tool call that is none");
    const given = fn["arguments"] ?? {};
    // Those who speak its protocol too may send them as chat completions do.
    const text = typeof given === "string" ? given : isFields(given) ? JSON.stringify(given) : undefined;
    if (text === undefined) throw unexpected("a tool call whose arguments are no object");
    const index = calls++;
    const own = typeof call["id"] === "string" && call["id"] !== "" ? call["id"] : `call_${id}_${index}`;
    return {
      index,
      id: own,
      type: "function" as const,
      function: { name: fn["name"], arguments: text },
    };
  };
  const toDelta = (message: Fields, isFirst: boolean) => {
    const { content, thinking, tool_calls: asked } = message;
    if (!isText(content) || !isText(thinking) || (asked != null && !Array.isArray(asked)))
      throw unexpected("a message that is no text and no tool call");
    return {
      ...(isFirst && { role: "assistant" as const }),
      content: content ?? "",
      ...(thinking && { reasoning_content: thinking }),
      ...(asked?.length && { tool_calls: asked.map(toCall) }),
    };
  };
  const chunk = (json: unknown): ChatCompletionChunk => {
    if (!isFields(json)) throw unexpected("a line that is no object");
    if (json["error"]) throw errorFromField(json["error"], context);
    const { message = json["done"] === true ? {} : undefined, done, done_reason: reason, logprobs, ...others } = json;
    if (!isFields(message)) throw unexpected("a line without a message");
    if ((done != null && typeof done !== "boolean") || !isText(reason)) throw unexpected("an end that is none");
    const isFirst = created === undefined;
    created ??= secondsOf(json["created_at"]);
    const delta = toDelta(message, isFirst);
    // It calls an answer that ends with tool calls stopped.
    const finish = done && (reason === "stop" && calls > 0 ? "tool_calls" : reason);
    return {
      ...withoutCounts(others),
      id: `chatcmpl-${id}`,
      object: "chat.completion.chunk",
      created,
      model: typeof json["model"] === "string" ? json["model"] : context.model,
      choices: [{ index: 0, delta, logprobs: toLogprobs(logprobs), finish_reason: finish || null }],
      usage: toUsage(json),
    };
  };
  return { chunk, completion: (json) => [chunk(json)] };
}

function isText(value: unknown): value is string | null | undefined {
  return typeof value === "string" || value == null;
}

/** What is said under another name is not said twice; how long it took (nanoseconds) is passed through. */
function withoutCounts({ created_at: _, prompt_eval_count: __, eval_count: ___, ...others }: Fields): Fields {
  return others;
}

/** A count of 0 is left out by the server. */
function toUsage({ prompt_eval_count: prompt, eval_count: answer }: Fields): Usage | null {
  if (typeof prompt !== "number" && typeof answer !== "number") return null;
  const counts = [prompt, answer].map((count) => (typeof count === "number" ? count : 0));
  const [promptTokens = 0, completionTokens = 0] = counts;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

/** As chat completions have them; what is not whole says nothing of the answer, and is left out. */
function toLogprobs(given: unknown): ChoiceLogprobs | null {
  const isToken = (entry: unknown): entry is Fields & { token: string; logprob: number } =>
    isFields(entry) && typeof entry["token"] === "string" && typeof entry["logprob"] === "number";
  if (!Array.isArray(given) || given.length === 0 || !given.every(isToken)) return null;
  const toToken = ({ token, logprob, bytes }: Fields & { token: string; logprob: number }) => ({
    token,
    logprob,
    bytes: Array.isArray(bytes) ? (bytes as number[]) : null,
  });
  const content = given.map((entry) => {
    const top = Array.isArray(entry["top_logprobs"]) ? entry["top_logprobs"].filter(isToken) : [];
    return { ...toToken(entry), top_logprobs: top.map(toToken) };
  });
  return { content };
}

/** Seconds since the epoch; 0 for what is no time. */
function secondsOf(time: unknown): number {
  const ms = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}
