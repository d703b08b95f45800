import { StreamInterruptedError } from "../error-family.ts";
import type { PartialAnswer } from "../errors.ts";
import type { TokenCounts } from "../report.ts";
import { type BegunAnswer, isThere } from "./begun-answer.ts";
import type { ToolCall } from "./chat-request.ts";
import {
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChoiceLogprobs,
  type ChunkChoice,
  type ChunkDelta,
  type CompletionMessage,
  type FinishReason,
  type TokenLogprob,
  type Usage,
  WAS_THINKING,
} from "./chat-response.ts";
import { createToolCallCollector } from "./collect-tool-calls.ts";
import { decisiveFinish } from "./judge-completion.ts";

/** Adds chunks up to the completion they make. */
export interface CompletionAssembler {
  add(chunk: ChatCompletionChunk): void;
  /** What arrived so far. */
  partial(): PartialAnswer;
  /** The same, for whoever goes on with it. */
  begun(): BegunAnswer;
  /** The completion; call it only after the accepted finish. `thinking`: instead of what was added up. */
  completion(thinking?: string): ChatCompletion;
}

export function createCompletionAssembler(): CompletionAssembler {
  const head: Head = { fields: {}, id: "", created: 0, model: "" };
  const extras: Record<string, unknown> = {};
  let finish: ChunkChoice | undefined;
  let finishReason: FinishReason | undefined;
  let content = "";
  let reasoning = "";
  let refusal = "";
  let pieces = 0;
  let usage: Usage | undefined;
  let logprobs: Logprobs | undefined;
  const toolCalls = createToolCallCollector();

  return {
    add(chunk) {
      noteHead(head, chunk);
      if (chunk.usage) usage = chunk.usage;
      const choice = chunk.choices[0];
      if (!choice) return;
      const { delta } = choice;
      if (delta[WAS_THINKING]) [reasoning, content] = [reasoning + content, ""];
      if (delta.content) content = flatten(content + delta.content, ++pieces);
      if (delta.reasoning_content) reasoning = flatten(reasoning + delta.reasoning_content, ++pieces);
      if (delta.tool_calls) toolCalls.add(delta.tool_calls);
      if (delta.refusal) refusal += delta.refusal;
      for (const key in delta) if (!isKnown(key)) addExtra(extras, key, delta[key as keyof ChunkDelta]);
      if (choice.logprobs) logprobs = addLogprobs(logprobs, choice.logprobs);
      if (!choice.finish_reason) return;
      finishReason = decisiveFinish(finishReason, choice.finish_reason);
      if (finishReason === choice.finish_reason) finish = choice;
    },
    partial: () => ({ content, reasoning_content: reasoning, ...(refusal && { refusal }) }),
    begun() {
      const isOnlyExtras = content + reasoning === "" && Object.values(extras).some(isThere);
      const hasOther = toolCalls.size > 0 || refusal !== "" || isOnlyExtras;
      return { content, reasoning_content: reasoning, hasOther, id: head.id, created: head.created };
    },
    completion(thinking = reasoning) {
      if (!finishReason) throw new StreamInterruptedError("The answer has no finish reason: it is incomplete.");
      const calls = finishReason === "length" ? undefined : toolCalls.complete();
      const { delta: _, ...choiceFields } = (finish ?? {}) as Partial<ChunkChoice>;
      const message = messageOf(extras, content, thinking, calls, refusal);
      const choice = { ...choiceFields, index: 0, message, logprobs: logprobs ? withoutEmpty(logprobs) : null };
      const { fields, id, created, model } = head;
      return {
        ...fields,
        id,
        object: "chat.completion",
        created,
        model,
        choices: [{ ...choice, finish_reason: finishReason }],
        ...(usage && { usage }),
      };
    },
  };
}

function messageOf(
  extras: object,
  content: string,
  thinking: string,
  calls: readonly ToolCall[] | undefined,
  refusal: string,
): CompletionMessage {
  return {
    ...extras,
    role: "assistant",
    content,
    ...(thinking && { reasoning_content: thinking }),
    ...(calls?.length && { tool_calls: calls }),
    ...(refusal && { refusal }),
  };
}

