import type { Clock } from "../async/clock.ts";
import type { Ending } from "../attempt-log.ts";
import type { CallLog } from "../call-log.ts";
import type { ErrorCode } from "../error-codes.ts";
import type { OpenCause } from "./attempt-verdict.ts";

export type CircuitStateName = "closed" | "open" | "half-open";

/** The state of a circuit as plain data; also what is told when it changes. */
export interface CircuitHealth {
  /** `half-open`: a request is under way, or may go, that decides for all others. */
  readonly state: CircuitStateName;
  /** Of an open one: when the next request may go; milliseconds since the epoch. */
  readonly until?: number;
  /** Of one that is not closed: why it opened. */
  readonly cause?: OpenCause;
}

/** A request that the circuit let through. */
export interface Trial {
  /** Whether it decides if others may follow. */
  readonly isProbe: boolean;
  /** Its first token came. */
  head(): void;
  /** It ended; only the first call counts. */
  end(ending: Ending): void;
}

/** Whether one provider is worth asking for one model. Local and synchronous. */
export interface Circuit {
  readonly state: CircuitStateName;
  /** Why it opened; `undefined` while it is closed. */
  readonly cause: OpenCause | undefined;
  /** What the last request failed with that counted as a failure. */
  readonly lastCode: ErrorCode | undefined;
  /** Whether a request may go: like any other, as the one that decides, or not at all. `isOnly`: there is nobody else to ask. */
  mayAsk(isOnly?: boolean): "yes" | "probe" | "no";
  /** When a request may go; milliseconds since the epoch, in the past when one may go now. */
  readyAt(isOnly?: boolean): number;
  /** A request is sent now. `undefined`: it may not go, whatever `mayAsk` said before. `log`: the call that sends it. */
  begin(log?: CallLog, isOnly?: boolean): Trial | undefined;
  /** Closes, and forgets everything: there is a new key, say. What is under way counts no more. */
  reset(log?: CallLog): void;
  /** Another process opened its circuit: this one stays open at least as long. */
  adopt(open: { readonly until: number; readonly cause: OpenCause }): void;
  health(): CircuitHealth;
}

/** Where a circuit stands. */
export interface CircuitPlace {
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of every change but an adopted one. `log`: the call whose request brought it about. */
  readonly onChange?: ((change: CircuitHealth, log: CallLog | undefined) => void) | undefined;
}

/** The numbers a circuit goes by; each is described in `BreakerOptions`. */
export interface CircuitSettings {
  readonly failureRatio: number;
  readonly minAttempts: number;
  readonly windowMs: number;
  readonly inARow: number;
  readonly loadSilenceMs: number;
  readonly loadOpenMs: number;
  readonly maxLoadOpenMs: number;
  readonly deadHostOpenMs: number;
  readonly maxDeadHostOpenMs: number;
  readonly accountOpenMs: number;
  readonly jitter: number;
  readonly askEveryMs: number;
}

/** How long a circuit stays open, before jitter. Doubles with every opening for the same cause; `openings`: those before. */
export function openTime(cause: OpenCause, openings: number, settings: CircuitSettings): number {
  if (cause === "account") return settings.accountOpenMs;
  const [firstMs, maxMs] =
    cause === "load"
      ? [settings.loadOpenMs, settings.maxLoadOpenMs]
      : [settings.deadHostOpenMs, settings.maxDeadHostOpenMs];
  // Whoever sets a first time beyond the longest means it.
  return Math.min(Math.max(firstMs, maxMs), firstMs * 2 ** openings);
}
