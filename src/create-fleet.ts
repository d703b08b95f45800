import type { Clock } from "./async/clock.ts";
import type { ClientOptions } from "./client-options.ts";
import type { Fleet, Member } from "./create-pipeline.ts";
import { createUsageBook, type UsageBook } from "./money/usage-book.ts";
import { createCircuitBreaker } from "./policies/circuit-breaker.ts";
import { createConcurrencyLimit, LIMIT_DEFAULTS } from "./policies/concurrency-limit.ts";
import { createCostWindow } from "./policies/cost-limit.ts";
import { createRetryBudget } from "./policies/retry-budget.ts";
import type { Provider } from "./providers/provider.ts";
import type { CircuitHealth } from "./state/circuit.ts";
import { guardStore } from "./state/guard-store.ts";
import { createModelState } from "./state/model-state.ts";
import { createProviderState } from "./state/provider-state.ts";
import { createRateLimit } from "./state/rate.ts";
import type { StateStore, StateUpdate } from "./state/state-store.ts";
import { ALWAYS_CLOSED, createUnlimitedSlots } from "./state/unlimited.ts";

/** What all calls of a client have in common, and what they tell those of other clients. */
export interface SharedFleet extends Fleet {
  /** What all calls have used. */
  readonly usage: UsageBook;
  /** Ends the exchange with other clients. */
  close(): Promise<void>;
}

export function createFleet(
  providers: readonly Provider[],
  options: ClientOptions,
  clock: Clock,
  random: () => number,
): SharedFleet {
  const { retryBudget, order = "ordered", limits } = options;
  const store = options.state && guardStore(options.state, clock.now);
  const members = providers.map((provider) => createMember(provider, options, { clock, random, store }));
  const unsubscribe = store?.subscribe((update) => adopt(members, update));
  return {
    members,
    budget: retryBudget === false ? undefined : createRetryBudget(clock, retryBudget),
    order,
    costWindow: options.costWindow && createCostWindow(options.costWindow),
    usage: createUsageBook(Math.round(clock.now())),
    spillAfterMs: (limits || undefined)?.spillAfterMs ?? LIMIT_DEFAULTS.spillAfterMs,
    async close() {
      unsubscribe?.();
    },
  };
}

interface Place {
  readonly clock: Clock;
  readonly random: () => number;
  readonly store: StateStore | undefined;
}

function createMember(provider: Provider, options: ClientOptions, { clock, random, store }: Place): Member {
  const { name, rateLimit } = provider;
  const createModel = (model: string) => {
    const publish = (update: Omit<StateUpdate, "provider" | "model">) =>
      store?.publish({ provider: name, model, ...update });
    const circuit =
      options.breaker === false
        ? ALWAYS_CLOSED
        : createCircuitBreaker(
            {
              clock,
              random,
              onChange(change, log) {
                const { state, until } = change;
                log?.tell({ type: "breaker", provider: name, model, state, ...(until !== undefined && { until }) });
                publishOpening(change, publish);
              },
            },
            options.breaker,
          );
    const slots =
      options.limits === false
        ? createUnlimitedSlots()
        : createConcurrencyLimit(
            {
              provider: name,
              model,
              clock,
              onChange(limit, log) {
                log?.tell({ type: "limit", provider: name, model, limit });
                const named = slots.health().named;
                if (named) publish({ limit: named });
              },
            },
            options.limits,
          );
    return createModelState(model, circuit, slots, clock);
  };
  const onNotBefore = (notBefore: number) => store?.publish({ provider: name, notBefore });
  return {
    provider,
    state: createProviderState({ provider: name, clock, createModel, onNotBefore }),
    rate: rateLimit && createRateLimit({ provider: name, clock }, rateLimit),
  };
}

/** Another client may have another account: what is wrong with this one's is no news for it. */
function publishOpening(
  { state, until, cause }: CircuitHealth,
  publish: (update: Pick<StateUpdate, "open">) => void,
): void {
  if (state === "open" && until !== undefined && (cause === "load" || cause === "dead_host"))
    publish({ open: { until, cause } });
}

function adopt(members: readonly Member[], { provider, model, notBefore, open, limit }: StateUpdate): void {
  const state = members.find((member) => member.provider.name === provider)?.state;
  if (notBefore) state?.adopt(notBefore);
  if (!state || model === undefined) return;
  const { circuit, slots } = state.forModel(model);
  if (open) circuit.adopt(open);
  if (limit) slots.adopt(limit);
}
