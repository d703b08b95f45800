import type { StateStore, StateUpdate } from "./state-store.ts";

/** Nobody is kept away for longer than that by what another process says: its clock may be wrong. */
const MAX_AHEAD_MS = 86_400_000;

/** A store as a client uses it: it cannot harm a call, and only updates that make sense come through. */
export function guardStore(store: StateStore, now: () => number): StateStore {
  const warn = warnOnce();
  return {
    publish(update) {
      attempt(() => store.publish(update), warn);
    },
    subscribe(apply) {
      let isSubscribed = true;
      const receive = (update: unknown) => {
        const read = isSubscribed ? readUpdate(update, now()) : undefined;
        if (read) apply(read);
      };
      const unsubscribe = attempt(() => store.subscribe((update) => attempt(() => receive(update), warn)), warn);
      return () => {
        if (isSubscribed && unsubscribe) attempt(unsubscribe, warn);
        isSubscribed = false;
      };
    },
    close: () => Promise.resolve(attempt(() => store.close(), warn)).catch(() => {}),
  };
}

/** Field by field, because it comes from elsewhere. `undefined`: nothing in it holds any more, or makes sense. */
export function readUpdate(value: unknown, now: number): StateUpdate | undefined {
  const { provider, model, notBefore, open, limit } = (value ?? {}) as Record<string, unknown>;
  if (typeof provider !== "string" || !(model === undefined || typeof model === "string")) return undefined;
  const { until: openUntil, cause } = (open ?? {}) as Record<string, unknown>;
  const { until: limitUntil, atMost } = (limit ?? {}) as Record<string, unknown>;
  const [notBeforeAt, openAt, limitAt] = [notBefore, openUntil, limitUntil].map((time) => readTime(time, now));
  const found: Omit<StateUpdate, "provider"> = {
    ...(notBeforeAt && { notBefore: notBeforeAt }),
    ...(openAt && (cause === "load" || cause === "dead_host") && { open: { until: openAt, cause } }),
    ...(limitAt && Number.isInteger(atMost) && (atMost as number) >= 1 && limitOf(atMost as number, limitAt)),
  };
  if (Object.keys(found).length === 0) return undefined;
  return { provider, ...(model !== undefined && { model }), ...found };
}

function limitOf(atMost: number, until: number): Pick<StateUpdate, "limit"> {
  return { limit: { atMost, until } };
}

function readTime(time: unknown, now: number): number | undefined {
  if (typeof time !== "number" || !Number.isFinite(time) || time <= now) return undefined;
  return Math.min(time, now + MAX_AHEAD_MS);
}

/** What `action` gives; `undefined` when it throws. What it promises may fail just as well. */
function attempt<T>(action: () => T, warn: (error: unknown) => void): T | undefined {
  try {
    const result = action();
    // An async function fits `void`, too.
    if (result instanceof Promise) result.catch(warn);
    return result;
  } catch (error) {
    warn(error);
    return undefined;
  }
}

function warnOnce(): (error: unknown) => void {
  let hasWarned = false;
  return (error) => {
    if (!hasWarned) console.warn("resilient-deepseek: the state store failed; calls go on without it.", error);
    hasWarned = true;
  };
}
