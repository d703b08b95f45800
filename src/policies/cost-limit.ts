import type { Call, Policy, ProviderCall } from "../call.ts";
import { finiteMs, number, type Shape } from "../check-shape.ts";
import { loadPart } from "../load-part.ts";
import type { Price } from "../money/price.ts";
import { type CostWindow, createCostAccount } from "../state/cost-account.ts";
import type { ModelState } from "../state/model-state.ts";

/** What all calls of a client may spend together. */
export interface CostWindowOptions {
  /** US dollars within any window. A number above 0. */
  readonly maxCostUsd: number;
  /**
   * How long the window is that slides along, in milliseconds from 1.
   * @defaultValue 86_400_000, a day
   */
  readonly windowMs?: number | undefined;
}

/** All numbers of the window that have a default, each with its reason. */
const COST_WINDOW_DEFAULTS = {
  windowMs: 86_400_000, // What people know of a bill is what a day costs.
} as const;

/** What `maxCostUsd` of a call may be. */
export const aMaxCost = number("US dollars above 0, or Infinity", (value) => value > 0);

/** What `CostWindowOptions` may hold. */
export const costWindowShape = (): Shape => ({
  maxCostUsd: number("US dollars above 0", (value) => value > 0 && Number.isFinite(value)),
  windowMs: finiteMs,
});

/** Before any answer has ended: about a page of text. */
const FIRST_ANSWER_TOKENS = 500;

export function createCostWindow(options: CostWindowOptions): CostWindow {
  const { maxCostUsd, windowMs = COST_WINDOW_DEFAULTS.windowMs } = options;
  return { account: createCostAccount(maxCostUsd, windowMs), answerTokens: FIRST_ANSWER_TOKENS };
}

/** Opens the account of a call, once for all its attempts. */
export function keepCosts(maxCostUsd: number | undefined, window: CostWindow | undefined): Policy {
  return (call, next) => {
    const own = maxCostUsd === undefined ? undefined : createCostAccount(maxCostUsd, Number.POSITIVE_INFINITY);
    return next({ ...call, costs: { call: own, window, refused: new Map(), unknown: new Set() } });
  };
}

/** Whom an attempt is sent to, as far as money goes. */
export interface Payee {
  readonly state: ModelState;
  price(model: string, now: number): Price | undefined;
  /** How it would go on with the call's answer; `undefined`: it begins anew. */
  way(call: Call): "prefix" | "prefill" | undefined;
}

/**
 * Refuses an attempt whose prompt alone would pass a limit, and ends one in the middle whose answer does. It stands right before an
 * attempt is written down. What does all that is a part of its own.
 * @throws CostLimitError
 */
export function costLimit(payee: Payee): Policy<ProviderCall> {
  return async (call, next) => {
    const { costs } = call;
    if (!costs) return next(call);
    const { spendWithin } = await loadSpending();
    return spendWithin(costs, payee, call, next);
  };
}

export const loadSpending = /* @__PURE__ */ loadPart(() => import("./spend-within.ts"));
