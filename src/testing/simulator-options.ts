import type { Clock } from "../async/clock.ts";
import type { Timing } from "./answer-exchange.ts";
import type { Fault, ScriptStep } from "./faults.ts";
import type { ScriptedAnswer } from "./plan-answer.ts";
import type { WireBody } from "./wire-body.ts";

export interface SimulatorOptions {
  /** The same seed gives the same answers and faults. A whole number. @defaultValue 1 */
  readonly seed?: number | undefined;
  /** Give the client the same one; `listen()` needs the system's. @defaultValue the system's clock */
  readonly clock?: Clock | undefined;
  /** The one key it accepts. @defaultValue any key that is not empty */
  readonly apiKey?: string | undefined;
  /** @defaultValue ["deepseek-flash", "deepseek-v4-pro"] */
  readonly models?: readonly string[] | undefined;
  /** Context window in tokens. @defaultValue 1_048_576 */
  readonly window?: number | undefined;
  readonly timing?: Timing | undefined;
  /** Length of an answer, roughly. @defaultValue 40 */
  readonly answerTokens?: number | undefined;
  /** Your own answers, but for continuations of a prefix. What it throws comes back as a 400. @defaultValue invented ones, each in a different wording */
  readonly answer?: ((request: WireBody) => ScriptedAnswer) | undefined;
  /** What the first requests get, one each; the ones after them get `faults`. */
  readonly script?: readonly ScriptStep[] | undefined;
  /** What goes wrong, by rate and time; the first that strikes counts. */
  readonly faults?: readonly Fault[] | undefined;
}
