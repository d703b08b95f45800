import type { Call, Continues, Delivered } from "../call.ts";
import type { ErrorCode } from "../error-codes.ts";
import type { Permissions } from "./ends-the-call.ts";

export interface ResumeSettings extends Permissions {
  readonly maxResumes: number;
  readonly onUnresumable: "fail" | "reset";
  readonly continueOnLength: number;
  /** Going on has the time of a first token. */
  readonly startMs: number;
  /** Whether any provider can go on with the call's answer. */
  canContinue(call: Call): boolean;
}

/** What is known of an answer that stopped. */
export interface Stopped {
  readonly call: Call;
  readonly delivered: Delivered;
  /** What it broke off with; `undefined`: it was complete, but for its length. */
  readonly code: ErrorCode | undefined;
  /** Whether pieces of tool calls had come, shown or not. */
  readonly hasToolCalls: boolean;
  /** Whether something is wrong with the text, or it is not known to be text: going on from there would keep it. */
  readonly isSpoilt: boolean;
  /** Whether it ended because it repeated itself: no new start would say the same on purpose. */
  readonly isLoop: boolean;
  /** How much had been delivered when it went on the last time, in characters. */
  readonly keptBefore: number;
  /** Whether a new start has been laid over the delivered text already. */
  readonly hasStartedAgain: boolean;
  /** Whether what the consumer saw may be taken back. */
  readonly mayReset: boolean;
  canContinue(call: Call): boolean;
}

/**
 * The ways an answer may go on, to be tried in order; none: it cannot. What a consumer has not seen may start again
 * anywhere, and goes on where a provider can, which costs less. Text that was seen is gone on with; where nobody can, a
 * new start may say the same again, once, or a consumer that permits it is told to discard.
 */
export function planResume(stopped: Stopped): readonly Continues[] {
  const { call, delivered, code, hasToolCalls, isLoop, hasStartedAgain, mayReset } = stopped;
  const { content, reasoning_content: reasoning, hasOther, reader } = delivered;
  const kept = { content, reasoning, spentTokens: code ? call.log.spent() : 0 };
  const keep: Continues = { ...kept, ways: "keep" };
  const goesOn = canGoOn(stopped);
  const canKeep = goesOn && stopped.canContinue({ ...call, continues: keep });
  if (code === undefined) return canKeep ? [keep] : [];
  const isUnseen = reader === "whole" || (content === "" && !hasOther);
  if (isUnseen) return [{ ...kept, ways: goesOn ? "any" : "restart" }];
  // A new start cannot be laid over half a tool call, nor over text whose every token came with its probability.
  const maySkip = !hasStartedAgain && !hasOther && !hasToolCalls && !isLoop && !call.request.logprobs;
  return [...(canKeep ? [keep] : []), ...(mayReset || maySkip ? [{ ...kept, ways: "restart" } as const] : [])];
}

/** Whether there is something to go on from. */
function canGoOn({ delivered, hasToolCalls, isSpoilt, keptBefore }: Stopped): boolean {
  const { content, reasoning_content: reasoning, hasOther, reader } = delivered;
  // Half a tool call is no text, and no page says how it would be gone on with.
  if (hasToolCalls || hasOther || isSpoilt) return false;
  // Blank text that nobody saw is no beginning.
  if (reader === "whole" && content !== "" && content.trim() === "") return false;
  // Each time must bring it further.
  return content.length + reasoning.length > keptBefore;
}
