import type { ChatMessage, ChatModel, SystemMessage } from "../chat/chat-request.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import { aString, checkShape, wholeFromOne } from "../check-shape.ts";
import type { ChatCompletions } from "../client/completions.ts";
import type { CallOptions } from "../client-options.ts";
import type { FlushPlan } from "../context/plan-flush.ts";
import { InvalidOptionsError, MalformedOutputError } from "../error-family.ts";
import { deepseekModel } from "../providers/deepseek-models.ts";
import type { TurnRequest } from "./conversation-options.ts";

/** How a conversation is summarized. */
export interface SummarizeOptions {
  /** Who summarizes. @defaultValue the conversation's own model, whose cache knows the conversation */
  readonly model?: ChatModel | undefined;
  /** Tokens the summary may have. A whole number from 1. @defaultValue 4096 */
  readonly maxTokens?: number | undefined;
  /** What the model is told to do, after the messages it is about. @defaultValue to keep facts, decisions, names, numbers and open questions */
  readonly instructions?: string | undefined;
}

/** Made by `summarize()`, for `Conversation.flush()`. */
export interface Summarize extends SummarizeOptions {
  readonly name: "summarize";
}

/**
 * Has the oldest messages replaced by a summary of them, which costs a request: `conversation.flush(summarize())`.
 *
 * @throws InvalidOptionsError for an option that is unknown or out of range.
 */
export function summarize(options: SummarizeOptions = {}): Summarize {
  checkShape(options, "summarize", { model: aString, maxTokens: wholeFromOne, instructions: aString });
  return { ...options, name: "summarize" };
}

/** Whether it was made by `summarize()`. */
export function isSummarize(how: unknown): how is Summarize {
  return typeof how === "object" && how !== null && "name" in how && how.name === "summarize" && !("shorten" in how);
}

/** @throws InvalidOptionsError for what cannot shorten a conversation. */
export function checkStrategy(how: unknown, who: string): void {
  const isStrategy = typeof (how as { readonly shorten?: unknown } | null | undefined)?.shorten === "function";
  if (how !== undefined && !isStrategy)
    throw new InvalidOptionsError(`${who}: expected a strategy, as made by newChat() or dropOldest().`);
}

const HEADING = "Summary of the conversation so far:";
const INSTRUCTIONS =
  "Summarize our conversation so far, for somebody who goes on with it and has read nothing of it. Keep facts, decisions, names, numbers, code that is still needed, and open questions. Answer with the summary alone, in the language of the conversation.";

/** Whether it is what `flush(summarize())` put there. */
export function isSummary(message: ChatMessage | undefined): boolean {
  return (
    message?.role === "system" && typeof message.content === "string" && message.content.startsWith(`${HEADING}\n`)
  );
}

/** Asks for a summary of the conversation up to the last message that goes. */
export function askForSummary(
  client: ChatCompletions,
  { model, maxTokens = 4_096, instructions = INSTRUCTIONS }: Summarize,
  { model: own, thinking, reasoning_effort: effort, tools, user_id: userId, safety_check: safety }: TurnRequest,
  messages: readonly ChatMessage[],
  options: CallOptions,
): Promise<ChatCompletion> {
  // Another host may not know the field.
  const knowsThinking = deepseekModel(model ?? own) !== undefined;
  const request = {
    model: model ?? own,
    // They begin as the last request did: a cache knows them.
    messages: [...messages, { role: "user", content: instructions } as const],
    max_tokens: maxTokens,
    ...(knowsThinking ? { thinking: { type: "disabled" } as const } : { thinking, reasoning_effort: effort }),
    ...(tools?.length && { tools, tool_choice: "none" as const }),
    user_id: userId,
    safety_check: safety,
  };
  return client.stream(request, options).finalChatCompletion();
}

/**
 * What stays after a summary: the system message, the summary, and the rest of it.
 *
 * @throws MalformedOutputError when the summary is none.
 */
export function withSummary(
  { choices: [choice] }: ChatCompletion,
  { messages }: FlushPlan,
  system: SystemMessage | undefined,
): ChatMessage[] {
  const text = choice?.message.content.trim();
  if (!text || choice?.finish_reason !== "stop")
    throw new MalformedOutputError(
      "The summary was not finished, so the conversation is as it was: give summarize() more maxTokens, or flush without it.",
    );
  const summary = Object.freeze({ role: "system", content: `${HEADING}\n${text}` } as const);
  // An older summary is part of what was summarized.
  const rest = messages.filter((message) => message !== system && !isSummary(message));
  return [...(system ? [system] : []), summary, ...rest];
}
