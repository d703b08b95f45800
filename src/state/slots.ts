import type { Clock } from "../async/clock.ts";
import { createWaitingLine, type Waiting, type WaitingLine } from "../async/waiting-line.ts";
import type { Ending } from "../attempt-log.ts";
import type { CallLog } from "../call-log.ts";
import { QueueFullError } from "../error-family.ts";
import { AdaptiveLimit, type AdaptiveSettings } from "./adaptive-limit.ts";

/** A place under the limit. Its holder gives it back, whatever happens. */
export interface Slot {
  /** How long it was waited for. */
  readonly waitedMs: number;
  /** Gives it back; only the first call counts. `ending`: how the request went, for the limit to learn from. */
  readonly release: (ending?: Ending) => void;
}

/** How somebody asks for a slot. */
interface SlotRequest extends Waiting {
  /** The call that asks: it is told what its request changes. */
  readonly log?: CallLog | undefined;
}

interface SlotsHealth {
  readonly limit: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** What the server named as its limit, while it is believed. */
  readonly named?: { readonly atMost: number; readonly until: number };
}

/** How many requests may be under way to one provider for one model. Local and synchronous. */
export interface Slots extends SlotsHealth {
  /** A slot at once, if one is free and nobody waits. */
  tryAcquire(log?: CallLog): Slot | undefined;
  /** Waits for one: by priority, then by age. Rejects with the signal's reason, or with a `QueueFullError`. */
  acquire(request: SlotRequest): Promise<Slot>;
  /** How long a newcomer of this priority would wait, as far as can be told. */
  expectedWaitMs(priority: number): number;
  /** What a call is told that gets none. */
  full(why: string): QueueFullError;
  /** The server told another process its limit: no more than that until then. */
  adopt(named: { readonly atMost: number; readonly until: number }): void;
  health(): SlotsHealth;
}

/** Where a limit stands. */
export interface SlotsPlace {
  readonly provider: string;
  readonly model: string;
  readonly clock: Clock;
  /** Told of every change but an adopted one. `log`: the call whose request brought it about. */
  readonly onChange?: ((limit: number, log: CallLog | undefined) => void) | undefined;
}

export interface SlotsSettings extends AdaptiveSettings {
  readonly maxQueue: number;
}

export function createSlots(place: SlotsPlace, settings: SlotsSettings): Slots {
  return new LimitedSlots(place, settings);
}

/** A slot that was given out. */
interface Grant {
  readonly at: number;
  /** Of the limit at that time. */
  readonly generation: number;
}

/** How much a new sample weighs. Netflix's for the same purpose. */
const SMOOTHING = 0.2;

class LimitedSlots implements Slots {
  readonly #place: SlotsPlace;
  readonly #maxQueue: number;
  readonly #adaptive: AdaptiveLimit;
  readonly #line: WaitingLine<Grant>;
  /** How long a slot is held, lately. */
  #heldMs: number | undefined;
  /** Since when there is none left. */
  #fullSince = 0;
  inFlight = 0;

  constructor(place: SlotsPlace, settings: SlotsSettings) {
    this.#place = place;
    this.#maxQueue = settings.maxQueue;
    this.#adaptive = new AdaptiveLimit(settings);
    this.#line = createWaitingLine(place.clock);
  }

  get limit(): number {
    return this.#adaptive.value;
  }

  get waiting(): number {
    return this.#line.size;
  }

  tryAcquire(log?: CallLog): Slot | undefined {
    return this.#isFree() && this.waiting === 0 ? this.#hand(this.#grant(), 0, log) : undefined;
  }

  async acquire({ log, ...how }: SlotRequest): Promise<Slot> {
    if (how.signal.aborted) throw how.signal.reason;
    const slot = this.tryAcquire(log);
    if (slot) return slot;
    if (this.waiting >= this.#maxQueue) throw this.full(`no more calls may wait (limits.maxQueue: ${this.#maxQueue})`);
    const joinedAt = this.#now();
    const grant = await this.#line.join(how);
    if (!grant) throw this.full(`none came free within ${Math.round(how.maxWaitMs / 100) / 10} s`);
    return this.#hand(grant, grant.at - joinedAt, log);
  }

  expectedWaitMs(priority: number): number {
    if (this.#isFree() && this.waiting === 0) return 0;
    // Nothing has come back yet: it may take as long again.
    if (this.#heldMs === undefined) return this.#now() - this.#fullSince;
    const before = this.#line.ahead(priority) + Math.max(0, this.inFlight - this.limit);
    return ((before + 1) * this.#heldMs) / this.inFlight;
  }

  adopt({ atMost, until }: { readonly atMost: number; readonly until: number }): void {
    const now = this.#now();
    if (until > now) this.#adaptive.name(now, atMost, until);
  }

  health(): SlotsHealth {
    const { limit, inFlight, waiting } = this;
    const named = this.#adaptive.namedAt(this.#now());
    return { limit, inFlight, waiting, ...(named && { named }) };
  }

  #isFree(): boolean {
    return this.inFlight < this.limit;
  }

  #grant(): Grant {
    const at = this.#now();
    this.inFlight += 1;
    if (!this.#isFree()) {
      this.#fullSince = at;
      this.#adaptive.reached(at);
    }
    return { at, generation: this.#adaptive.generation };
  }

  #hand(grant: Grant, waitedMs: number, log: CallLog | undefined): Slot {
    let isOut = true;
    const release = (ending?: Ending) => {
      if (isOut) this.#takeBack(grant, ending, log);
      isOut = false;
    };
    return { waitedMs, release };
  }

  #takeBack(grant: Grant, ending: Ending | undefined, log: CallLog | undefined): void {
    const now = this.#now();
    // Whoever has few under way is not who fills the server.
    const isUsed = this.inFlight * 2 >= this.limit;
    this.inFlight -= 1;
    const heldMs = now - grant.at;
    this.#heldMs = this.#heldMs === undefined ? heldMs : this.#heldMs + SMOOTHING * (heldMs - this.#heldMs);
    const before = this.limit;
    if (ending) this.#learn(ending, grant.generation, now, isUsed);
    while (this.#isFree() && this.waiting > 0) this.#line.next(this.#grant());
    if (this.limit !== before) this.#place.onChange?.(this.limit, log);
  }

  #learn({ outcome, error }: Ending, generation: number, now: number, isUsed: boolean): void {
    if (outcome === "succeeded") this.#adaptive.succeeded(now);
    if (outcome !== "failed" || !error || !(error.code === "busy" || error.code === "rate_limited")) return;
    const { concurrencyLimit: named } = error as { concurrencyLimit?: number };
    if (isUsed) this.#adaptive.complained(now, generation, named);
    else if (named !== undefined) this.#adaptive.name(now, named);
  }

  full(why: string): QueueFullError {
    const { provider, model } = this.#place;
    return new QueueFullError(`${provider} (${model}) has all slots in use (${this.limit}), and ${why}.`, {
      provider,
      model,
    });
  }

  #now(): number {
    return this.#place.clock.now();
  }
}
