import type { Clock } from "../async/clock.ts";
import { createWaitingLine, type Waiting, type WaitingLine } from "../async/waiting-line.ts";
import { finiteMs, number, type Shape, wholeFromOne } from "../check-shape.ts";
import type { AttemptKind } from "../report.ts";
import { SlidingCount } from "../state/sliding-count.ts";
import { withoutUndefined } from "../without-undefined.ts";

/**
 * How many retries all calls of a client may send together. One that is answered counts no more: the server has room for it.
 */
export interface RetryBudgetOptions {
  /** Retries may add this share to the requests of the window. From 0. @defaultValue 0.2 */
  readonly ratio?: number | undefined;
  /** And so many beyond it, for those who ask seldom. A whole number from 1. @defaultValue 10 */
  readonly perWindow?: number | undefined;
  /** The window, which slides. Milliseconds from 1. @defaultValue 10_000 */
  readonly windowMs?: number | undefined;
}

/** All numbers of the budget, each with its reason. */
export const RETRY_BUDGET_DEFAULTS = {
  ratio: 0.2, // What Finagle and Envoy use: a server in trouble gets a fifth more to do, not three times as much.
  perWindow: 10, // A lone call stays below it: its backoff grows faster.
  windowMs: 10_000, // Finagle's. Long enough for a few to add up, short enough to forget a storm.
} as const satisfies Required<RetryBudgetOptions>;

/** What `RetryBudgetOptions` may hold. */
export const retryBudgetShape = (): Shape => ({
  ratio: number("a number from 0", (value) => Number.isFinite(value) && value >= 0),
  // Without any, somebody who waits alone would wait for ever.
  perWindow: wholeFromOne,
  windowMs: finiteMs,
});

/**
 * What all calls of a client share. An empty budget makes them wait, one after the other; it never fails one. What a retry
 * took is given back when it is answered, as in the AWS SDKs
 * (https://github.com/aws/aws-sdk-js-v3/pull/1258): or those who were refused in a rush would
 * wait for a server that has long been idle, one a second. In an outage nobody is answered, and nothing comes back.
 */
export interface RetryBudget {
  /**
   * Counts a request that is sent without asking. `retry` weighs on the budget: the other providers of a round that `take`
   * let begin. Any other kind makes room for retries. Nobody is refused here: failing over and going on with a broken answer
   * are what the user came for.
   */
  note(kind: AttemptKind): void;
  /**
   * When the retry of a newcomer with this priority would fit, if nothing else happens; milliseconds since the epoch, now
   * where it fits now.
   */
  readyAt(priority: number): number;
  /**
   * Waits until a retry fits, by priority, then by age, and counts it. The function that comes back takes that back: for a
   * round that was answered, or in which nobody could be asked. `undefined`: it did not fit within `maxWaitMs`. Rejects with
   * the signal's reason.
   */
  take(how: Waiting): Promise<(() => void) | undefined>;
  /** How many requests and retries the window holds, and how many calls wait. */
  health(): { readonly requests: number; readonly retries: number; readonly waiting: number };
}

export function createRetryBudget(clock: Clock, options: RetryBudgetOptions = {}): RetryBudget {
  return new SlidingBudget(clock, { ...RETRY_BUDGET_DEFAULTS, ...withoutUndefined(options) } as Settings);
}

type Settings = { readonly [K in keyof RetryBudgetOptions]-?: number };

/** Half a second each, by default. */
const BUCKETS = 20;

class SlidingBudget implements RetryBudget {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #requests: SlidingCount;
  readonly #retries: SlidingCount;
  readonly #line: WaitingLine<() => void>;
  #disarm: (() => void) | undefined;

  constructor(clock: Clock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
    this.#requests = new SlidingCount(settings.windowMs, BUCKETS);
    this.#retries = new SlidingCount(settings.windowMs, BUCKETS);
    this.#line = createWaitingLine(clock, () => this.#serve());
  }

  note(kind: AttemptKind): void {
    (kind === "retry" ? this.#retries : this.#requests).add(this.#clock.now());
    if (this.#line.size > 0 && kind !== "retry") this.#serve();
  }

  readyAt(priority: number): number {
    return this.#readyAt(this.#line.ahead(priority));
  }

  take(how: Waiting): Promise<(() => void) | undefined> {
    const joined = this.#line.join(how);
    this.#serve();
    return joined;
  }

  health(): { readonly requests: number; readonly retries: number; readonly waiting: number } {
    const now = this.#clock.now();
    return {
      requests: this.#requests.within(now),
      retries: this.#retries.overlapping(now),
      waiting: this.#line.size,
    };
  }

  /** Gives those who wait what there is, and sets a timer for the first one who is left. */
  #serve(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    const now = this.#clock.now();
    while (this.#line.size > 0 && this.#fits(now, 0, 0)) {
      this.#retries.add(now);
      this.#line.next(this.#takeBack(now));
    }
    if (this.#line.size === 0) return;
    // In whole milliseconds: what is rounded off must not make the timer fire again and again at the same time.
    this.#disarm = this.#clock.after(Math.max(1, Math.ceil(this.#readyAt(0) - now)), () => this.#serve());
  }

  #takeBack(takenAt: number): () => void {
    let isTaken = true;
    return () => {
      if (isTaken) this.#retries.add(this.#clock.now(), -1, takenAt);
      isTaken = false;
      if (this.#line.size > 0) this.#serve();
    };
  }

  /** With so many others before it. */
  #readyAt(ahead: number): number {
    const now = this.#clock.now();
    if (ahead === 0 && this.#fits(now, 0, 0)) return now;
    // A window takes at least so many; whoever is behind them waits for a later one.
    const { perWindow } = this.#settings;
    const windows = Math.floor(ahead / perWindow) * (BUCKETS + 1);
    let later = 1;
    while (later <= BUCKETS && !this.#fits(now, later, ahead % perWindow)) later += 1;
    return this.#retries.beginning(now, later + windows);
  }

  /** Whether one more retry fits so many buckets from now, behind so many others. */
  #fits(now: number, later: number, ahead: number): boolean {
    const { ratio, perWindow } = this.#settings;
    const retries = this.#retries.overlapping(now, later) + ahead + 1;
    return retries <= perWindow + ratio * this.#requests.within(now, later);
  }
}
