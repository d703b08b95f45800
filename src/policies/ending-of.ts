import type { Ending } from "../attempt-log.ts";
import { ResilientClientError } from "../errors.ts";

/** How an attempt ended that threw. What came with the caller's abort, or is no error of ours, says nothing about the provider. */
export function endingOf(error: unknown, signal: AbortSignal): Ending {
  if (signal.aborted || !ResilientClientError.isInstance(error)) return { outcome: "cancelled" };
  return { outcome: "failed", error };
}
