import { estimateTokens } from "../context/estimate-tokens.ts";
import type { Usage } from "./chat-response.ts";

/**
 * The usage of an answer in several parts: the first prompt and all output. The last server counted the parts before its
 * own as prompt; how many tokens they are is an estimate, unless `promptTokens` of the first prompt are known. The total
 * is the server's own either way. What was billed stands in the report.
 */
export function usageOverParts(
  last: Usage,
  delivered: { readonly content: string; readonly reasoning_content: string },
  promptTokens: number | undefined,
): Usage {
  const { prompt_tokens: asked, completion_tokens: generated, prompt_cache_hit_tokens: hits } = last;
  if (!isCount(asked) || !isCount(generated)) return last;
  const thinking = estimateTokens(delivered.reasoning_content);
  const said = thinking + estimateTokens(delivered.content);
  const prompt = Math.min(asked, isCount(promptTokens) ? promptTokens : Math.max(0, asked - said));
  const completion = generated + asked - prompt;
  const { completion_tokens_details: details, prompt_tokens_details: promptDetails } = last;
  const thought = details?.reasoning_tokens ?? 0;
  const cached = promptDetails?.cached_tokens;
  return {
    ...last,
    prompt_tokens: prompt,
    completion_tokens: completion,
    ...(typeof details === "object" &&
      details &&
      isCount(thought) && {
        completion_tokens_details: { ...details, reasoning_tokens: Math.min(completion, thought + thinking) },
      }),
    ...(isCount(hits) && {
      prompt_cache_hit_tokens: Math.min(hits, prompt),
      prompt_cache_miss_tokens: prompt - Math.min(hits, prompt),
    }),
    ...(isCount(cached) && {
      prompt_tokens_details: { ...promptDetails, cached_tokens: Math.min(cached, prompt) },
    }),
  };
}

/** Servers send anything; what is no number of tokens is passed on as it is. */
function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}
