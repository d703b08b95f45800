import type { Clock } from "../async/clock.ts";

/**
 * An average that jumps to whatever is worse, and moves to what is better the faster the longer ago the last value was: peak
 * EWMA, as Finagle balances by (https://twitter.github.io/finagle/guide/Clients.html#power-of-two-choices-p2c-least-loaded).
 */
export interface PeakAverage {
  add(value: number): void;
  /** The average as it counts now: it fades, so that who was slow once is tried again. `undefined` before the first value. */
  now(): number | undefined;
  /** The average as it was with the last value. */
  last(): number | undefined;
}

/** After three times as long, a twentieth of a value counts. Minutes: people ask seldom, and a busy spell lasts that long. */
const FADES_MS = 60_000;

export function createPeakAverage(clock: Clock): PeakAverage {
  let average: number | undefined;
  let at = 0;
  const fadedBy = () => Math.exp(Math.min(0, at - clock.now()) / FADES_MS);
  return {
    add(value) {
      if (average === undefined || value > average) average = value;
      else average = value + (average - value) * fadedBy();
      at = clock.now();
    },
    now: () => average && average * fadedBy(),
    last: () => average,
  };
}
