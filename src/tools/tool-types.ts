import type { Clock } from "../async/clock.ts";
import type { ChatMessage, ChatRequest, ToolCall } from "../chat/chat-request.ts";
import type { ChatCompletion, CompletionMessage, FinishReason } from "../chat/chat-response.ts";
import type { Report, TokenCounts } from "../report.ts";
import type { ToolOutcome, ToolStep } from "../tool-step.ts";
import type { Tool } from "./tool.ts";

/** How the calls of each tool end. */
export type OutcomeOf<T extends Tool> =
  T extends Tool<infer Name, infer Input, infer Output> ? ToolOutcome<Name, Input, Output> : never;

/** A call that is about to be made: its arguments fit. */
export type PendingToolCall<T extends Tool = Tool> =
  T extends Tool<infer Name, infer Input>
    ? {
        /** No other call of the run has it. */
        readonly id: string;
        readonly name: Name;
        readonly input: Input;
        /** The step of the run, from 0. */
        readonly step: number;
        /** Aborts when the run ends early. */
        readonly signal: AbortSignal;
      }
    : never;

/** `true` or nothing: the call is made. `false`, or why not: it is refused, and the model is told. */
export type ToolVerdict = boolean | string | undefined;

/** What `runTools` and `streamTools` take: a chat request with tools that run. */
export interface ToolRunParams<T extends Tool = Tool> extends Omit<ChatRequest, "tools"> {
  /** 1 to 128, as made by `tool()`, no two of one name. */
  readonly tools: readonly T[];
  /** How many answers the model may give; the last one must ask for no tool. A whole number from 1. @defaultValue 10 */
  readonly maxSteps?: number | undefined;
  /** How many calls of one answer run at once. A whole number from 1. @defaultValue 4 */
  readonly concurrency?: number | undefined;
  /** How long a call may take, where its tool says nothing of it. Milliseconds from 1; `Infinity` for no limit. @defaultValue 60_000 */
  readonly toolTimeoutMs?: number | undefined;
  /**
   * Asked before each call, one after the other. `true` or nothing: it is made; `false` or a reason: it is refused, and the model is
   * told. What it throws ends the run, unchanged.
   * @defaultValue every call is made
   */
  readonly onToolCall?:
    | ((call: PendingToolCall<T>) => ToolVerdict | PromiseLike<ToolVerdict> | PromiseLike<void>)
    | undefined;
  /** Where the time of a tool is measured. @defaultValue the system's clock */
  readonly clock?: Clock | undefined;
}

/** What came of a run. */
export interface ToolRun<T extends Tool = Tool> {
  /** The text of the last answer. */
  readonly content: string;
  /** The last answer. */
  readonly message: CompletionMessage;
  /** The last completion. With `finish_reason` `length` it was cut, and what it may have asked for was not done. */
  readonly completion: ChatCompletion;
  /** All that was said, to go on with: the messages that were given, each answer, each result. */
  readonly messages: readonly ChatMessage[];
  /** Each answer, with what became of its calls. */
  readonly steps: readonly ToolStep<OutcomeOf<T>>[];
  /** Tokens of all answers, as servers counted them; those of a server that did not are missing. */
  readonly usage: TokenCounts;
  /** What happened on the way to each answer. */
  readonly reports: readonly Report[];
  /** What is worth knowing, though it worked: that strict mode was not used. */
  readonly warnings: readonly string[];
}

type Done<T extends Tool> = Extract<OutcomeOf<T>, { readonly status: "done" }>;
type Undone<T extends Tool, Status extends ToolOutcome["status"]> = Extract<OutcomeOf<T>, { readonly status: Status }>;

/** What `ToolStream.parts()` gives. `step`: the answer it belongs to, from 0. */
export type ToolStreamPart<T extends Tool = Tool> =
  | { readonly type: "text-delta"; readonly step: number; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly step: number; readonly text: string }
  /** The answer was cut here and goes on, as in a `ChatStream`. */
  | {
      readonly type: "seam";
      readonly step: number;
      readonly atChar: number;
      readonly from: string;
      readonly to: string;
    }
  /** The answer of this step starts again: discard what came of it. Steps before it stay. */
  | { readonly type: "reset"; readonly step: number }
  /** The model asks for a tool; nothing has run yet. */
  | { readonly type: "tool-call"; readonly step: number; readonly toolCall: ToolCall }
  /** A tool is done. */
  | ({ readonly type: "tool-result"; readonly step: number } & Done<T>)
  /** It failed, or was not run because its arguments do not fit. */
  | ({ readonly type: "tool-error"; readonly step: number } & Undone<T, "failed" | "invalid">)
  | ({ readonly type: "tool-refused"; readonly step: number } & Undone<T, "refused">)
  /** The answer is complete, and so are its calls. */
  | ({ readonly type: "step-finish"; readonly finishReason: FinishReason } & ToolStep<OutcomeOf<T>>)
  | { readonly type: "finish"; readonly result: ToolRun<T> };
