import { InvalidOptionsError } from "../error-family.ts";

/** How long to wait before the next round. Called once a wait; must return milliseconds, 0 or more. */
export type Backoff = (wait: {
  /** How many rounds have failed, from 1. */
  readonly round: number;
  /** The wait before this one; 0 at first. */
  readonly previousMs: number;
  /** The client's random source: 0 up to, but not including, 1. */
  readonly random: () => number;
}) => number;

export interface ExponentialOptions {
  /** The first wait, before jitter. Milliseconds, over 0. @defaultValue 500 */
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
  const { baseMs = 500, factor = 2, maxMs = 10_000, jitter = "full" } = options;
  requireNumber("exponential", "baseMs", baseMs, 0);
  requireNumber("exponential", "factor", factor, 1);
  requireNumber("exponential", "maxMs", maxMs, 0);
  if (!["full", "equal", "none"].includes(jitter)) {
    throw new InvalidOptionsError(`exponential: jitter must be "full", "equal" or "none".`);
  }
  return ({ round, random }) => {
    const wait = Math.min(maxMs, baseMs * factor ** (round - 1));
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
  if (waitsMs.length === 0) throw new InvalidOptionsError("schedule: give at least one wait in milliseconds.");
  for (const waitMs of waitsMs) requireNumber("schedule", "each wait", waitMs, 0);
  return ({ round, random }) => (waitsMs[Math.min(round, waitsMs.length) - 1] ?? 0) * (1 + random() / 10);
}

/**
 * Decorrelated jitter: anything from `baseMs` to three times the wait before it, at most `maxMs`.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @throws InvalidOptionsError when an option is out of range.
 */
export function decorrelated(options: { readonly baseMs?: number; readonly maxMs?: number } = {}): Backoff {
  const { baseMs = 500, maxMs = 10_000 } = options;
  requireNumber("decorrelated", "baseMs", baseMs, 0);
  requireNumber("decorrelated", "maxMs", maxMs, 0);
  return ({ previousMs, random }) => {
    const upTo = Math.max(baseMs, previousMs * 3);
    return Math.min(maxMs, baseMs + random() * (upTo - baseMs));
  };
}

function requireNumber(where: string, name: string, value: number, min: number): void {
  if (Number.isFinite(value) && value >= min) return;
  throw new InvalidOptionsError(`${where}: ${name} must be a number from ${min}, got ${String(value)}.`);
}
