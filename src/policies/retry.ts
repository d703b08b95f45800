import pRetry from "p-retry";
import { sleep } from "../async/sleep.ts";
import type { Call, Policy, Reply } from "../call.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { type ResilientClientError, restateError } from "../errors.ts";
import type { WaitReason } from "../events.ts";
import type { Backoff } from "./backoff.ts";
import type { RetryBudget } from "./retry-budget.ts";
import { RoundFailed } from "./round-failed.ts";

/** How rounds in which every provider failed are repeated. */
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

/** What the retries of all calls draw from; `undefined`: they may be as many as they like. */
export type Budget = Pick<RetryBudget, "readyAt" | "take"> | undefined;

/**
 * Asks again, round by round. The only place of the client that repeats a failed request, so that tries never multiply:
 * rounds are counted over the whole call, new starts of a broken answer included; one in which nobody could be asked is
 * none, and one that led to an answer, however it ended, is `resume`'s. A wait that would outlast the time for
 * the first token is not begun: the call fails at once and says when to come back.
 *
 * p-retry cannot wait for a time that only the failure knows, its own wait does not use our clock, and it counts rounds
 * in which nobody was asked. So it runs the rounds after the first, and each of them begins with its wait.
 */
export function retry({ maxRounds, backoff }: RetrySettings, budget?: Budget): Policy {
  return async (call, next) => {
    let { round } = call;
    let failed: RoundFailed | undefined;
    let wait: Wait | undefined;
    let lastMs = 0;
    /** Plans the next round, if there is to be one. */
    const isWorthwhile = (error: unknown): boolean => {
      if (!(error instanceof RoundFailed)) return false;
      failed = error;
      wait = undefined;
      round += 1;
      if (!error.again || failedRounds(call) >= maxRounds) return false;
      wait = planWait(call, backoff, lastMs, error);
      lastMs = wait.forMs;
      return fits(wait, call);
    };
    try {
      // Most calls need no other round than this.
      const reply = await next(call);
      if (!call.signal.aborted) return reply;
      // Nobody will read what came in the moment of the abort.
      reply.cancel();
      throw call.signal.reason;
    } catch (error) {
      if (call.signal.aborted) throw call.signal.reason;
      if (!isWorthwhile(error)) throw told(error, call, wait);
    }
    const begin = async () => {
      await pause(call, wait);
      const giveBack = budget && (await takeTurn(budget, call));
      if (budget && !giveBack) throw failed;
      // Why the first round was made is no reason for the others.
      return spend(giveBack, call, () => next({ ...call, round, kind: undefined }));
    };
    return repeat(begin, isWorthwhile, call).catch((error: unknown) => {
      throw call.signal.aborted ? call.signal.reason : told(error, call, wait);
    });
  };
}

async function repeat(
  ask: () => Promise<Reply>,
  isWorthwhile: (error: unknown) => boolean,
  { signal }: Call,
): Promise<Reply> {
  let opened: Reply | undefined;
  const options = { retries: Number.POSITIVE_INFINITY, minTimeout: 0, signal };
  try {
    return await pRetry(
      async () => {
        opened = await ask();
        return opened;
      },
      { ...options, shouldRetry: ({ error }) => isWorthwhile(error) },
    );
  } catch (error) {
    // p-retry looks at the signal once more after a success; that reply is nobody's then.
    opened?.cancel();
    throw error;
  }
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

/** Waits for the round's turn. `undefined`: it did not come before the first token was due. */
async function takeTurn(budget: NonNullable<Budget>, call: Call): Promise<(() => void) | undefined> {
  const { clock, signal, startBy, log, priority } = call;
  const readyAt = budget.readyAt(priority);
  const now = clock.now();
  const forMs = readyAt - now;
  const done = forMs > 0 ? log.wait(forMs, "budget") : undefined;
  try {
    return await budget.take({ priority, signal, maxWaitMs: startBy - now });
  } finally {
    done?.();
  }
}

/** The budget pays for a round that failed: not for an answer, nor for a round in which nobody could be asked. */
async function spend(giveBack: (() => void) | undefined, call: Call, ask: () => Promise<Reply>): Promise<Reply> {
  const asked = call.log.attempts.length;
  try {
    const reply = await ask();
    giveBack?.();
    return reply;
  } catch (error) {
    if (call.log.attempts.length === asked) giveBack?.();
    throw error;
  }
}

function planWait(call: Call, backoff: Backoff, previousMs: number, failed: RoundFailed): Wait {
  // Rounds that ended in a broken answer count here too; those in which nobody could be asked do not.
  const round = Math.max(1, new Set(call.log.attempts.map((attempt) => attempt.round)).size);
  const backoffMs = backoff({ round, previousMs, random: call.random });
  if (!(typeof backoffMs === "number" && backoffMs >= 0)) {
    throw new InvalidOptionsError(`retry.backoff must return milliseconds from 0, but returned ${String(backoffMs)}.`);
  }
  const now = call.clock.now();
  const hintMs = failed.readyAt - now;
  if (hintMs <= backoffMs) return { forMs: backoffMs, why: "backoff" };
  // Never earlier than asked, and up to a tenth later: those who were sent away together must not return together.
  // A wait that fits without that fits, and leaves time to ask.
  const spareMs = Math.max(0, call.startBy - now - hintMs) / 2;
  return { forMs: hintMs + Math.min((hintMs * call.random()) / 10, spareMs), why: failed.waitsFor };
}

function fits({ forMs }: Wait, { clock, startBy }: Call): boolean {
  return clock.now() + forMs < startBy;
}

async function pause(call: Call, wait: Wait | undefined): Promise<void> {
  if (!wait) return;
  const { forMs, why } = wait;
  const done = call.log.wait(forMs, why);
  try {
    await sleep(call.clock, forMs, call.signal);
  } finally {
    done();
  }
}

function told(error: unknown, call: Call, wait: Wait | undefined): unknown {
  return error instanceof RoundFailed ? finalFailure(error, call, wait) : error;
}

/** What the user is told: where a server named a time, with that time, and why it was not waited for. */
function finalFailure(
  { failure, again, readyAt, waitsFor }: RoundFailed,
  call: Call,
  wait: Wait | undefined,
): ResilientClientError {
  const hintMs = readyAt - call.clock.now();
  // What this client decided by itself is no server's wish.
  if (!again || hintMs <= 0 || waitsFor !== "retry-after") return failure;
  const retryAt = failure.retryAt ?? readyAt;
  if (wait?.why !== "retry-after" || fits(wait, call)) return restateError(failure, failure.message, { retryAt });
  const limit = call.startBy < call.deadlineAt ? "startMs" : "totalMs";
  const why = `It asks to be left alone for ${Math.ceil(hintMs / 1000)} s, longer than timeouts.${limit} leaves.`;
  return restateError(failure, `${failure.message} ${why}`, { retryAt });
}
