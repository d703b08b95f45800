import { sleep } from "../async/sleep.ts";
import type { Call, Policy } from "../call.ts";
import { type Check, group, milliseconds, oneOf, refuse } from "../check-shape.ts";
import { InvalidOptionsError, TimeoutError } from "../error-family.ts";

/**
 * Hours in which calls may start. Two costs are at stake, and they do not agree: **waiting** (`quietHours()` around the hours in
 * which a server is said to be least busy) and **money** (`deepseekOffPeak()`, the hours of the lower price). DeepSeek's quiet
 * hours of the field guide, 01:00 to 05:00 UTC, lie mostly within its peak prices. So the caller says which one counts.
 */
export interface TimeWindow {
  /** For messages. */
  readonly name: string;
  /** Whether a call may start at that time; milliseconds since the epoch. */
  isOpen(now: number): boolean;
  /** The first time from `now` on at which one may: `now` while it is open, `Infinity` where it never opens again. */
  nextOpening(now: number): number;
}

/** Which hours a call waits for, and how long. */
export interface StartWithinOptions {
  /** The hours: `quietHours()`, `deepseekOffPeak()`, or your own. */
  readonly window: TimeWindow;
  /**
   * No call waits longer. Milliseconds from 1, or `Infinity`. The wait comes before all other limits: neither
   * `timeouts.startMs` nor `timeouts.totalMs` counts it. Calls begin within a minute of the opening, not all at once.
   * @defaultValue 172_800_000: two days
   */
  readonly maxWaitMs?: number | undefined;
  /**
   * When the hours are further away than that: `fail` at once with a `timeout` that says when they begin (`retryAt`), or
   * `start` at once, outside of them.
   * @defaultValue "fail"
   */
  readonly tooLong?: "fail" | "start" | undefined;
}

export type StartWithinSettings = {
  readonly [K in keyof StartWithinOptions]-?: Exclude<StartWithinOptions[K], undefined>;
};

/** All numbers of the wait, each with its reason. */
const OFF_PEAK_DEFAULTS = {
  maxWaitMs: 172_800_000, // Hours of every day begin within one, and a day later where the clocks skip them.
  tooLong: "fail", // Whoever names hours means them.
  maxSpreadMs: 60_000, // All who wait for the same minute must not start in the same second.
  spreadShare: 0.1, // But who has waited for a moment only starts a moment later.
} as const;

const aWindow: Check = (value, label) => {
  const { name, isOpen, nextOpening } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== "string" || typeof isOpen !== "function" || typeof nextOpening !== "function")
    refuse(label, "a window with name, isOpen() and nextOpening(), as made by quietHours()", value);
};

/** What `startWithin` may be: a window, or `StartWithinOptions`. */
export const aStartWithin: Check = (value, label) => {
  if (typeof value !== "object" || value === null || "isOpen" in value) return aWindow(value, label);
  group({ window: aWindow, maxWaitMs: milliseconds, tooLong: oneOf("fail", "start") })(value, label);
  aWindow((value as { window?: unknown }).window, `${label}.window`);
};

/** Fills in the defaults. */
export function startWithinSettings(given: TimeWindow | StartWithinOptions): StartWithinSettings {
  const { window, maxWaitMs, tooLong }: StartWithinOptions = "isOpen" in given ? { window: given } : given;
  return {
    window,
    maxWaitMs: maxWaitMs ?? OFF_PEAK_DEFAULTS.maxWaitMs,
    tooLong: tooLong ?? OFF_PEAK_DEFAULTS.tooLong,
  };
}

/**
 * Lets a call start within its hours only. It stands outside of `deadline`, so that the time for the first token begins
 * after the wait, and outside of `resume`: an answer that broke off goes on at any hour.
 */
export function offPeak(settings: StartWithinSettings): Policy {
  return async (call, next) => {
    const startedAt = call.clock.now();
    // A wait may end outside: a clock was set, or the window is a short one.
    for (let now = startedAt; !settings.window.isOpen(now); now = call.clock.now()) {
      const forMs = waitTime(now, startedAt + settings.maxWaitMs, settings, call.random);
      if (forMs === undefined) break;
      await pause(call, forMs);
    }
    return next(call);
  };
}

/** How long to wait for the hours to begin, a little of chance included; `undefined`: not at all. */
function waitTime(
  now: number,
  until: number,
  { window, tooLong, maxWaitMs }: StartWithinSettings,
  random: () => number,
): number | undefined {
  const opensAt = window.nextOpening(now);
  if (!(opensAt > now)) {
    throw new InvalidOptionsError(
      `startWithin: nextOpening() must return a later time while the window is closed, but returned ${String(opensAt)}.`,
    );
  }
  if (opensAt > until || opensAt === Number.POSITIVE_INFINITY) {
    if (tooLong === "start") return undefined;
    const of = `The window of the call (${window.name})`;
    if (!Number.isFinite(opensAt)) throw new TimeoutError(`${of} does not open again.`, { phase: "start" });
    throw new TimeoutError(
      `${of} opens in ${hours(opensAt - now)}, and the call may wait ${hours(maxWaitMs)} (startWithin.maxWaitMs).`,
      { phase: "start", retryAt: Math.ceil(opensAt) },
    );
  }
  const waitMs = opensAt - now;
  const { maxSpreadMs, spreadShare } = OFF_PEAK_DEFAULTS;
  return Math.min(waitMs + random() * Math.min(maxSpreadMs, waitMs * spreadShare), until - now);
}

async function pause({ log, clock, signal }: Call, forMs: number): Promise<void> {
  const done = log.wait(forMs, "off-peak");
  try {
    await sleep(clock, forMs, signal);
  } finally {
    done();
  }
}

function hours(ms: number): string {
  return `${Math.round(ms / 360_000) / 10} h`;
}
