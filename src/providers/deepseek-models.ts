// Facts that change several times a year; an unknown model is sent without these limits.
// https://api-docs.deepseek.com/quick_start/pricing, as of 2026-11-15.

import { ANSWER_TOKENS, type AnswerTokens } from "../chat/answer-tokens.ts";
import { isPeakTime } from "../deepseek-peak-hours.ts";

export interface ModelFacts {
  /** Context window in tokens. */
  readonly window: number;
  readonly images: boolean;
  /** What it takes `max_tokens` for where a request does not bring it. */
  readonly answerTokens: AnswerTokens;
  /** Outside of peak hours. */
  readonly price: { readonly promptUsd: number; readonly completionUsd: number };
}

const FLASH = { promptUsd: 0.15, completionUsd: 0.6 };

const FLASH_FACTS: ModelFacts = { window: 1_048_576, images: true, answerTokens: ANSWER_TOKENS, price: FLASH };
const PRO_PRICE = { promptUsd: 0.66, completionUsd: 1.98 };

const MODELS: ReadonlyMap<string, ModelFacts> = new Map([
  ["deepseek-flash", FLASH_FACTS],
  // Retired names, served and billed as `deepseek-flash`.
  ["deepseek-v4-flash", FLASH_FACTS],
  ["deepseek-v4-flash-vision-exp", FLASH_FACTS],
  ["deepseek-v4-pro", { window: 1_048_576, images: false, answerTokens: ANSWER_TOKENS, price: PRO_PRICE }],
]);

/** What a million tokens cost at that time: double in peak hours. */
export function deepseekPrice(model: string, now: number): ModelFacts["price"] | undefined {
  const price = MODELS.get(model)?.price;
  if (!price || !isPeakTime(now)) return price;
  return { promptUsd: 2 * price.promptUsd, completionUsd: 2 * price.completionUsd };
}

export function deepseekModel(model: string): ModelFacts | undefined {
  return MODELS.get(model);
}
