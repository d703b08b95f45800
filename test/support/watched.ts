import type { ProviderState } from "../../src/state/provider-state.ts";
import type { VirtualClock } from "../../src/testing/virtual-clock.ts";

/** Every virtual clock and provider state made since the last `forgetMade`. */
export const made: { readonly clocks: VirtualClock[]; readonly states: ProviderState[] } = { clocks: [], states: [] };

export function forgetMade(): void {
  made.clocks.length = 0;
  made.states.length = 0;
}

/**
 * A maker that leaves what it makes in `made`. `vitest.config.ts` puts it around the two makers in `src`, so that no
 * test can forget to be watched.
 *
 * @public called by what the config writes
 */
export function watchMaker<A extends readonly unknown[], T extends VirtualClock | ProviderState>(
  make: (...args: A) => T,
): (...args: A) => T {
  return (...args) => {
    const one = make(...args);
    if ("pending" in one) made.clocks.push(one);
    else made.states.push(one);
    return one;
  };
}
