import type { ChatRequest } from "../chat/chat-request.ts";
import { isThinking } from "../chat/thinking.ts";

/** What DeepSeek reserves for an answer without `max_tokens` (https://api-docs.deepseek.com/api/create-chat-completion). */
const RESERVED = { plain: 8_192, thinking: 65_536, max: 131_072 } as const;

/** Servers count more than anybody can see: templates, and hidden words about tools and thinking. */
const MARGIN = 0.02;

/** Tokens of a window that messages and tools may have: the server keeps room for the answer. */
export function roomInWindow(
  windowTokens: number,
  {
    max_tokens: asked,
    thinking,
    reasoning_effort: effort,
  }: Pick<ChatRequest, "max_tokens" | "thinking" | "reasoning_effort">,
): number {
  const usual = !isThinking({ thinking, reasoning_effort: effort })
    ? RESERVED.plain
    : effort === "max"
      ? RESERVED.max
      : RESERVED.thinking;
  // What nobody asked for gives way in a small window.
  const reserved = asked ?? Math.min(usual, windowTokens / 4);
  return Math.max(0, Math.floor(windowTokens * (1 - MARGIN) - reserved));
}
