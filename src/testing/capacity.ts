import { defer } from "../async/deferred.ts";

/** How much a server can do at once. */
export interface Capacity {
  /** Answers at once; the next ones wait in the queue. @defaultValue Infinity */
  readonly slots?: number | undefined;
  /** How many may wait; one more is told 503. @defaultValue Infinity */
  readonly queue?: number | undefined;
  /** How many may be in flight, waiting ones counted; one more is told 429. @defaultValue Infinity */
  readonly concurrencyLimit?: number | undefined;
}

/** A request's place in the server. */
export interface Place {
  /** Settles when a slot is free for it; `undefined`: it has one already. */
  readonly turn: Promise<void> | undefined;
  /** Its stream ended, or its client left: the next one's turn. */
  leave(): void;
}

/** Gives a place, or says why there is none. */
export type Admit = () => Place | "busy" | { readonly concurrencyLimit: number };

export function createAdmit({
  slots = Number.POSITIVE_INFINITY,
  queue = Number.POSITIVE_INFINITY,
  concurrencyLimit = Number.POSITIVE_INFINITY,
}: Capacity): Admit {
  let busy = 0;
  const waiting: { readonly resolve: () => void; hasSlot: boolean }[] = [];

  const next = () => {
    busy -= 1;
    const first = waiting.shift();
    if (!first) return;
    busy += 1;
    first.hasSlot = true;
    first.resolve();
  };
  return () => {
    if (busy + waiting.length >= concurrencyLimit) return { concurrencyLimit };
    if (busy < slots) {
      busy += 1;
      return { turn: undefined, leave: next };
    }
    if (waiting.length >= queue) return "busy";
    const { promise, resolve } = defer<void>();
    const waiter = { resolve: () => resolve(), hasSlot: false };
    waiting.push(waiter);
    return {
      turn: promise,
      leave() {
        if (waiter.hasSlot) next();
        else waiting.splice(waiting.indexOf(waiter), 1);
      },
    };
  };
}
