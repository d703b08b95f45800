import type { ChatMessage, ChatRequest } from "../chat/chat-request.ts";
import { wantsThinkingBack } from "../chat/thinking.ts";
import { changeMessages, countOf, type Tell } from "./rule.ts";

/**
 * With tools and thinking, every assistant turn must bring its thinking back, and be it empty; without tools it is neither
 * needed nor read: https://api-docs.deepseek.com/guides/thinking_mode, https://github.com/HKUDS/nanobot/issues/946
 */
export function sendThinkingBack(request: ChatRequest, tell: Tell): ChatRequest {
  return wantsThinkingBack(request) ? addThinking(request, tell) : request;
}

/** The same, whatever the request is: for a server that has said that it wants it. */
export function addThinking(request: ChatRequest, tell: Tell): ChatRequest {
  return fillIn(request, "reasoning_content", "reasoning", tell);
}

/** An assistant message with neither text nor tool calls is refused; empty text is text: https://github.com/carlrobertoh/ProxyAI/issues/834 */
export function fillContent(request: ChatRequest, tell: Tell): ChatRequest {
  return fillIn(request, "content", "content-null", tell);
}

function fillIn(
  request: ChatRequest,
  field: "content" | "reasoning_content",
  rule: "content-null" | "reasoning",
  tell: Tell,
): ChatRequest {
  const fill = (message: ChatMessage): ChatMessage =>
    message.role === "assistant" && (message[field] ?? undefined) === undefined ? { ...message, [field]: "" } : message;
  return changeMessages(request, fill, (count) =>
    tell(rule, `${countOf(count, "assistant message")} without ${field} got an empty one`),
  );
}

/** OpenAI's newer name of the system message is an unknown role: https://github.com/decolua/9router/issues/773 */
export function renameDeveloper(request: ChatRequest, tell: Tell): ChatRequest {
  const rename = (message: ChatMessage): ChatMessage =>
    // A role that the types do not have, and that is let through because OpenAI has it.
    (message.role as string) === "developer" ? ({ ...message, role: "system" } as ChatMessage) : message;
  return changeMessages(request, rename, (count) =>
    tell("developer-role", `${countOf(count, "message")} of the role "developer" became "system"`),
  );
}
