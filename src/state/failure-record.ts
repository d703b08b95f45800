import { SlidingCount } from "./sliding-count.ts";

/** When failures are too many. */
export interface FailureLimits {
  readonly failureRatio: number;
  readonly minAttempts: number;
  readonly windowMs: number;
  readonly inARow: number;
}

/** Failures without an answer between them. */
interface Row {
  readonly length: number;
  /** When the first of them was, those left out that lie too far back to be of the same trouble. */
  readonly since: number;
  /** When the last of them was. */
  readonly last: number;
}

/** One request, as the record knows it. */
export interface Recorded {
  /** When its first token came. */
  headAt: number | undefined;
  /** What its first token ended. */
  rowBefore: Row;
}

export const NO_ROW: Row = { length: 0, since: 0, last: Number.NEGATIVE_INFINITY };

/** Of the window: fine enough for it to slide, few enough to add up for every failure. */
const BUCKETS = 10;

/** How requests went lately, and whether too many of them failed. */
export class FailureRecord {
  readonly #limits: FailureLimits;
  readonly #failures: SlidingCount;
  readonly #answers: SlidingCount;
  /** Sent, and neither failed nor answered yet. */
  #undecided = 0;
  #row = NO_ROW;

  constructor(limits: FailureLimits) {
    this.#limits = limits;
    this.#failures = new SlidingCount(limits.windowMs, BUCKETS);
    this.#answers = new SlidingCount(limits.windowMs, BUCKETS);
  }

  sent(): void {
    this.#undecided += 1;
  }

  /** Nobody will know how it would have gone. */
  withdrawn(): void {
    this.#undecided -= 1;
  }

  /** An answer began, to a request counted as sent. */
  answered(request: Recorded, now: number): void {
    this.#undecided -= 1;
    this.began(request, now);
  }

  /** An answer began, to a request that was not. */
  began(request: Recorded, now: number): void {
    request.headAt = now;
    request.rowBefore = this.#row;
    this.#answers.add(now);
    this.#row = NO_ROW;
  }

  /** It failed, before or after its answer began. */
  failed({ headAt, rowBefore }: Recorded, now: number): void {
    this.#failures.add(now);
    if (headAt === undefined) this.#undecided -= 1;
    // What broke off was taken for an answer when it began, and for the end of a row.
    else this.#answers.add(now, -1, headAt);
    const { length, since, last } = this.#row.length < rowBefore.length ? rowBefore : this.#row;
    this.#row = { length: length + 1, since: now - last > this.#limits.windowMs ? now : since, last: now };
  }

  /**
   * Failures are known sooner than answers: of a hundred requests sent together, the ten that were refused come back first. So
   * those still under way are counted as if they were answers.
   */
  isTooMuch(now: number): boolean {
    const { failureRatio, minAttempts, inARow } = this.#limits;
    const failed = this.#failures.overlapping(now);
    const decided = failed + this.#answers.overlapping(now);
    const isMost = (failures: number, all: number) => failures >= failureRatio * (all + this.#undecided);
    const { length } = this.#row;
    return (length >= inARow && isMost(length, length)) || (decided >= minAttempts && isMost(failed, decided));
  }

  /** For how long there were failures and no answer. */
  silentMs(now: number): number {
    return this.#row.length === 0 ? 0 : now - this.#row.since;
  }

  /** A new beginning: of what is under way, nothing will be told any more. */
  clear(): void {
    this.#failures.clear();
    this.#answers.clear();
    this.#undecided = 0;
    this.#row = NO_ROW;
  }
}
