import { ANSWER_TOKENS, type Limited, limitOf, usualTokens } from "../chat/answer-tokens.ts";
import type { ChatRequest } from "../chat/chat-request.ts";

/** Servers count more than anybody can see: templates, and hidden words about tools and thinking. */
const MARGIN = 0.02;

/** Tokens of a window that messages and tools may have: the server keeps room for the answer. */
export function roomInWindow(
  windowTokens: number,
  request: Limited & Pick<ChatRequest, "thinking" | "reasoning_effort">,
): number {
  // What nobody asked for gives way in a small window.
  const usual = () => Math.min(usualTokens(request, ANSWER_TOKENS), windowTokens / 4);
  const reserved = limitOf(request) ?? usual();
  return Math.max(0, Math.floor(windowTokens * (1 - MARGIN) - reserved));
}
