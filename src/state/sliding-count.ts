/**
 * How often something happened within the last `windowMs`: in buckets, so that it takes the same time and memory however
 * often it happens. The time is the caller's, in milliseconds, and never goes backwards.
 */
export class SlidingCount {
  readonly #bucketMs: number;
  /** One more than the window has: the oldest one reaches out of it. */
  readonly #counts: number[];
  #newest = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number, buckets: number) {
    this.#bucketMs = windowMs / buckets;
    this.#counts = new Array<number>(buckets + 1).fill(0);
  }

  /** `at`: when it happened, where that was earlier than `now`. What is out of the window by now is left out. */
  add(now: number, by = 1, at = now): void {
    this.#turnTo(now);
    const bucket = Math.floor(at / this.#bucketMs);
    if (bucket > this.#newest - this.#counts.length) this.#counts[this.#slot(bucket)] = this.#in(bucket) + by;
  }

  /** All of the window, and up to one bucket more. `later`: what will be left so many buckets from now. */
  overlapping(now: number, later = 0): number {
    this.#turnTo(now);
    return this.#since(this.#newest - this.#counts.length + 1 + later);
  }

  /** What is within the window for certain. `later`: what will be left so many buckets from now. */
  within(now: number, later = 0): number {
    this.#turnTo(now);
    return this.#since(this.#newest - this.#counts.length + 2 + later);
  }

  /** When the bucket begins that comes so many after this one. */
  beginning(now: number, later: number): number {
    return (Math.floor(now / this.#bucketMs) + later) * this.#bucketMs;
  }

  clear(): void {
    this.#counts.fill(0);
  }

  #turnTo(now: number): void {
    const bucket = Math.floor(now / this.#bucketMs);
    if (bucket <= this.#newest) return;
    const passed = Math.min(bucket - this.#newest, this.#counts.length);
    for (let step = 0; step < passed; step += 1) this.#counts[this.#slot(bucket - step)] = 0;
    this.#newest = bucket;
  }

  #since(oldest: number): number {
    let sum = 0;
    for (let bucket = oldest; bucket <= this.#newest; bucket += 1) sum += this.#in(bucket);
    return sum;
  }

  #in(bucket: number): number {
    return this.#counts[this.#slot(bucket)] ?? 0;
  }

  #slot(bucket: number): number {
    return bucket % this.#counts.length;
  }
}
