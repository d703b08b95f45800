import type { Call, Policy } from "../call.ts";
import { TimeoutError } from "../error-family.ts";

export interface DeadlineOptions {
  /**
   * From the start of the call to its first token, over all rounds, waits and providers. Milliseconds from 1, or
   * `Infinity`. When it is over, or no further wait fits into it, the call fails.
   * @defaultValue 120_000; 900_000 in profile `patient`; `Infinity` in `batch`
   */
  readonly startMs?: number | undefined;
  /**
   * The whole call, to its last token. Milliseconds from 1, or `Infinity`.
   * @defaultValue `Infinity`: an answer of 64K thinking tokens is healthy for many minutes, and the other limits end a dead one
   */
  readonly totalMs?: number | undefined;
}

/** Sets when the first token must have come and when all must be over. Whoever waits below looks at these two. */
export function deadline({ startMs, totalMs }: { readonly startMs: number; readonly totalMs: number }): Policy {
  return (call, next) => {
    const now = call.clock.now();
    const deadlineAt = now + totalMs;
    return next({ ...call, deadlineAt, startBy: Math.min(now + startMs, deadlineAt) });
  };
}

/** Throws when there is no time left to ask anybody. */
export function requireTime(call: Call): void {
  if (call.clock.now() < call.startBy) return;
  throw startTimeout(call.deadlineAt <= call.startBy ? "total" : "start");
}

function startTimeout(phase: "start" | "total"): TimeoutError {
  const limit = phase === "start" ? "for the first token (timeouts.startMs)" : "for the whole call (timeouts.totalMs)";
  return new TimeoutError(`The time ${limit} is over.`, { phase });
}
