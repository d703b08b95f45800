import type { Ending } from "../attempt-log.ts";
import type { AttemptCall } from "../call.ts";
import { countTokens } from "../chat/assemble-completion.ts";
import type { HeldBack } from "../chat/hold-back.ts";
import { estimatePrompt } from "../context/estimate-prompt.ts";
import { toldCost } from "./told-cost.ts";

/** What an answer cost: as the server counted, or an estimate, if it generated something and never told. */
export function spentTokens(
  { usage, tokens }: HeldBack,
  { request, spending }: Pick<AttemptCall, "request" | "spending">,
  hasHead: boolean,
): Pick<Ending, "tokens" | "estimated" | "toldUsd"> {
  const counted = countTokens(usage);
  if (counted || !hasHead) return { tokens: counted, toldUsd: toldCost(usage) };
  const promptTokens = spending?.promptTokens ?? estimatePrompt(request);
  return {
    tokens: { promptTokens, cachedTokens: 0, completionTokens: tokens.all, reasoningTokens: tokens.thinking },
    estimated: true,
  };
}
