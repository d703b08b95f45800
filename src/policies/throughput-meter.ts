import type { AttemptCall, Progress } from "../call.ts";

/** How slow is too slow. */
export interface Floor {
  readonly minTokensPerSecond: number;
  readonly windowMs: number;
}

/** It looks so many times a window. */
const LOOKS = 10;

interface Sample {
  readonly readMs: number;
  readonly tokens: number;
}

/**
 * Measures how fast an answer comes, from its first token to its finish. Only the time counts in which somebody waits for bytes, and a
 * timer runs only then: whoever leaves an answer unread is not kept by it. What it hears it passes on.
 */
export class ThroughputMeter implements Progress {
  readonly #call: AttemptCall;
  readonly #floor: Floor;
  readonly #onSlow: (tokensPerSecond: number, overMs: number) => void;
  readonly #samples: Sample[] = [];
  /** Generated so far, as estimated. */
  tokens = 0;
  #readMs = 0;
  #readingSince: number | undefined;
  #isRunning = false;
  #disarm: (() => void) | undefined;

  constructor(call: AttemptCall, floor: Floor, onSlow: (tokensPerSecond: number, overMs: number) => void) {
    this.#call = call;
    this.#floor = floor;
    this.#onSlow = onSlow;
  }

  headers(): void {
    this.#call.progress.headers();
  }

  bytes(): void {
    this.#call.progress.bytes();
  }

  body(): void {
    this.#call.progress.body();
  }

  content(): void {
    this.#call.progress.content();
  }

  head(): void {
    this.#call.progress.head();
    this.#isRunning = true;
    this.#readMs = 0;
    if (this.#readingSince !== undefined) this.#readingSince = this.#call.clock.now();
    this.#samples.push({ readMs: 0, tokens: this.tokens });
    this.#arm();
  }

  finish(settle: () => void): void {
    this.stop();
    this.#call.progress.finish(settle);
  }

  reading(isReading: boolean): void {
    this.#call.progress.reading(isReading);
    const now = this.#call.clock.now();
    if (this.#readingSince !== undefined) this.#readMs += now - this.#readingSince;
    this.#readingSince = isReading ? now : undefined;
    this.#arm();
  }

  stop(): void {
    this.#isRunning = false;
    this.#disarm?.();
    this.#disarm = undefined;
  }

  /** One timer: a read sets none where there is one already. */
  #arm(): void {
    if (!this.#isRunning || this.#readingSince === undefined) return;
    this.#disarm ??= this.#call.clock.after(this.#floor.windowMs / LOOKS, this.#look);
  }

  readonly #look = (): void => {
    this.#disarm = undefined;
    if (this.#readingSince === undefined) return;
    const { minTokensPerSecond, windowMs } = this.#floor;
    const readMs = this.#readMs + this.#call.clock.now() - this.#readingSince;
    // The newest that is a window old, or the oldest there is.
    const since = this.#samples.findLastIndex((sample) => readMs - sample.readMs >= windowMs);
    this.#samples.splice(0, since);
    const oldest = this.#samples[0] as Sample;
    const overMs = readMs - oldest.readMs;
    const tokensPerSecond = ((this.tokens - oldest.tokens) * 1_000) / overMs;
    if (overMs >= windowMs && tokensPerSecond < minTokensPerSecond) {
      this.#onSlow(tokensPerSecond, overMs);
      return;
    }
    // Of a reader that seldom waits there are no more of them than of others.
    if (readMs - (this.#samples.at(-1) as Sample).readMs >= windowMs / LOOKS)
      this.#samples.push({ readMs, tokens: this.tokens });
    this.#arm();
  };
}
