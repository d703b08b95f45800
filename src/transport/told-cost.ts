import type { Usage } from "../chat/chat-response.ts";

/** No request costs that much: who says so says something else. US dollars. */
const MOST_USD = 1_000;

/**
 * What an answer cost in US dollars, as its host says in `usage.cost`. With a key of the user's own (`is_byok`) that is the host's
 * fee alone, and who was asked behind it is paid apart: https://openrouter.ai/docs/use-cases/usage-accounting
 */
export function toldCost(usage: Usage | undefined): number | undefined {
  const { cost, is_byok: isOwnKey, cost_details: details } = (usage ?? {}) as Readonly<Record<string, unknown>>;
  if (!isCost(cost)) return undefined;
  if (isOwnKey !== true) return cost;
  const upstream = (details as { readonly upstream_inference_cost?: unknown } | null | undefined)
    ?.upstream_inference_cost;
  return isCost(upstream) ? cost + upstream : undefined;
}

function isCost(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MOST_USD;
}