/**
 * V8 keeps a text that was added up as a tree of its pieces, several times its size, until one of its letters is looked
 * at. So one is, now and then: at every piece, the whole text would be copied each time.
 */
function flatten(text: string, pieces: number): string {
  if (pieces % PIECES_A_COPY === 0) text.charCodeAt(0);
  return text;
}

const PIECES_A_COPY = 512;

/** Fields of the message the client does not know: lists grow by their pieces, of all others the last one counts. */
function addExtra(extras: Record<string, unknown>, key: string, value: unknown): void {
  const sum = extras[key];
  if (!Array.isArray(value)) extras[key] = value;
  else if (Array.isArray(sum)) for (const entry of value) sum.push(entry);
  else extras[key] = [...value];
}

/** What stands around the choices. Some servers leave it blank on their first or last chunk. */
interface Head {
  fields: Readonly<Record<string, unknown>>;
  id: string;
  created: number;
  model: string;
}

type Logprobs = { content: TokenLogprob[]; reasoning_content: TokenLogprob[] };

/** Fields of a delta that are added up; all others are passed through. Compared one by one: it runs for every chunk. */
function isKnown(key: string): boolean {
  return (
    key === "content" || key === "reasoning_content" || key === "role" || key === "tool_calls" || key === "refusal"
  );
}

function noteHead(head: Head, chunk: ChatCompletionChunk): void {
  // Servers repeat their own fields on every chunk, so the first and the last chunk have them all.
  if (head.id === "" || chunk.choices.length === 0 || chunk.choices[0]?.finish_reason) {
    const { choices: _, usage: __, ...fields } = chunk;
    head.fields = { ...head.fields, ...fields };
  }
  const { id, created, model } = chunk as { readonly [field in "id" | "created" | "model"]?: unknown };
  if (typeof id === "string") head.id ||= id;
  if (typeof created === "number") head.created ||= created;
  if (typeof model === "string" && model !== "") head.model = model;
}

/** No window holds more than a thousandth of that: who counts so many has counted something else. */
const MOST_TOKENS = 1e9;

/** The tokens of a usage object, whatever of it the server sent. */
export function countTokens(usage: Usage | undefined): TokenCounts | undefined {
  if (!usage) return undefined;
  const count = (value: unknown) => (typeof value === "number" && value >= 0 && value <= MOST_TOKENS ? value : 0);
  // Together has these beside the others, and may count more thinking than answer.
  const { cached_tokens: cached, reasoning_tokens: thought } = usage as {
    cached_tokens?: unknown;
    reasoning_tokens?: unknown;
  };
  const completionTokens = count(usage.completion_tokens);
  const reasoningTokens = count(usage.completion_tokens_details?.reasoning_tokens ?? thought);
  return {
    promptTokens: count(usage.prompt_tokens),
    cachedTokens: count(usage.prompt_cache_hit_tokens ?? usage.prompt_tokens_details?.cached_tokens ?? cached),
    completionTokens,
    reasoningTokens: Math.min(reasoningTokens, completionTokens),
  };
}

function addLogprobs(sum: Logprobs | undefined, more: ChoiceLogprobs): Logprobs {
  const total = sum ?? { content: [], reasoning_content: [] };
  // One by one: a whole answer's entries at once would be too many arguments for `push(...entries)`.
  if (Array.isArray(more.content)) for (const entry of more.content) total.content.push(entry);
  if (Array.isArray(more.reasoning_content))
    for (const entry of more.reasoning_content) total.reasoning_content.push(entry);
  return total;
}

function withoutEmpty(logprobs: Logprobs): ChoiceLogprobs {
  return {
    content: logprobs.content.length > 0 ? logprobs.content : null,
    ...(logprobs.reasoning_content.length > 0 && { reasoning_content: logprobs.reasoning_content }),
  };
}
