import { countTokens } from "../chat/assemble-completion.ts";
import type { Usage } from "../chat/chat-response.ts";

/** Tokens of all completed turns and summaries, as servers counted them; those of a server that did not are missing. */
export interface ConversationUsage {
  readonly promptTokens: number;
  /** Part of `promptTokens` found in the context cache. */
  readonly cacheHitTokens: number;
  /** The rest of `promptTokens`. */
  readonly cacheMissTokens: number;
  /** Thinking included. */
  readonly completionTokens: number;
}

export const NO_USAGE: ConversationUsage = {
  promptTokens: 0,
  cacheHitTokens: 0,
  cacheMissTokens: 0,
  completionTokens: 0,
};

export function addUsage(sum: ConversationUsage, usage: Usage | undefined): ConversationUsage {
  const counted = countTokens(usage);
  if (!counted) return sum;
  const { promptTokens, completionTokens } = counted;
  const hits = Math.min(counted.cachedTokens, promptTokens);
  return {
    promptTokens: sum.promptTokens + promptTokens,
    cacheHitTokens: sum.cacheHitTokens + hits,
    cacheMissTokens: sum.cacheMissTokens + promptTokens - hits,
    completionTokens: sum.completionTokens + completionTokens,
  };
}
