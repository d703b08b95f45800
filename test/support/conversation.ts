import type { AssistantMessage, ChatMessage } from "../../src/chat/chat-request.ts";
import { counterFor } from "../../src/context/count-messages.ts";
import type { FitGoal } from "../../src/context/strategies.ts";

// Messages in few words.

export const system = (content: string): ChatMessage => ({ role: "system", content });
export const user = (content: string): ChatMessage => ({ role: "user", content });
export const assistant = (content: string, more: Partial<AssistantMessage> = {}): ChatMessage => {
  return { role: "assistant", content, ...more };
};
export const result = (id: string, content: string): ChatMessage => ({ role: "tool", tool_call_id: id, content });

/** An assistant that asks for tools. */
export function calls(...ids: readonly string[]): ChatMessage {
  const toolCalls = ids.map((id) => {
    return { id, type: "function" as const, function: { name: "look", arguments: "{}" } };
  });
  return { role: "assistant", content: null, tool_calls: toolCalls };
}

/** Weighs 34: 30 of its text, and 4 around it. */
export const LONG = "x".repeat(100);

export function goalOf(targetTokens: number, more: Partial<FitGoal> = {}): FitGoal {
  const counter = counterFor();
  return {
    targetTokens,
    countTokens: (message) => counter.count(message, false),
    sumTokens: (messages) => counter.sum(messages, false),
    isPinned: () => false,
    needsThinking: false,
    ...more,
  };
}
