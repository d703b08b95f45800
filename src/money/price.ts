import type { TokenCounts } from "../report.ts";

/** What a million tokens cost, in US dollars. Each from 0 to 1,000,000. */
export interface Price {
  /** Of a prompt that no cache knows. */
  readonly promptUsd: number;
  /** Of the part of a prompt that was found in the cache. @defaultValue `promptUsd` */
  readonly cachedUsd?: number | undefined;
  /** Of an answer, thinking included. */
  readonly completionUsd: number;
}

/**
 * Amounts are whole numbers of these: a token of the cheapest cache costs three thousand of them, and sums of whole numbers do not
 * drift, as sums of fractions of a dollar do.
 */
export const PICODOLLARS = 1e12;

/** Dollars for a million tokens are so many picodollars for one. */
const A_TOKEN = PICODOLLARS / 1e6;

/** Picodollars; `undefined` where a price is none, as of a provider that somebody made by hand. */
export function costOf(
  { promptTokens, cachedTokens, completionTokens }: Omit<TokenCounts, "reasoningTokens">,
  { promptUsd, cachedUsd = promptUsd, completionUsd }: Price,
): number | undefined {
  // A server may say that more of the prompt was cached than there was.
  const cached = Math.min(cachedTokens, promptTokens);
  const usd = (promptTokens - cached) * promptUsd + cached * cachedUsd + completionTokens * completionUsd;
  return usd >= 0 && usd < Number.POSITIVE_INFINITY ? Math.round(usd * A_TOKEN) : undefined;
}

/** Rounded to whole ones. */
export function toPicodollars(usd: number): number {
  return Math.round(usd * PICODOLLARS);
}

export function toUsd(picodollars: number | bigint): number {
  return Number(picodollars) / PICODOLLARS;
}
