import type { AttemptCall, Progress, ProviderCall, Send } from "../call.ts";
import type { Price } from "../money/price.ts";
import type { AttemptKind } from "../report.ts";
import type { ProviderState } from "../state/provider-state.ts";
import { endingOf } from "./ending-of.ts";
import type { RetryBudget } from "./retry-budget.ts";

/** How an attempt at a provider is priced. */
interface Pricing {
  price(model: string, now: number): Price | undefined;
  /** Whether its own word is believed. */
  readonly tellsCost?: boolean | undefined;
}

/** Until `attempt-timeouts` listens. */
const NOBODY: Progress = { headers() {}, bytes() {}, body() {}, content() {}, head() {}, finish() {}, reading() {} };

/**
 * Writes an attempt down, right before it is sent: in the call's log, in what is known of its provider, and in the retry
 * budget. Everything above it may wait or refuse without having asked anybody.
 */
export function recordAttempt(
  state: ProviderState,
  budget: RetryBudget | undefined,
  send: Send<AttemptCall>,
  pricing?: Pricing,
): Send<ProviderCall> {
  return async (call) => {
    const { provider, model, round, slotWaitMs, log, spending } = call;
    const kind = call.kind ?? attemptKind(call);
    // The first retry of a round was taken from the budget when that began.
    const isTaken = kind === "retry" && !log.attempts.some((attempt) => attempt.round === round);
    if (!isTaken) budget?.note(kind);
    const price = pricing?.price(model, call.clock.now());
    const billing = { price, believesHost: pricing?.tellsCost ?? false, onEnd: spending?.onEnd };
    const attempt = log.begin({ kind, provider, model, round, slotWaitMs }, billing);
    const done = state.begin(model);
    try {
      const reply = await send({ ...call, attempt, progress: NOBODY, watch: spending?.watch });
      done.head();
      void reply.closed.then(done.end);
      return reply;
    } catch (error) {
      const ending = endingOf(error, call.signal);
      attempt.end(ending);
      done.end(ending);
      throw error;
    }
  };
}

function attemptKind({ provider, round, log: { attempts } }: ProviderCall): AttemptKind {
  if (attempts.length === 0) return "first";
  return round > 0 || attempts.some((attempt) => attempt.provider === provider) ? "retry" : "fallback";
}
