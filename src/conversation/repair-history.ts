import type { AssistantMessage, ChatMessage, ChatRequest, TextPart } from "../chat/chat-request.ts";
import { wantsThinkingBack } from "../chat/thinking.ts";
import { checkHistory } from "./check-history.ts";
import { type HistoryChange, orderResults, type Placed } from "./order-results.ts";

/** A history that the API takes. */
export interface RepairedHistory {
  /** The list that was given, if nothing was wrong with it. */
  readonly messages: readonly ChatMessage[];
  /** None, if nothing was wrong. */
  readonly changes: readonly HistoryChange[];
}

/** What the history is sent with. */
export type HistoryRequest = Pick<ChatRequest, "tools" | "thinking" | "reasoning_effort">;

/**
 * Repairs a history that the API would refuse: results of tools without their call, calls without a result, results that do not follow their
 * call, assistant's messages that say nothing, a `prefix` that is no longer the end, and with `tools` and thinking, messages without
 * `reasoning_content`. Pure: what it is given stays as it is.
 *
 * @example
 * const { messages, changes } = repairHistory(saved, { tools });
 * @throws InvalidRequestError for what no repair could make right: unknown roles, content of another type, two calls of a message with one id.
 */
export function repairHistory(messages: readonly ChatMessage[], request: HistoryRequest = {}): RepairedHistory {
  return repair(messages, request, false);
}

/** The same for a history that goes on: its last tool calls are still to be answered. */
export function repairSaved(messages: readonly ChatMessage[], request: HistoryRequest): RepairedHistory {
  return repair(messages, request, true);
}

function repair(messages: readonly ChatMessage[], request: HistoryRequest, goesOn: boolean): RepairedHistory {
  checkHistory(messages);
  const changes: HistoryChange[] = [];
  const needsThinking = wantsThinkingBack(request);
  const tidy: Placed[] = [];
  for (const [index, message] of messages.entries()) {
    const isEnd = index === messages.length - 1 && !goesOn;
    const kept = message.role === "assistant" ? tidyAnswer(message, index, { isEnd, needsThinking }, changes) : message;
    if (kept) tidy.push({ message: kept, index });
  }
  const ordered = orderResults(tidy, goesOn, changes);
  return { messages: changes.length > 0 ? ordered.map(({ message }) => message) : messages, changes };
}

/** `undefined`: it says nothing. */
function tidyAnswer(
  message: AssistantMessage,
  index: number,
  { isEnd, needsThinking }: { readonly isEnd: boolean; readonly needsThinking: boolean },
  changes: HistoryChange[],
): AssistantMessage | undefined {
  const where = `messages[${index}]`;
  const tell = (rule: HistoryChange["rule"], what: string) => changes.push({ rule, message: `${where} ${what}.` });
  const { prefix, ...bare } = message;
  let kept: AssistantMessage = message;
  if (prefix !== undefined && !isEnd) {
    kept = bare;
    if (prefix) tell("old-prefix", "is no longer the end: its prefix was removed");
  }
  const content: unknown = kept.content;
  if (Array.isArray(content)) {
    const text = (content as readonly TextPart[]).map((part) => part.text).join("");
    kept = { ...kept, content: text === "" ? null : text };
    tell("content-parts", "is an answer in parts: they were joined");
  }
  if (typeof kept.content !== "string" && !kept.tool_calls?.length) {
    tell("empty-assistant-message", "says nothing and asks for no tool: it was removed");
    return undefined;
  }
  if (needsThinking && typeof kept.reasoning_content !== "string") {
    kept = { ...kept, reasoning_content: "" };
    tell("missing-reasoning", "has no reasoning_content, which tools and thinking need: an empty one was added");
  }
  return kept;
}
