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
 * Asks again, round by round. The only place of the client that repeats a failed request, so that tries never multiply:
 * rounds are counted over the whole call, new starts of a broken answer included; one in which nobody could be asked is
 * none, and one that led to an answer, however it ended, is `resume`'s. A wait that would outlast the time for
 * the first token is not begun: the call fails at once and says when to come back.
 *
 * p-retry cannot wait for a time that only the failure knows, its own wait does not use our clock, and it counts rounds
 * in which nobody was asked. So it runs the loop, and the wait stands at the beginning of the next round.
 */
export function retry({ maxRounds, backoff }: RetrySettings): Policy {
  return async (call, next) => {
    let opened: Reply | undefined;
    let { round } = call;
    let wait: Wait | undefined;
    try {
      return await pRetry(
        async () => {
          if (wait) await pause(call, wait);
          // Why the first round was made is no reason for the others.
          opened = await next({ ...call, round, kind: wait ? undefined : call.kind });
          return opened;
        },
        {
          retries: Number.POSITIVE_INFINITY,
          minTimeout: 0,
          signal: call.signal,
          shouldRetry({ error }) {
            if (!(error instanceof RoundFailed)) return false;
            round += 1;
            if (!error.again || failedRounds(call) >= maxRounds) return false;
            wait = planWait(call, backoff, wait?.forMs ?? 0, error.readyAt);
            return fits(wait, call);
          },
        },
      );
    } catch (error) {
      // p-retry looks at the signal once more after a success; that reply is nobody's then.
      opened?.cancel();
      if (call.signal.aborted) throw call.signal.reason;
      throw error instanceof RoundFailed ? finalFailure(error, call, wait) : error;
    }
  };
}

/** The rounds in which somebody was asked and nobody answered. */
function failedRounds({ log: { attempts } }: Call): number {
  const answered = new Set(attempts.filter(({ headMs }) => headMs !== undefined).map(({ round }) => round));
  return new Set(attempts.map(({ round }) => round).filter((round) => !answered.has(round))).size;
}

interface Wait {
  readonly forMs: number;
  readonly why: WaitReason;
}

function planWait(call: Call, backoff: Backoff, previousMs: number, readyAt: number): Wait {
  // Rounds that ended in a broken answer count here too; those in which nobody could be asked do not.
  const round = Math.max(1, new Set(call.log.attempts.map((attempt) => attempt.round)).size);
  const backoffMs = backoff({ round, previousMs, random: call.random });
  if (!(typeof backoffMs === "number" && backoffMs >= 0)) {
    throw new InvalidOptionsError(`retry.backoff must return milliseconds from 0, but returned ${String(backoffMs)}.`);
  }
  const hintMs = readyAt - call.clock.now();
  if (hintMs <= backoffMs) return { forMs: backoffMs, why: "backoff" };
  // Never earlier than asked, and up to a tenth later: those who were sent away together must not return together.
  // A wait that fits without that fits.
  const leftMs = call.startBy - call.clock.now() - 1;
  return { forMs: Math.max(hintMs, Math.min(hintMs * (1 + call.random() / 10), leftMs)), why: "retry-after" };
}

function fits({ forMs }: Wait, { clock, startBy }: Call): boolean {
  return clock.now() + forMs < startBy;
}

async function pause(call: Call, { forMs, why }: Wait): Promise<void> {
  const done = call.log.wait(forMs, why);
  try {
    await sleep(call.clock, forMs, call.signal);
  } finally {
    done();
  }
}

/** What the user is told: where a server named a time, with that time, and why it was not waited for. */
function finalFailure(
  { failure, again, readyAt }: RoundFailed,
  call: Call,
  wait: Wait | undefined,
): ResilientClientError {
  const hintMs = readyAt - call.clock.now();
  if (!again || hintMs <= 0) return failure;
  const retryAt = failure.retryAt ?? readyAt;
  if (!wait || fits(wait, call)) return restateError(failure, failure.message, { retryAt });
  const limit = call.startBy < call.deadlineAt ? "startMs" : "totalMs";
  const why = `It asks to be left alone for ${Math.ceil(hintMs / 1000)} s, longer than timeouts.${limit} leaves.`;
  return restateError(failure, `${failure.message} ${why}`, { retryAt });
}
