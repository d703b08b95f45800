// Facts that change several times a year; an unknown model is sent without these limits, and its price is unknown.
// https://api-docs.deepseek.com/quick_start/pricing, as of 2026-11-15.

import { ANSWER_TOKENS, type AnswerTokens } from "../chat/answer-tokens.ts";
import { isPeakTime } from "../deepseek-peak-hours.ts";
import type { Price } from "../money/price.ts";
import { STILL_SERVED } from "../prepare/retired-models.ts";

export interface ModelFacts {
  /** Context window in tokens. */
  readonly window: number;
  readonly images: boolean;
  /** What it takes `max_tokens` for where a request does not bring it. */
  readonly answerTokens: AnswerTokens;
  /** Outside of peak hours. */
  readonly price: { readonly promptUsd: number; readonly cachedUsd: number; readonly completionUsd: number };
}

/** In peak hours everything costs twice as much: `deepseek-peak-hours.ts`. */
const PEAK_FACTOR = 2;

const FLASH: ModelFacts = {
  window: 1_048_576,
  images: true,
  answerTokens: ANSWER_TOKENS,
  price: { promptUsd: 0.15, cachedUsd: 0.003, completionUsd: 0.6 },
};

const PRO: ModelFacts = {
  window: 1_048_576,
  images: false,
  answerTokens: ANSWER_TOKENS,
  price: { promptUsd: 0.66, cachedUsd: 0.022, completionUsd: 1.98 },
};

const MODELS: ReadonlyMap<string, ModelFacts> = new Map([
  ["deepseek-flash", FLASH],
  ["deepseek-v4-pro", PRO],
]);

/** What a million tokens cost at that time. */
export function deepseekPrice(model: string, now: number): Price | undefined {
  const price = deepseekModel(model)?.price;
  if (!price || !isPeakTime(now)) return price;
  const { promptUsd, cachedUsd, completionUsd } = price;
  return {
    promptUsd: PEAK_FACTOR * promptUsd,
    cachedUsd: PEAK_FACTOR * cachedUsd,
    completionUsd: PEAK_FACTOR * completionUsd,
  };
}

export function deepseekModel(model: string): ModelFacts | undefined {
  return MODELS.get(model) ?? (STILL_SERVED.has(model) ? FLASH : undefined);
}
