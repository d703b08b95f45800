import type { Clock } from "./clock.ts";

/** Waits `delayMs` on `clock`. Rejects with the signal's own reason as soon as it aborts; leaves no timer or listener behind. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    let cancelTimer = () => {};
    const onAbort = () => {
      cancelTimer();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    cancelTimer = clock.after(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
  });
}
