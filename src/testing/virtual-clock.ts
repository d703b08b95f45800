import type { Clock } from "../async/clock.ts";

/** A clock that stands still until it is told to go on: an hour's outage takes milliseconds. */
export interface VirtualClock extends Clock {
  /** Timers set and not yet due. */
  readonly pending: number;
  /** Moves the time on by `ms` and runs everything that falls due on the way. */
  advance(ms: number): Promise<void>;
  /**
   * Moves the time on, from timer to timer, until `promise` settles; resolves or rejects with it.
   * Rejects when nothing is left to wait for: the promise would never settle.
   */
  run<T>(promise: Promise<T>): Promise<T>;
}

/** Real time without a timer to run, after which nothing can happen any more: work in memory takes a turn or two of the
 * event loop, and only the first call of a process loads code from disk. */
const IDLE_MS = 3_000;

/**
 * Makes a clock that only `advance()` and `run()` move. Give it to the client and to the simulator.
 *
 * @example
 * const clock = createVirtualClock();
 * const client = createResilientClient({ apiKey: "sk-any", clock, fetch: createSimulator({ clock, faults: [{ kind: "busy", untilMs: 3_600_000 }] }).fetch });
 * await clock.run(client.chat.completions.create(params, { profile: "batch" })); // an hour, in milliseconds
 *
 * @param startAt milliseconds since the epoch
 */
export function createVirtualClock(startAt: number = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = startAt;
  let lastId = 0;
  const timers = new Map<number, { readonly at: number; readonly action: () => void }>();

  const next = () => {
    let first: [number, { readonly at: number; readonly action: () => void }] | undefined;
    for (const entry of timers) if (!first || entry[1].at < first[1].at) first = entry;
    return first;
  };
  const fire = ([id, { at, action }]: NonNullable<ReturnType<typeof next>>) => {
    timers.delete(id);
    now = Math.max(now, at);
    action();
  };

  return {
    now: () => now,
    after(delayMs, action) {
      lastId += 1;
      const id = lastId;
      if (delayMs < Number.POSITIVE_INFINITY) timers.set(id, { at: now + Math.max(0, delayMs), action });
      return () => {
        timers.delete(id);
      };
    },
    get pending() {
      return timers.size;
    },
    async advance(ms) {
      const until = now + ms;
      await turn();
      for (let due = next(); due && due[1].at <= until; due = next()) {
        fire(due);
        await turn();
      }
      now = Math.max(now, until);
    },
    async run(promise) {
      let isSettled = false;
      const settle = () => {
        isSettled = true;
      };
      promise.then(settle, settle);
      for (let idleSince = performance.now(); !isSettled; ) {
        await turn();
        const due = isSettled ? undefined : next();
        if (due) {
          fire(due);
          idleSince = performance.now();
        } else if (performance.now() - idleSince > IDLE_MS)
          throw new Error("The virtual clock has no timer left, and the promise has not settled.");
      }
      return promise;
    },
  };
}

/** Kept from the start: a test may put fake timers in its place, which would never fire. */
const nextTurn: (action: () => void) => unknown =
  typeof setImmediate === "function" ? setImmediate : (action) => setTimeout(action, 0);

/** One turn of the event loop: everything that can happen without time passing has happened. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    nextTurn(resolve);
  });
}
