/** Where the client reads the time and sets its timers. Replace it to run hours of waiting in a test within milliseconds. */
export interface Clock {
  /** Milliseconds since the Unix epoch. Never goes backwards. */
  now(): number;
  /**
   * Runs `action` once, `delayMs` from now (never earlier, however long the delay).
   * The returned function cancels it; calling that twice, or too late, does nothing.
   */
  after(delayMs: number, action: () => void): () => void;
}

/** A timer set for longer than this fires at once: the delay is kept in 31 bits by every JavaScript runtime. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The real clock. It counts from the start of the process with the monotonic clock, so that a corrected system time
 * neither ends a timeout early nor holds it up.
 */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(delayMs, action) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const arm = (leftMs: number) => {
      timer =
        leftMs > LONGEST_TIMER_MS
          ? setTimeout(() => arm(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
          : setTimeout(action, Math.max(0, Math.ceil(leftMs)));
    };
    if (delayMs < Number.POSITIVE_INFINITY) arm(delayMs);
    return () => clearTimeout(timer);
  },
};
