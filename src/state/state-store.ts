import { type Clock, systemClock } from "../async/clock.ts";
import { aClock, checkShape } from "../check-shape.ts";
import type { OpenCause } from "./attempt-verdict.ts";

/**
 * What one client learned about a provider that others are spared to learn for themselves. Plain data that survives JSON. Every
 * update stands for itself, has its end, and only ever makes others more careful: it may come late, twice, or in any order.
 */
export interface StateUpdate {
  /** The provider's name: the same in all clients that share a store, or they do not understand each other. */
  readonly provider: string;
  /** The model by the provider's own name. Absent: it holds for all of its models. */
  readonly model?: string;
  /** The provider asked not to be called before this time; milliseconds since the epoch. */
  readonly notBefore?: number;
  /** A circuit breaker opened. Never for a refused account: others may have another key. */
  readonly open?: {
    /** Until then; milliseconds since the epoch. */
    readonly until: number;
    readonly cause: Exclude<OpenCause, "account">;
  };
  /** The server said how many requests at once the account may have. Never a limit that was only felt for. */
  readonly limit?: {
    readonly atMost: number;
    /** Believed until then; milliseconds since the epoch. */
    readonly until: number;
  };
}

/**
 * Carries what clients learn from one to the others. A client decides by what it knows itself, synchronously; a store replicates
 * that in the background. It never slows or fails a call: what it throws is swallowed, and told once on the console.
 */
export interface StateStore {
  /** Sends an update to all who subscribed. Returns at once. */
  publish(update: StateUpdate): void;
  /**
   * Has `apply` called with what is published from now on, also by the same client, and with what still holds of what was
   * published before. Returns the function that ends it.
   */
  subscribe(apply: (update: StateUpdate) => void): () => void;
  /** Gives back what the store holds. It is its maker's to call: a client that is closed only ends its subscription. */
  close(): Promise<void>;
}

/**
 * A store for the clients of one process: those that live side by side, and those that are made anew for every request.
 * `clock`: that of the clients.
 * @throws InvalidOptionsError for an option that is unknown or no clock.
 */
export function createMemoryStore(options: { readonly clock?: Clock | undefined } = {}): StateStore {
  checkShape(options, "createMemoryStore", { clock: aClock });
  const { clock = systemClock } = options;
  const subscribers = new Set<(update: StateUpdate) => void>();
  const known = new Map<string, StateUpdate>();
  return {
    publish(update) {
      const now = clock.now();
      for (const [key, old] of known) if (endOf(old) <= now) known.delete(key);
      // Copies, as another process would get them: nobody can change what others see.
      const text = JSON.stringify(update);
      const key = JSON.stringify([update.provider, update.model]);
      known.set(key, mergeUpdates(known.get(key), JSON.parse(text) as StateUpdate));
      for (const apply of [...subscribers]) apply(JSON.parse(text) as StateUpdate);
    },
    subscribe(apply) {
      // A function may be given twice.
      const subscriber = (update: StateUpdate) => apply(update);
      subscribers.add(subscriber);
      for (const update of known.values()) if (endOf(update) > clock.now()) subscriber(structuredClone(update));
      return () => {
        subscribers.delete(subscriber);
      };
    },
    async close() {
      subscribers.clear();
      known.clear();
    },
  };
}

/** Of each wish the one that reaches furthest: an older, shorter one must not undercut it. */
export function mergeUpdates(one: StateUpdate | undefined, other: StateUpdate): StateUpdate {
  if (!one) return other;
  const notBefore = Math.max(one.notBefore ?? 0, other.notBefore ?? 0);
  const open = later(one.open, other.open);
  const limit = later(one.limit, other.limit);
  return { ...one, ...(notBefore > 0 && { notBefore }), ...(open && { open }), ...(limit && { limit }) };
}

function later<T extends { readonly until: number }>(one: T | undefined, other: T | undefined): T | undefined {
  return one && other ? (one.until > other.until ? one : other) : (one ?? other);
}

function endOf({ notBefore, open, limit }: StateUpdate): number {
  return Math.max(notBefore ?? 0, open?.until ?? 0, limit?.until ?? 0);
}
