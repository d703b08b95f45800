import type { Policy } from "../call.ts";
import { unlessAborted } from "../load-part.ts";

/**
 * Loads the parts that a call's options need, together: before a time limit or a race runs, and where it is no provider's failure that
 * they cannot be had.
 */
export function partsLoaded(loads: readonly (() => unknown)[]): Policy {
  return async (call, next) => {
    const parts = loads.map((load) => load());
    if (parts.some((part) => part instanceof Promise)) await unlessAborted(Promise.all(parts), call.signal);
    return next(call);
  };
}
