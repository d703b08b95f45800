import pRetry from "p-retry";
import { sleep } from "../async/sleep.ts";
import type { Call, Policy, Reply } from "../call.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { type ResilientClientError, restateError } from "../errors.ts";
import type { WaitReason } from "../events.ts";
import type { Backoff } from "./backoff.ts";
import { RoundFailed } from "./round-failed.ts";

export interface RetryOptions {
  /**
   * How many rounds at most; in each one every provider is asked once. A whole number from 1, or `Infinity`.
   * @defaultValue `Infinity`: the time limit `timeouts.startMs` ends the rounds
   */
  readonly maxRounds?: number | undefined;
  /**
   * How long to wait after a round in which everybody failed. A server's own `Retry-After` is never undercut.
   * @defaultValue `exponential()`; `schedule([5_000, 10_000, 30_000])` in the profiles `patient` and `batch`
   */
  readonly backoff?: Backoff | undefined;
}

export type RetrySettings = { readonly maxRounds: number; readonly backoff: Backoff };

/**
 * Asks again, round by round. The only place of the client that repeats a failed request, so that tries never multiply.
 * A wait that would outlast the time for the first token is not begun: the call fails at once and says when to come back.
 *
 * p-retry cannot wait for a time that only the failure knows, and its own wait does not use our clock. So it counts and
 * decides, and the wait stands at the beginning of the next round.
 */
export function retry({ maxRounds, backoff }: RetrySettings): Policy {
  return async (call, next) => {
    let opened: Reply | undefined;
    let wait: Wait = { forMs: 0, why: "backoff" };
    try {
      return await pRetry(
        async (number) => {
          if (number > 1) await pause(call, wait);
          opened = await next({ ...call, round: number - 1 });
          return opened;
        },
        {
          retries: maxRounds - 1,
          minTimeout: 0,
          signal: call.signal,
          shouldRetry({ error, attemptNumber }) {
            if (!(error instanceof RoundFailed) || !error.again) return false;
            wait = planWait(call, backoff, attemptNumber, wait.forMs, error.readyAt);
            return call.clock.now() + wait.forMs < call.startBy;
          },
        },
      );
    } catch (error) {
      // p-retry looks at the signal once more after a success; that reply is nobody's then.
      opened?.cancel();
      if (call.signal.aborted) throw call.signal.reason;
      throw error instanceof RoundFailed ? finalFailure(error, call.clock.now() + wait.forMs) : error;
    }
  };
}

interface Wait {
  readonly forMs: number;
  readonly why: WaitReason;
}

function planWait(call: Call, backoff: Backoff, round: number, previousMs: number, readyAt: number): Wait {
  const backoffMs = backoff({ round, previousMs, random: call.random });
  if (!(backoffMs >= 0)) {
    throw new InvalidOptionsError(`retry.backoff must return milliseconds from 0, but returned ${String(backoffMs)}.`);
  }
  const hintMs = readyAt - call.clock.now();
  return hintMs > backoffMs ? { forMs: hintMs, why: "retry-after" } : { forMs: backoffMs, why: "backoff" };
}

async function pause(call: Call, { forMs, why }: Wait): Promise<void> {
  const done = call.log.wait(forMs, why);
  try {
    await sleep(call.clock, forMs, call.signal);
  } finally {
    done();
  }
}

/** What the user is told: with the time when another try makes sense, if one does. */
function finalFailure({ failure, again }: RoundFailed, nextTryAt: number): ResilientClientError {
  if (!again) return failure;
  return restateError(failure, failure.message, { retryAt: failure.retryAt ?? nextTryAt });
}
