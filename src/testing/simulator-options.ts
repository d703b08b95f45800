import type { Clock } from "../async/clock.ts";
import type { Timing } from "./answer-exchange.ts";
import type { Capacity } from "./capacity.ts";
import type { DialectName } from "./choose-dialect.ts";
import type { Fault, ScriptStep } from "./faults.ts";
import type { Framing } from "./framing.ts";
import type { ThinkTag } from "./lm-studio-dialect.ts";
import type { ScriptedAnswer } from "./plan-answer.ts";
import type { WireBody } from "./wire-body.ts";

/** Options of `createSimulator()`. */
export interface SimulatorOptions {
  /** The same seed gives the same answers and faults. A whole number. @defaultValue 1 */
  readonly seed?: number | undefined;
  /** Give the client the same one; `listen()` needs the system's. @defaultValue the system's clock */
  readonly clock?: Clock | undefined;
  /** Whose words it speaks. DeepSeek's own rules hold for DeepSeek alone. @defaultValue "deepseek" */
  readonly dialect?: DialectName | undefined;
  /** Of `lmStudio`: whether its thinking begins with a tag, or is only ended by one. @defaultValue "both" */
  readonly thinkTag?: ThinkTag | undefined;
  /** The one key it accepts. @defaultValue any key that is not empty; local dialects need none */
  readonly apiKey?: string | undefined;
  /** The models it has; others are refused. @defaultValue ["deepseek-flash", "deepseek-v4-pro"]; of `openrouter` ["deepseek/deepseek-v4.1-flash"], which it always has; of local dialects any */
  readonly models?: readonly string[] | undefined;
  /** Of local dialects: which models are in memory. Others are loaded when they are asked for. @defaultValue `models`, or `deepseek-r1-0528-qwen3-8b` of `lmStudio`, `deepseek-r1:8b` of `ollama` */
  readonly loaded?: readonly string[] | undefined;
  /** Of `lmStudio`: whether it loads what it is asked for; else only what is in memory is listed and answers. @defaultValue true */
  readonly justInTime?: boolean | undefined;
  /** Context window in tokens. @defaultValue 1_048_576 */
  readonly window?: number | undefined;
  /** How fast it is. @defaultValue as fast as it can */
  readonly timing?: Timing | undefined;
  /** How answers are laid out; what they say does not change. @defaultValue the host's own way */
  readonly framing?: Framing | undefined;
  /** How much the server can do at once. A slot is free when its stream has ended, or its client has left. @defaultValue no limits */
  readonly capacity?: Capacity | undefined;
  /** Length of an answer, roughly. @defaultValue 40 */
  readonly answerTokens?: number | undefined;
  /** Your own answers, but for continuations of a prefix. A gap comes with `prompt`, `suffix`, and `messages` made of the prompt. What it throws comes back as a 400. @defaultValue invented ones, each in a different wording */
  readonly answer?: ((request: WireBody) => ScriptedAnswer) | undefined;
  /** What the first requests get, one each; the ones after them get `faults`. @defaultValue [] */
  readonly script?: readonly ScriptStep[] | undefined;
  /** What goes wrong, by rate and time; the first that strikes counts. @defaultValue [] */
  readonly faults?: readonly Fault[] | undefined;
}
