import { addTokens, NO_TOKENS } from "../answer-row.ts";
import type { AttemptReport, CostReport, TokenCounts } from "../report.ts";
import { CostSum } from "./cost-sum.ts";

/** What was asked for and paid, added up. */
export interface UsageTotals {
  /** Requests, those that failed included. */
  readonly attempts: number;
  /** All that was paid for, as far as it was counted or estimated. */
  readonly tokens: TokenCounts;
  /** In US dollars. Absent while nothing has a known price. */
  readonly costUsd?: CostReport;
}

/** What a client has used since it was made: plain data, a copy of its own. */
export interface ClientUsage {
  /** When the client was made; milliseconds since the epoch. */
  readonly since: number;
  readonly total: UsageTotals & {
    /** Calls that are over, however they ended. */
    readonly calls: number;
  };
  /**
   * Each model of each provider that was asked, in the order they first were. Of many different names, those after the first
   * 200 are one entry for each provider: `(others)`.
   */
  readonly models: readonly (UsageTotals & {
    readonly provider: string;
    /** The model by the provider's own name. */
    readonly model: string;
  })[];
}

/** Where all calls of a client are added up. */
export interface UsageBook {
  /** A call is over; only now it is known what of its attempts was wasted. */
  addCall(ended: readonly AttemptReport[]): void;
  /** An attempt has ended later than its call, as the lane of a race that was lost may. */
  addAttempt(attempt: AttemptReport): void;
  usage(): ClientUsage;
}

/** Names of models may come from anywhere, and be as many as anybody likes. */
const MAX_MODELS = 200;
const OTHERS = "(others)";

export function createUsageBook(since: number): UsageBook {
  const total = new Totals();
  const models = new Map<string, { readonly provider: string; readonly model: string; readonly totals: Totals }>();
  let calls = 0;
  const find = (provider: string, model: string): Totals => {
    const key = JSON.stringify([provider, model]);
    const known = models.get(key)?.totals;
    if (known) return known;
    if (models.size >= MAX_MODELS && model !== OTHERS) return find(provider, OTHERS);
    const totals = new Totals();
    models.set(key, { provider, model, totals });
    return totals;
  };
  const addAttempt = (attempt: AttemptReport) => {
    total.add(attempt);
    find(attempt.provider, attempt.model).add(attempt);
  };
  return {
    addCall(ended) {
      calls += 1;
      for (const attempt of ended) addAttempt(attempt);
    },
    addAttempt,
    usage: () =>
      Object.freeze({
        since,
        total: Object.freeze({ calls, ...total.report() }),
        models: Object.freeze(
          [...models.values()].map(({ provider, model, totals }) =>
            Object.freeze({ provider, model, ...totals.report() }),
          ),
        ),
      }),
  };
}

class Totals {
  #attempts = 0;
  #tokens = NO_TOKENS;
  readonly #cost = new CostSum();

  add(attempt: AttemptReport): void {
    this.#attempts += 1;
    this.#tokens = addTokens(this.#tokens, attempt.tokens);
    this.#cost.add(attempt);
  }

  report(): UsageTotals {
    const costUsd = this.#cost.report;
    return {
      attempts: this.#attempts,
      tokens: Object.freeze({ ...this.#tokens }),
      ...(costUsd && { costUsd: Object.freeze(costUsd) }),
    };
  }
}
