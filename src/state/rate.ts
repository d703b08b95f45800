import type { Clock } from "../async/clock.ts";
import { createWaitingLine, type Waiting, type WaitingLine } from "../async/waiting-line.ts";
import { number, type Shape, wholeFromOne, wholeFromZero } from "../check-shape.ts";
import { QueueFullError } from "../error-family.ts";

/** How many requests a host takes in a minute. For one that has such a limit; DeepSeek has none. */
export interface RateLimitOptions {
  /** Never more within any minute. A number above 0. */
  readonly requestsPerMinute: number;
  /**
   * So many may go at once after a pause; the others are spread over the minute. A whole number from 1, at most
   * `requestsPerMinute`, beyond which it counts as that. The more of them, the slower the others: together they never exceed the limit.
   * @defaultValue a quarter of `requestsPerMinute`, at least 1
   */
  readonly burst?: number | undefined;
  /** How many calls may wait; one more fails with `queue_full`. A whole number from 0. @defaultValue 10_000 */
  readonly maxQueue?: number | undefined;
}

/** All numbers of the limit that have a default, each with its reason. */
const RATE_LIMIT_DEFAULTS = {
  burstShare: 0.25, // One app's few calls at a time go at once, and the minute still has room for three times as many.
  maxQueue: 10_000, // A bound for memory, beyond what any app starts at once on purpose.
} as const;

/** What `RateLimitOptions` may hold. */
export const rateLimitShape = (): Shape => ({
  requestsPerMinute: number("a number above 0", (value) => Number.isFinite(value) && value > 0),
  burst: wholeFromOne,
  maxQueue: wholeFromZero,
});

/** The rate of one provider. Local and synchronous. */
export interface RateLimit {
  /** How long a newcomer of this priority will wait, if nobody comes who goes before it. */
  expectedWaitMs(priority: number): number;
  /** Takes a turn at once, if there is one and nobody waits. */
  tryTake(): boolean;
  /** Waits for one: by priority, then by age. Rejects with the signal's reason, or with a `QueueFullError`. */
  take(how: Waiting): Promise<void>;
  readonly waiting: number;
}

/** Where a limit stands. */
export interface RatePlace {
  readonly provider: string;
  readonly clock: Clock;
}

/** The rate of one provider. */
export function createRateLimit(place: RatePlace, options: RateLimitOptions): RateLimit {
  return new CellRate(place, options);
}

/**
 * The generic cell rate algorithm (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm): a token bucket that needs one
 * number and no timer to fill it.
 */
class CellRate implements RateLimit {
  readonly #place: RatePlace;
  readonly #maxQueue: number;
  readonly #madeAt: number;
  /** Between two requests, in the long run. */
  readonly #everyMs: number;
  /** How far ahead of that a request may be. */
  readonly #toleranceMs: number;
  readonly #line: WaitingLine<true>;
  /** When the next request would be due, had they all been spread evenly. */
  #dueAt = 0;
  #disarm: (() => void) | undefined;

  constructor(
    place: RatePlace,
    { requestsPerMinute, burst, maxQueue = RATE_LIMIT_DEFAULTS.maxQueue }: RateLimitOptions,
  ) {
    const { burstShare } = RATE_LIMIT_DEFAULTS;
    const wished = burst ?? Math.floor(requestsPerMinute * burstShare);
    const atOnce = Math.max(1, Math.min(wished, Math.floor(requestsPerMinute)));
    this.#place = place;
    this.#maxQueue = maxQueue;
    this.#madeAt = place.clock.now();
    // A minute that begins with a burst holds that, and one request for each interval after it.
    this.#everyMs = 60_000 / (requestsPerMinute - atOnce + 1);
    this.#toleranceMs = (atOnce - 1) * this.#everyMs;
    this.#line = createWaitingLine(place.clock, () => this.#serve());
  }

  get waiting(): number {
    return this.#line.size;
  }

  expectedWaitMs(priority: number): number {
    return Math.max(0, this.#readyAt() - this.#now()) + this.#line.ahead(priority) * this.#everyMs;
  }

  tryTake(): boolean {
    if (this.waiting > 0 || !this.#isReady()) return false;
    this.#spend();
    return true;
  }

  async take(how: Waiting): Promise<void> {
    if (how.signal.aborted) throw how.signal.reason;
    if (this.tryTake()) return;
    const forMs = this.expectedWaitMs(how.priority);
    if (this.waiting >= this.#maxQueue)
      throw this.#queueFull(`no more calls may wait (rateLimit.maxQueue: ${this.#maxQueue})`, forMs);
    if (forMs > how.maxWaitMs) throw this.#queueFull(`the next turn is ${Math.ceil(forMs)} ms away`, forMs);
    const joined = this.#line.join(how);
    this.#serve();
    if (!(await joined))
      throw this.#queueFull(
        `there was no turn within ${Math.round(how.maxWaitMs)} ms`,
        this.expectedWaitMs(how.priority),
      );
  }

  #isReady(): boolean {
    return this.#now() >= this.#readyAt() - 0.001;
  }

  #readyAt(): number {
    return this.#dueAt - this.#toleranceMs;
  }

  #spend(): void {
    this.#dueAt = Math.max(this.#dueAt, this.#now()) + this.#everyMs;
  }

  /** Gives turns to those who wait, and sets a timer for the first one who is left. */
  #serve(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    while (this.waiting > 0 && this.#isReady()) {
      this.#spend();
      this.#line.next(true);
    }
    if (this.waiting === 0) return;
    // In whole milliseconds: what is rounded off must not make the timer fire again and again at the same time.
    const forMs = Math.max(1, Math.ceil(this.#readyAt() - this.#now()));
    this.#disarm = this.#place.clock.after(forMs, () => this.#serve());
  }

  #queueFull(why: string, forMs: number): QueueFullError {
    const { provider } = this.#place;
    return new QueueFullError(`${provider} takes no more requests this minute, and ${why}.`, {
      provider,
      retryAt: Math.ceil(this.#place.clock.now() + forMs),
    });
  }

  /** Since it was made: in the numbers of the epoch, sums of fractions are off by more than a little. */
  #now(): number {
    return this.#place.clock.now() - this.#madeAt;
  }
}
