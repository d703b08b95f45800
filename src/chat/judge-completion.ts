import type { EmptyKind } from "../error-codes.ts";
import {
  BusyError,
  ContentFilterError,
  EmptyAnswerError,
  MalformedOutputError,
  StreamInterruptedError,
  UnexpectedResponseError,
} from "../error-family.ts";
import type { ErrorDetails, ResilientClientError } from "../errors.ts";
import type { ToolCall } from "./chat-request.ts";
import type { FinishReason } from "./chat-response.ts";

/** What is known of an answer when its stream is over. */
export interface AnswerEvidence {
  readonly finishReason: FinishReason | undefined;
  /** Whether any text but whitespace came. */
  readonly hasText: boolean;
  /** Whether any text came at all. */
  readonly hasWhitespace: boolean;
  readonly hasReasoning: boolean;
  /** Whether the model said, in the field for it, that it will not answer. */
  readonly isRefused: boolean;
  /** Whether the text holds a tool call that the server did not recognize. */
  readonly hasMarkup: boolean;
  /** Whether the thinking does. It may be what is thought about, as long as there is an answer. */
  readonly hasThoughtMarkup: boolean;
  /** `undefined` when one of them is cut or broken. */
  readonly toolCalls: readonly ToolCall[] | undefined;
  readonly allowEmpty: boolean;
}

/**
 * Which of two finish reasons counts, for servers that send several: one that refuses wins over all, `length` over the
 * other accepted ones, and otherwise the first.
 */
export function decisiveFinish(first: FinishReason | undefined, second: FinishReason): FinishReason {
  return first === undefined || weight(second) > weight(first) ? second : first;
}

function weight(reason: FinishReason): number {
  if (reason === "stop" || reason === "tool_calls") return 0;
  return reason === "length" ? 1 : 2;
}

/**
 * Truthful completion: an answer is complete only with an accepted finish reason, whole tool calls, and text where text
 * is required. Neither `[DONE]` nor a cleanly closed socket proves anything: both come after answers that were cut.
 * Returns what is wrong, or `undefined`.
 */
export function judgeCompletion(
  evidence: AnswerEvidence,
  who: string,
  details: ErrorDetails,
): ResilientClientError | undefined {
  const { finishReason, toolCalls, hasMarkup } = evidence;
  const isAccepted = finishReason === "stop" || finishReason === "tool_calls" || finishReason === "length";
  if (isAccepted && hasMarkup && isLost(toolCalls)) {
    return new MalformedOutputError(`${who} sent a tool call as text.`, details);
  }
  switch (finishReason) {
    case undefined:
      return new StreamInterruptedError(`${who} ended the answer without a finish reason: it is incomplete.`, details);
    case "length":
      return evidence.isRefused ? judgeText(evidence, who, details) : undefined;
    case "stop":
    case "tool_calls":
      if (!toolCalls) {
        return new MalformedOutputError(
          `${who} sent a tool call without a name, or with arguments that are no JSON.`,
          details,
        );
      }
      if (toolCalls.length > 0) return undefined;
      if (finishReason === "tool_calls") {
        return new MalformedOutputError(`${who} announced a tool call and sent none.`, details);
      }
      return judgeText(evidence, who, details);
    case "content_filter":
      return new ContentFilterError(
        `${who} stopped the answer for its content. The same request will fail again.`,
        details,
      );
    // DeepSeek's two words for it, and OpenRouter's for whatever its upstream said.
    case "insufficient_system_resource":
    case "aborted":
    case "error":
      return new BusyError(`${who} gave up in the middle of the answer (${finishReason}).`, details);
    default:
      return new UnexpectedResponseError(
        `${who} ended the answer with an unknown finish reason (${/^[a-z_]{1,15}$/.test(finishReason) ? finishReason : "not a word"}).`,
        details,
      );
  }
}

/**
 * Whether the call that stands in the text is none of those that were recognized: there are none, or the arguments of one were left
 * in the text (https://github.com/cline/cline/issues/13348).
 */
function isLost(toolCalls: AnswerEvidence["toolCalls"]): boolean {
  return !toolCalls?.length || toolCalls.some((call) => /^\s*\{\s*\}\s*$/.test(call.function.arguments));
}

function judgeText(evidence: AnswerEvidence, who: string, details: ErrorDetails): ResilientClientError | undefined {
  if (evidence.hasText) return undefined;
  if (evidence.isRefused) {
    return new ContentFilterError(`${who} refused to answer; what it said stands in error.partial.refusal.`, details);
  }
  if (evidence.allowEmpty) return undefined;
  if (evidence.hasThoughtMarkup)
    return new MalformedOutputError(`${who} sent a tool call within its thinking.`, details);
  const kind: EmptyKind = evidence.hasReasoning ? "reasoning_only" : evidence.hasWhitespace ? "whitespace" : "nothing";
  return new EmptyAnswerError(`${who} finished without an answer (${EMPTY[kind]}).`, { ...details, kind });
}

const EMPTY: Readonly<Record<EmptyKind, string>> = {
  nothing: "no text at all",
  whitespace: "only whitespace",
  reasoning_only: "it only thought",
  empty_body: "an empty body",
};
