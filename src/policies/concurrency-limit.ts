import type { Policy, ProviderCall } from "../call.ts";
import { finiteMs, number, type Shape, wholeFromOne, wholeFromZero } from "../check-shape.ts";
import { createSlots, type Slot, type Slots, type SlotsPlace } from "../state/slots.ts";
import { withoutUndefined } from "../without-undefined.ts";
import { requireTime } from "./deadline.ts";
import { endingOf } from "./ending-of.ts";

/** How many requests may be under way at once, for each provider and model by itself. It is learned as they go. */
export interface LimitOptions {
  /** To begin with. A whole number from 1, at most `max`. @defaultValue 20 */
  readonly initial?: number | undefined;
  /** Never more than that. A whole number from 1. @defaultValue 2_500 */
  readonly max?: number | undefined;
  /** What is left of it when the server complains (`busy`, `rate_limited`). A share above 0, below 1. @defaultValue 0.9 */
  readonly decrease?: number | undefined;
  /**
   * It changes at most once in that time, in either direction; but until the first complaint it grows with every answer.
   * Milliseconds from 1.
   * @defaultValue 100
   */
  readonly windowMs?: number | undefined;
  /** A limit that the server named is not tried beyond for so long. Milliseconds from 1. @defaultValue 300_000 */
  readonly namedForMs?: number | undefined;
  /** How many calls may wait; one more fails with `queue_full`. A whole number from 0. @defaultValue 10_000 */
  readonly maxQueue?: number | undefined;
  /** Where others can serve it too, a call waits no longer than that. Milliseconds from 1, or `Infinity`. @defaultValue 1_000 */
  readonly spillAfterMs?: number | undefined;
}

export type LimitSettings = { readonly [K in keyof LimitOptions]-?: number };

/** All numbers of the limit, each with its reason. */
export const LIMIT_DEFAULTS: LimitSettings = {
  initial: 20, // Netflix's. A lone user never has so many, and no server that works refuses them.
  max: 2_500, // DeepSeek's cap for `deepseek-flash`, per account (2026-11).
  decrease: 0.9, // Netflix's: gentle, because it may happen ten times a second.
  // All that are under way learn of a complaint together: it counts once. A refusal comes within one round trip, so anything
  // longer only delays what is known: measured in docs/overload.md.
  windowMs: 100,
  namedForMs: 300_000, // It follows the account's balance, which people top up.
  maxQueue: 10_000, // A bound for memory, beyond what any app starts at once on purpose.
  spillAfterMs: 1_000, // Another provider begins to answer in about that time.
};

/** What `LimitOptions` may hold. */
export const limitShape = (): Shape => ({
  initial: wholeFromOne,
  max: wholeFromOne,
  decrease: number("a number above 0 and below 1", (value) => value > 0 && value < 1),
  windowMs: finiteMs,
  namedForMs: finiteMs,
  maxQueue: wholeFromZero,
  spillAfterMs: number("milliseconds from 1, or Infinity", (value) => value >= 1),
});

/** The slots of one provider and model. */
export function createConcurrencyLimit(place: SlotsPlace, options: LimitOptions = {}): Slots {
  const settings = { ...LIMIT_DEFAULTS, ...withoutUndefined(options) } as LimitSettings;
  // Whoever begins beyond the usual limit means it.
  return createSlots(place, { ...settings, max: options.max ?? Math.max(settings.max, settings.initial) });
}

/**
 * Holds a slot from the request to the end of its answer. No longer than until the first token is due does a call wait for it,
 * and no longer than its patience.
 * @throws QueueFullError when too many wait already, or it took too long.
 */
export function concurrencyLimit(slots: Slots): Policy<ProviderCall> {
  return async (call, next) => {
    const slot = slots.tryAcquire(call.log) ?? (await waitForSlot(slots, call));
    try {
      requireTime(call);
      const reply = await next(slot.waitedMs > 0 ? { ...call, slotWaitMs: slot.waitedMs } : call);
      void reply.closed.then(slot.release);
      return reply;
    } catch (error) {
      slot.release(endingOf(error, call.signal));
      throw error;
    }
  };
}

async function waitForSlot(slots: Slots, call: ProviderCall): Promise<Slot> {
  const { clock, log, signal, priority, patienceMs, startBy } = call;
  const expectedMs = slots.expectedWaitMs(priority);
  // Not worth beginning.
  if (expectedMs > patienceMs) throw slots.full(`the wait for one is about ${Math.ceil(expectedMs)} ms`);
  const maxWaitMs = Math.min(patienceMs, startBy - clock.now());
  const done = log.wait(expectedMs, "slot");
  try {
    return await slots.acquire({ priority, signal, maxWaitMs, log });
  } finally {
    done();
  }
}
