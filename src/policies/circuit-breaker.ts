import type { Policy, ProviderCall } from "../call.ts";
import { finiteMs, milliseconds, number, type Shape, wholeFromOne } from "../check-shape.ts";
import { CircuitOpenError } from "../error-family.ts";
import type { Circuit, CircuitPlace, CircuitSettings } from "../state/circuit.ts";
import { createCircuit } from "../state/circuit-state.ts";
import { withoutUndefined } from "../without-undefined.ts";
import { endingOf } from "./ending-of.ts";

/** When a provider that keeps failing is left alone, and for how long. For each provider and model by itself. */
export interface BreakerOptions {
  /**
   * The share of failed requests from which on it opens. More than 0, at most 1. Requests that have not been answered
   * yet count as if they will be.
   * @defaultValue 0.5
   */
  readonly failureRatio?: number | undefined;
  /** Below so many requests in the window a share means nothing. A whole number from 1. @defaultValue 10 */
  readonly minAttempts?: number | undefined;
  /** What counts as lately. Milliseconds from 1. @defaultValue 30_000 */
  readonly windowMs?: number | undefined;
  /** It also opens after so many failures in a row. A whole number from 1, or `Infinity`: never for that. @defaultValue 5 */
  readonly inARow?: number | undefined;
  /**
   * It does not open for a busy server that has answered anybody within that time: such a one is full, not down, and the
   * concurrency limit sees to it. Milliseconds from 0.
   * @defaultValue 5_000
   */
  readonly loadSilenceMs?: number | undefined;
  /** How long it is left alone at first when it is busy. Milliseconds from 1; doubles each time. @defaultValue 2_000 */
  readonly loadOpenMs?: number | undefined;
  /** No longer than that when it is busy, or than `loadOpenMs` where that is more. Milliseconds from 1. @defaultValue 15_000 */
  readonly maxLoadOpenMs?: number | undefined;
  /** How long at first when it does not answer at all. Milliseconds from 1; doubles each time. @defaultValue 10_000 */
  readonly deadHostOpenMs?: number | undefined;
  /** No longer than that when it does not answer, or than `deadHostOpenMs` where that is more. Milliseconds from 1. @defaultValue 20_000 */
  readonly maxDeadHostOpenMs?: number | undefined;
  /** How long when it refuses the key or the account (401, 402, 403). Milliseconds from 1. @defaultValue 900_000 */
  readonly accountOpenMs?: number | undefined;
  /** How much shorter a time may be, by chance. A share from 0, less than 1. @defaultValue 0.2 */
  readonly jitter?: number | undefined;
  /**
   * How often an only provider is asked all the same, unless it refuses the account; and how long one request may leave
   * it undecided whether others may follow. Milliseconds from 1.
   * @defaultValue 10_000
   */
  readonly askEveryMs?: number | undefined;
}

/** All numbers of the breaker, each with its reason. */
export const BREAKER_DEFAULTS: CircuitSettings = {
  failureRatio: 0.5, // Half of the requests wasted costs more than asking elsewhere.
  minAttempts: 10, // One app's calls: the 100 of server libraries would never be reached.
  windowMs: 30_000, // Longer than a hiccup, shorter than anybody's patience.
  inARow: 5, // An app that asks seldom never has ten in a window.
  // A full server answers somebody all the time: leaving it alone would leave it idle. And five refusals within a second or
  // two are often chance, where every third request is refused.
  loadSilenceMs: 5_000,
  loadOpenMs: 2_000, // A busy server has room again within seconds.
  maxLoadOpenMs: 15_000, // After the longest outage, everybody is back this soon.
  deadHostOpenMs: 10_000, // Finding out again costs a whole connect or headers timeout.
  maxDeadHostOpenMs: 20_000, // Half a minute after the longest outage everybody is back.
  accountOpenMs: 900_000, // Somebody has to change a key or pay a bill.
  jitter: 0.2, // A fleet that was cut off together must not come back together.
  askEveryMs: 10_000, // Whoever has nobody else to ask would rather fail now and then than not try.
};

const share = number("a number above 0 and at most 1", (value) => value > 0 && value <= 1);

/** What `BreakerOptions` may hold. */
export const breakerShape = (): Shape => ({
  failureRatio: share,
  minAttempts: wholeFromOne,
  windowMs: finiteMs,
  inARow: number(
    "a whole number from 1, or Infinity",
    (value) => value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 1),
  ),
  loadSilenceMs: number("milliseconds from 0", (value) => value >= 0),
  loadOpenMs: milliseconds,
  maxLoadOpenMs: milliseconds,
  deadHostOpenMs: milliseconds,
  maxDeadHostOpenMs: milliseconds,
  accountOpenMs: milliseconds,
  jitter: number("a number from 0, less than 1", (value) => value >= 0 && value < 1),
  askEveryMs: milliseconds,
});

/** The circuit of one provider and model. */
export function createCircuitBreaker(place: CircuitPlace, options: BreakerOptions = {}): Circuit {
  return createCircuit(place, { ...BREAKER_DEFAULTS, ...withoutUndefined(options) } as CircuitSettings);
}

/**
 * Lets a request go only while its provider is worth asking, and learns from how it goes. The one that decides whether
 * others may follow is judged at its head. Whoever would rather ask somebody else looks at `circuit.mayAsk()` first.
 * @throws CircuitOpenError when the request may not go.
 */
export function circuitBreaker(circuit: Circuit): Policy<ProviderCall> {
  return async (call, next) => {
    const trial = circuit.begin(call.log, !call.hasOthers);
    if (!trial) throw circuitOpenError(circuit, call);
    try {
      const reply = await next(call);
      trial.head();
      void reply.closed.then(trial.end);
      return reply;
    } catch (error) {
      trial.end(endingOf(error, call.signal));
      throw error;
    }
  };
}

/** What a call is told that is kept from a provider. Waiting helps unless the account is refused. */
export function circuitOpenError(
  circuit: Circuit,
  { provider, model, clock }: Pick<ProviderCall, "provider" | "model" | "clock">,
): CircuitOpenError {
  const retryAt = Math.ceil(circuit.readyAt());
  const forS = Math.max(1, Math.ceil((retryAt - clock.now()) / 1000));
  const why = circuit.lastCode ? ` (${circuit.lastCode})` : "";
  const message =
    circuit.cause === "account"
      ? `${provider} (${model}) refused the account${why} and is not asked for another ${forS} s: look at its key, balance and permissions.`
      : `${provider} (${model}) kept failing${why} and is left alone for another ${forS} s.`;
  return new CircuitOpenError(message, { provider, model, retryAt, retryable: circuit.cause !== "account" });
}
