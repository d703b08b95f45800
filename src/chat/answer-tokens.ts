import type { ChatRequest } from "./chat-request.ts";
import { isThinking } from "./thinking.ts";

/** How long an answer may be where nobody says: without thinking, with it, and with the effort `max`. In tokens. */
export interface AnswerTokens {
  readonly plain: number;
  readonly thinking: number;
  readonly max: number;
}

/** DeepSeek's: https://api-docs.deepseek.com/api/create-chat-completion, "max_tokens". */
export const ANSWER_TOKENS: AnswerTokens = { plain: 8_192, thinking: 65_536, max: 131_072 };

/** What a host takes `max_tokens` for where a request does not bring it. */
export function usualTokens(request: Pick<ChatRequest, "thinking" | "reasoning_effort">, table: AnswerTokens): number {
  if (!isThinking(request)) return table.plain;
  return request.reasoning_effort === "max" ? table.max : table.thinking;
}
