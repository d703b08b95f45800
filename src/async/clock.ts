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

/** Read once: the getter costs more than the time itself. */
const startedAt = performance.timeOrigin;

/**
 * The real clock. It counts from the start of the process with the monotonic clock, so that a corrected system time
 * neither ends a timeout early nor holds it up.
 */
export const systemClock: Clock = {
  now: () => startedAt + performance.now(),
  after(delayMs, action) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const dueAt = systemClock.now() + delayMs;
    const arm = () => {
      const leftMs = Math.max(0, Math.ceil(dueAt - systemClock.now()));
      timer = setTimeout(fire, Math.min(leftMs, LONGEST_TIMER_MS));
    };
    // Node's timers fire up to a millisecond early.
    const fire = () => (systemClock.now() < dueAt ? arm() : action());
    if (delayMs < Number.POSITIVE_INFINITY) arm();
    return () => clearTimeout(timer);
  },
};
