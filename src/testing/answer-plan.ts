import type { ToolCall } from "../chat/chat-request.ts";
import { splitTokens } from "./compose-answer.ts";

/** What will be said, and how it ends. */
export interface AnswerPlan {
  readonly id: string;
  readonly traceId: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
  readonly thinks: boolean;
  readonly reasoning: string;
  readonly content: string;
  readonly toolCalls: readonly ToolCall[];
  /** `null`: it ends without one. */
  readonly finishReason: string | null;
  readonly promptTokens: number;
}

type Said = Pick<AnswerPlan, "reasoning" | "content" | "toolCalls">;

export function outputTokens({ reasoning, content, toolCalls }: Said): number {
  const called = toolCalls.reduce((sum, call) => sum + toolCallTokens(call), 0);
  return splitTokens(reasoning).length + splitTokens(content).length + called;
}

/** One for id and name, and one for each piece of the arguments. */
export function toolCallTokens(call: ToolCall): number {
  return 1 + splitArguments(call.function.arguments).length;
}

/** A few characters each, never half of one. */
export function splitArguments(text: string): string[] {
  return text.match(/[\s\S]{1,5}/gu) ?? [];
}

/** The first so many tokens of an answer: thinking first, then text, then tool calls. */
export function firstTokens({ reasoning, content, toolCalls }: Said, most: number): Said {
  const thought = splitTokens(reasoning);
  const said = splitTokens(content);
  const left = Math.max(0, most - thought.length);
  return {
    reasoning: thought.slice(0, most).join(""),
    content: said.slice(0, left).join(""),
    toolCalls: cutToolCalls(toolCalls, left - said.length),
  };
}

/** The calls that so many tokens are enough for; the last one breaks off inside its arguments. */
function cutToolCalls(calls: readonly ToolCall[], tokens: number): ToolCall[] {
  const [first, ...others] = calls;
  if (!first || tokens < 1) return [];
  const needed = toolCallTokens(first);
  if (needed <= tokens) return [first, ...cutToolCalls(others, tokens - needed)];
  const pieces = splitArguments(first.function.arguments).slice(0, tokens - 1);
  return [{ ...first, function: { ...first.function, arguments: pieces.join("") } }];
}
