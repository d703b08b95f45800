import type { PartialAnswer } from "../errors.ts";
import type { TokenCounts } from "../report.ts";
import type { ChatCompletion, ChatCompletionChunk, ChoiceLogprobs, TokenLogprob, Usage } from "./chat-response.ts";
import { createToolCallCollector } from "./collect-tool-calls.ts";

/** Adds chunks up to the completion they make. */
export interface CompletionAssembler {
  add(chunk: ChatCompletionChunk): void;
  /** What arrived so far. */
  partial(): PartialAnswer;
  /** The completion; call it only after the accepted finish. */
  completion(): ChatCompletion;
}

export function createCompletionAssembler(): CompletionAssembler {
  let first: ChatCompletionChunk | undefined;
  let last: ChatCompletionChunk | undefined;
  let finish: ChatCompletionChunk | undefined;
  let content = "";
  let reasoning = "";
  let usage: Usage | undefined;
  let logprobs: { content: TokenLogprob[]; reasoning_content: TokenLogprob[] } | undefined;
  const toolCalls = createToolCallCollector();

  return {
    add(chunk) {
      first ??= chunk;
      last = chunk;
      if (chunk.usage) usage = chunk.usage;
      const choice = chunk.choices[0];
      if (!choice) return;
      const { delta } = choice;
      if (delta.content) content += delta.content;
      if (delta.reasoning_content) reasoning += delta.reasoning_content;
      if (delta.tool_calls) toolCalls.add(delta.tool_calls);
      if (choice.logprobs) logprobs = addLogprobs(logprobs, choice.logprobs);
      if (choice.finish_reason) finish ??= chunk;
    },
    partial: () => ({ content, reasoning_content: reasoning }),
    completion() {
      const choice = finish?.choices[0];
      const { choices: _, usage: __, ...head } = { ...first, ...finish, ...last };
      const { delta: ___, ...choiceFields } = choice ?? { delta: {} };
      const calls = choice?.finish_reason === "length" ? undefined : toolCalls.complete();
      // The spread fields were sent by the server; the ones a completion must have follow them.
      return {
        ...head,
        id: first?.id ?? "",
        object: "chat.completion",
        created: first?.created ?? 0,
        model: last?.model ?? "",
        choices: [
          {
            ...choiceFields,
            index: 0,
            message: {
              role: "assistant",
              content,
              ...(reasoning && { reasoning_content: reasoning }),
              ...(calls?.length && { tool_calls: calls }),
            },
            logprobs: logprobs ? withoutEmpty(logprobs) : null,
            finish_reason: choice?.finish_reason ?? "stop",
          },
        ],
        ...(usage && { usage }),
      };
    },
  };
}

/** The tokens of a usage object, whatever of it the server sent. */
export function countTokens(usage: Usage | undefined): TokenCounts | undefined {
  if (!usage) return undefined;
  const count = (value: unknown) => (typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : 0);
  return {
    promptTokens: count(usage.prompt_tokens),
    cachedTokens: count(usage.prompt_cache_hit_tokens ?? usage.prompt_tokens_details?.cached_tokens),
    completionTokens: count(usage.completion_tokens),
    reasoningTokens: count(usage.completion_tokens_details?.reasoning_tokens),
  };
}

function addLogprobs(
  sum: { content: TokenLogprob[]; reasoning_content: TokenLogprob[] } | undefined,
  more: ChoiceLogprobs,
): { content: TokenLogprob[]; reasoning_content: TokenLogprob[] } {
  const total = sum ?? { content: [], reasoning_content: [] };
  // One by one: a whole answer's entries at once would be too many arguments for `push(...entries)`.
  if (Array.isArray(more.content)) for (const entry of more.content) total.content.push(entry);
  if (Array.isArray(more.reasoning_content))
    for (const entry of more.reasoning_content) total.reasoning_content.push(entry);
  return total;
}

function withoutEmpty(logprobs: { content: TokenLogprob[]; reasoning_content: TokenLogprob[] }): ChoiceLogprobs {
  return {
    content: logprobs.content.length > 0 ? logprobs.content : null,
    ...(logprobs.reasoning_content.length > 0 && { reasoning_content: logprobs.reasoning_content }),
  };
}
