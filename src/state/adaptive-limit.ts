/** The numbers a limit goes by; each is described in `LimitOptions`. */
export interface AdaptiveSettings {
  readonly initial: number;
  readonly max: number;
  readonly decrease: number;
  readonly windowMs: number;
  readonly namedForMs: number;
}

/**
 * A limit that is felt for. Slow start: one more with every answer, as long as nobody has complained. Then one more after a
 * window without complaint in which all of it was used, a share less after a complaint. Additive increase and multiplicative decrease are what lets many clients that know nothing of each other end up
 * with fair shares (https://en.wikipedia.org/wiki/Additive_increase/multiplicative_decrease); without the slow start, answers that
 * take seconds would keep it from a server with room for ten times as many for minutes.
 */
export class AdaptiveLimit {
  readonly #settings: AdaptiveSettings;
  #value: number;
  /** Counts the decreases: a complaint about what was sent before the last one is known already. */
  #generation = 0;
  #decreasedAt = Number.NEGATIVE_INFINITY;
  #isStarting = true;
  /** When all of it was first in use without a complaint since it last grew. */
  #fullSince: number | undefined;
  #named = Number.POSITIVE_INFINITY;
  #namedUntil = 0;

  constructor(settings: AdaptiveSettings) {
    this.#settings = settings;
    this.#value = Math.min(settings.initial, settings.max);
  }

  get value(): number {
    return this.#value;
  }

  get generation(): number {
    return this.#generation;
  }

  /** All of it is in use. */
  reached(now: number): void {
    this.#fullSince ??= now;
  }

  succeeded(now: number): void {
    if (this.#fullSince === undefined) return;
    if (!this.#isStarting && now - this.#fullSince < this.#settings.windowMs) return;
    this.#fullSince = undefined;
    this.#value = Math.max(this.#value, Math.min(this.#value + 1, this.#ceiling(now)));
  }

  /** The server refused a request, for it had too many. `generation`: that of the moment it was sent. */
  complained(now: number, generation: number, named?: number): void {
    this.#isStarting = false;
    const isNews = generation === this.#generation && now - this.#decreasedAt >= this.#settings.windowMs;
    this.#fullSince = undefined;
    if (named !== undefined && this.name(now, named)) return;
    if (isNews) this.#lower(now, Math.floor(this.#value * this.#settings.decrease));
  }

  /** The server named its limit. It is an account's, which others may use too: never a reason to allow more. */
  name(now: number, limit: number, until = now + this.#settings.namedForMs): boolean {
    if (!(limit >= 1 && Number.isFinite(limit))) return false;
    // What reaches further was said later; but a smaller one holds whoever said something larger before.
    if (until < this.#namedUntil && limit >= this.#named) return false;
    this.#named = Math.floor(limit);
    this.#namedUntil = until;
    this.#isStarting = false;
    if (this.#named >= this.#value) return false;
    this.#lower(now, this.#named);
    return true;
  }

  /** The server's own limit, while it is believed. */
  namedAt(now: number): { readonly atMost: number; readonly until: number } | undefined {
    return now < this.#namedUntil ? { atMost: this.#named, until: this.#namedUntil } : undefined;
  }

  #lower(now: number, value: number): void {
    this.#value = Math.max(1, value);
    this.#generation += 1;
    this.#decreasedAt = now;
  }

  #ceiling(now: number): number {
    return now < this.#namedUntil ? Math.min(this.#named, this.#settings.max) : this.#settings.max;
  }
}
