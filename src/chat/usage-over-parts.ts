import type { KeptTokens } from "../attempt-log.ts";
import type { Usage } from "./chat-response.ts";

/**
 * The usage of an answer in several parts: the first prompt and all output, as far as servers counted them; a part that
 * broke off is estimated. What was billed stands in the report.
 */
export function usageOverParts(last: Usage, before: KeptTokens): Usage {
  const { prompt_tokens: asked, completion_tokens: generated, prompt_cache_hit_tokens: hits } = last;
  if (!isCount(asked) || !isCount(generated)) return last;
  const { completionTokens: said, reasoningTokens: thinking, promptTokens } = before;
  // The last server counted the parts before its own as prompt.
  const estimated = Math.max(asked - said, promptTokens);
  const prompt = Math.min(asked, before.isPromptCounted ? promptTokens : estimated);
  const completion = generated + said;
  const { completion_tokens_details: details, prompt_tokens_details: promptDetails } = last;
  const thought = details?.reasoning_tokens ?? 0;
  const cached = promptDetails?.cached_tokens;
  return {
    ...last,
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(typeof details === "object" &&
      details &&
      isAmount(thought) && {
        completion_tokens_details: { ...details, reasoning_tokens: Math.min(completion, thought + thinking) },
      }),
    ...(isAmount(hits) && {
      prompt_cache_hit_tokens: Math.min(hits, prompt),
      prompt_cache_miss_tokens: prompt - Math.min(hits, prompt),
    }),
    ...(isAmount(cached) && {
      prompt_tokens_details: { ...promptDetails, cached_tokens: Math.min(cached, prompt) },
    }),
  };
}

/** Servers send anything; what is no number of tokens is passed on as it is. */
function isCount(value: unknown): value is number {
  return isAmount(value) && Number.isFinite(value);
}

/** What is bounded by a count may be endless: `1e999` is JSON. */
function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
