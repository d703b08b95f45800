import type { Clock } from "./clock.ts";
import { createPriorityQueue } from "./priority-queue.ts";

/** How somebody waits. */
export interface Waiting {
  /** Whoever has more goes first. */
  readonly priority: number;
  /** Ends the wait; its reason comes back unchanged. */
  readonly signal: AbortSignal;
  /** After so long the wait is given up. Milliseconds; `Infinity`: never. */
  readonly maxWaitMs: number;
}

/** Where calls wait for something that comes one by one. Whoever leaves, leaves no timer and no listener behind. */
export interface WaitingLine<T> {
  readonly size: number;
  /** How many would go before a newcomer of this priority. */
  ahead(priority: number): number;
  /** Waits until it is this one's turn; `undefined`: it was not within `maxWaitMs`. Rejects with the signal's reason. */
  join(how: Waiting): Promise<T | undefined>;
  /** Gives `value` to whoever is first. Only for a line that is not empty. */
  next(value: T): void;
}

/** `onLeave` is told of everybody who goes without having got anything. */
export function createWaitingLine<T>(clock: Clock, onLeave: () => void = () => {}): WaitingLine<T> {
  const queue = createPriorityQueue<(value: T) => void>();
  return {
    get size() {
      return queue.size;
    },
    ahead: (priority) => queue.ahead(priority),
    next: (value) => queue.take()?.(value),
    join: ({ priority, signal, maxWaitMs }) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        let cancelTimer = () => {};
        const stopWaiting = () => {
          cancelTimer();
          signal.removeEventListener("abort", onAbort);
        };
        const ticket = queue.push((value) => {
          stopWaiting();
          resolve(value);
        }, priority);
        const leave = () => {
          queue.remove(ticket);
          stopWaiting();
          onLeave();
        };
        const onAbort = () => {
          leave();
          reject(signal.reason);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        cancelTimer = clock.after(maxWaitMs, () => {
          leave();
          resolve(undefined);
        });
      }),
  };
}
