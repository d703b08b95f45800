import type { AttemptCall, Policy } from "../call.ts";
import { type Check, finiteMs, group, number, oneOf, type Shape, wholeFromOne } from "../check-shape.ts";
import { loadPart } from "../load-part.ts";

/** What ends an answer that is under way, and is not worth waiting for. Each guard is off until it is set. */
export interface GuardOptions {
  /**
   * Ends an answer that says the same again and again at its end, in its text or its thinking: `true`, or with other limits. What is
   * legitimate and shorter than `afterChars` (rules and tables, rows of zeros, equal lines) never counts.
   * @defaultValue false
   */
  readonly repetition?: RepetitionOptions | boolean | undefined;
  /**
   * Ends an answer that comes slower than that, over `windowMs`: tokens a second, estimated, thinking included; more than 0. Counted from the
   * first token, and only while somebody waits for more: a slow consumer is no slow server. Silence is slow, too.
   * @defaultValue no limit
   */
  readonly minTokensPerSecond?: number | undefined;
  /**
   * Over how long `minTokensPerSecond` is measured, in milliseconds from 1. Gaps of 146 to 201 s were seen inside long thinking: a
   * window as long as these forgives them.
   * @defaultValue 30_000
   */
  readonly windowMs?: number | undefined;
  /**
   * Ends an answer that thinks for more tokens than that, as estimated, before any text. A whole number from 1.
   * @defaultValue no limit
   */
  readonly maxThinkingTokens?: number | undefined;
  /**
   * What follows. `fail`: the call ends with `guard` and what had arrived. `elsewhere`: another provider is asked, and the same one
   * once more if there is nobody else, as after a stream that broke; a slow answer goes on where it stopped, of one that
   * repeats itself or thinks without end nothing is kept. Needs `resume`, and counts in its `maxResumes`.
   * @defaultValue "fail"
   */
  readonly onTrip?: "fail" | "elsewhere" | undefined;
}

/** When an answer repeats itself. */
export interface RepetitionOptions {
  /** So many characters at its end say the same again and again. A whole number from 100 to 1_000_000. @defaultValue 2_000 */
  readonly afterChars?: number | undefined;
  /** At least so often. A whole number from 2 to 100. @defaultValue 10 */
  readonly repetitions?: number | undefined;
  /** No longer texts are looked for that repeat. Characters; a whole number from 1 to 10_000. @defaultValue 2_000 */
  readonly maxPeriodChars?: number | undefined;
}

const wholeBetween = (min: number, max: number): Check =>
  number(`a whole number from ${min} to ${max}`, (value) => Number.isInteger(value) && value >= min && value <= max);

export const guardShape = (): Shape => {
  const isRepetition = group({
    afterChars: wholeBetween(100, 1_000_000),
    repetitions: wholeBetween(2, 100),
    maxPeriodChars: wholeBetween(1, 10_000),
  });
  return {
    repetition: (value, label) => (typeof value === "boolean" ? undefined : isRepetition(value, label)),
    minTokensPerSecond: number("tokens a second, more than 0", (value) => value > 0 && Number.isFinite(value)),
    windowMs: finiteMs,
    maxThinkingTokens: wholeFromOne,
    onTrip: oneOf("fail", "elsewhere"),
  };
};

/** What watches is a part of its own. */
export const loadGuards = /* @__PURE__ */ loadPart(() => import("./guard-answer.ts"));

/** Watches the answer of an attempt, and ends it when a guard trips. */
export function guards(options: GuardOptions): Policy<AttemptCall> {
  return async (call, next) => (await loadGuards()).guardAnswer(options, call, next);
}
