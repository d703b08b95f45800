import { checkShape, listOf, number, oneOf } from "../check-shape.ts";

const isWait = (value: unknown) => Number.isFinite(value) && (value as number) >= 0;
const waitMs = number("milliseconds from 0", isWait);
const fromOne = number("a number from 1", (value) => Number.isFinite(value) && value >= 1);
const aJitter = oneOf("full", "equal", "none");
const aSchedule = listOf("a list of at least one wait in milliseconds from 0", isWait, 1);

/** How long to wait before the next round. Called once a wait; must return milliseconds, 0 or more. */
export type Backoff = (wait: {
  /** How many rounds have failed, from 1. */
  readonly round: number;
  /** The wait before this one; 0 at first. */
  readonly previousMs: number;
  /** The client's random source: 0 up to, but not including, 1. */
  readonly random: () => number;
}) => number;

/** How `exponential()` grows, and how it scatters. */
export interface ExponentialOptions {
  /** The first wait, before jitter. Milliseconds from 0. @defaultValue 500 */
  readonly baseMs?: number | undefined;
  /** Each wait is this many times the one before. 1 or more. @defaultValue 2 */
  readonly factor?: number | undefined;
  /** No wait is longer, before jitter. Milliseconds. @defaultValue 10_000 */
  readonly maxMs?: number | undefined;
  /** `full`: anything from 0 to the wait, `equal`: from half of it, `none`: exactly it. @defaultValue "full" */
  readonly jitter?: "full" | "equal" | "none" | undefined;
}

/**
 * Exponential backoff. Full jitter is the default because it gives a busy server the least work in all:
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @example
 * createResilientClient({ retry: { backoff: exponential({ baseMs: 1_000, maxMs: 60_000 }) } });
 * @throws InvalidOptionsError when an option is out of range.
 */
export function exponential(options: ExponentialOptions = {}): Backoff {
  checkShape(
    options,
    "exponential",
    { baseMs: waitMs, factor: fromOne, maxMs: waitMs, jitter: aJitter },
    { owner: "exponential: " },
  );
  const { baseMs = 500, factor = 2, maxMs = 10_000, jitter = "full" } = options;
  return ({ round, random }) => {
    // The exponent is bounded too: 0 x Infinity is no number.
    const wait = Math.min(maxMs, baseMs * Math.min(factor ** (round - 1), Number.MAX_VALUE));
    if (jitter === "none") return wait;
    return jitter === "equal" ? wait / 2 + random() * (wait / 2) : random() * wait;
  };
}

/**
 * Waits by a fixed list, whose last entry repeats: `schedule([5_000, 10_000, 30_000])` is the patience people recommend
 * for "server busy". Each wait is up to a tenth longer, so that a thousand clients do not come back in the same instant.
 *
 * @throws InvalidOptionsError when the list is empty or holds a negative number.
 */
export function schedule(waitsMs: readonly number[]): Backoff {
  aSchedule(waitsMs, "schedule: the waits");
  return ({ round, random }) => (waitsMs[Math.min(round, waitsMs.length) - 1] ?? 0) * (1 + random() / 10);
}

/** Between which times `decorrelated()` scatters. */
export interface DecorrelatedOptions {
  /** No wait is shorter. Milliseconds from 0. @defaultValue 500 */
  readonly baseMs?: number | undefined;
  /** No wait is longer. Milliseconds from 0. @defaultValue 10_000 */
  readonly maxMs?: number | undefined;
}

/**
 * Decorrelated jitter: anything from `baseMs` to three times the wait before it, at most `maxMs`.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @throws InvalidOptionsError when an option is out of range.
 */
export function decorrelated(options: DecorrelatedOptions = {}): Backoff {
  checkShape(options, "decorrelated", { baseMs: waitMs, maxMs: waitMs }, { owner: "decorrelated: " });
  const { baseMs = 500, maxMs = 10_000 } = options;
  return ({ previousMs, random }) => {
    const upTo = Math.max(baseMs, previousMs * 3);
    return Math.min(maxMs, baseMs + random() * (upTo - baseMs));
  };
}
