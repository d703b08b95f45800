import type { Clock } from "../async/clock.ts";

/** Proxies cut off what is silent for a minute, some after half of one: so many looks without anything sent, 15 s. */
const LOOK_EVERY_MS = 5_000;
const SILENT_LOOKS = 3;

/** Says when something must be sent to whoever waits, so that nobody in between takes the connection for dead. */
export interface KeepAlive {
  /** Somebody waits, and there is nothing to send. `send` is called when that has taken long. */
  waits(send: () => void): void;
  /** Something is sent. */
  sent(): void;
  /** Nothing will be sent any more. */
  stop(): void;
}

/**
 * One timer a body, which looks whether anything was sent since it looked last: there is a wait with every network read,
 * so a wait must cost neither a timer nor a look at the clock. While nobody waits the timer holds nothing of the stream,
 * which may have been dropped.
 */
export function createKeepAlive(clock: Clock): KeepAlive {
  let waiting: (() => void) | undefined;
  let silentLooks = 0;
  let disarm: (() => void) | undefined;

  const look = () => {
    disarm = undefined;
    // The next one who waits sets the timer again.
    if (!waiting) return;
    disarm = clock.after(LOOK_EVERY_MS, look);
    silentLooks += 1;
    if (silentLooks < SILENT_LOOKS) return;
    silentLooks = 0;
    waiting();
  };
  return {
    waits(send) {
      waiting = send;
      disarm ??= clock.after(LOOK_EVERY_MS, look);
    },
    sent() {
      waiting = undefined;
      silentLooks = 0;
    },
    stop() {
      waiting = undefined;
      disarm?.();
      // For good: a read that was under way may wait once more.
      disarm = () => {};
    },
  };
}
