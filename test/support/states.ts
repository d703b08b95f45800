import type { Clock } from "../../src/async/clock.ts";
import { createCircuitBreaker } from "../../src/policies/circuit-breaker.ts";
import { createConcurrencyLimit } from "../../src/policies/concurrency-limit.ts";
import { createModelState } from "../../src/state/model-state.ts";
import { createProviderState, type ProviderState } from "../../src/state/provider-state.ts";

/** The state of a provider as a client has it, with every default. */
export function makeState(provider: string, clock: Clock): ProviderState {
  const createModel = (model: string) =>
    createModelState(
      model,
      createCircuitBreaker({ clock, random: () => 0 }),
      createConcurrencyLimit({ provider, model, clock }),
      clock,
    );
  return createProviderState({ provider, clock, createModel });
}
