import type { Report } from "./report.ts";

/** What every call of a tool has, however it ended. */
interface Called<Name, Input> {
  /** The call's own id: no other of the run has it. */
  readonly id: string;
  readonly name: Name;
  /** What the tool was given. */
  readonly input: Input;
  /** What the model was told in answer. */
  readonly told: string;
}

/** How one call of a tool ended. */
export type ToolOutcome<Name extends string = string, Input = unknown, Output = unknown> =
  | (Called<Name, Input> & { readonly status: "done"; readonly output: Output })
  /** The tool threw, or its time was over. */
  | (Called<Name, Input> & { readonly status: "failed"; readonly error: unknown })
  /** `onToolCall` refused it, for this reason. */
  | (Called<Name, Input> & { readonly status: "refused"; readonly reason: string })
  /** No tool has this name, or the arguments do not fit it: nothing ran. */
  | (Called<string, unknown> & { readonly status: "invalid" });

/** One answer of the model, and the tools it asked for. */
export interface ToolStep<Outcome = ToolOutcome> {
  /** Its place in the run, from 0. */
  readonly step: number;
  /** Why the answer ended. */
  readonly finishReason: string;
  /** In the order the model asked for them. */
  readonly calls: readonly Outcome[];
  /** What happened on the way to the answer. */
  readonly report: Report;
}
