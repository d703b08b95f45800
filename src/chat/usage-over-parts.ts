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
  const isCounted = [last.prompt_tokens, last.completion_tokens].every((count) => typeof count === "number");
  if (!isCounted) return last;
  const thinking = estimateTokens(delivered.reasoning_content);
  const said = thinking + estimateTokens(delivered.content);
  const prompt = Math.min(last.prompt_tokens, promptTokens ?? Math.max(0, last.prompt_tokens - said));
  const before = last.prompt_tokens - prompt;
  const details = last.completion_tokens_details;
  const cached = last.prompt_cache_hit_tokens;
  return {
    ...last,
    prompt_tokens: prompt,
    completion_tokens: last.completion_tokens + before,
    ...(details && {
      completion_tokens_details: { ...details, reasoning_tokens: (details.reasoning_tokens ?? 0) + thinking },
    }),
    ...(cached !== undefined && {
      prompt_cache_hit_tokens: Math.min(cached, prompt),
      prompt_cache_miss_tokens: prompt - Math.min(cached, prompt),
    }),
  };
}
