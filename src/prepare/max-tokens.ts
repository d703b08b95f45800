import { type AnswerTokens, limitOf, usualTokens, withLimit } from "../chat/answer-tokens.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import type { Tell } from "./rule.ts";

/** OpenAI's newer name, which DeepSeek does not document: it would be passed over, and with it the limit. */
export function renameMaxTokens(request: ChatRequest, tell: Tell): ChatRequest {
  const { max_completion_tokens: most, ...others } = request;
  if (most === null || most === undefined || (request.max_tokens !== null && request.max_tokens !== undefined))
    return request;
  tell("max-completion-tokens", "max_completion_tokens is sent as max_tokens, which DeepSeek knows");
  return { ...others, max_tokens: most };
}

/**
 * The documented default, said aloud: whoever stands in between and has a lower one of its own would cut answers and tool
 * calls. Unknown models are left alone. https://github.com/NousResearch/hermes-agent/issues/93156
 */
export function nameMaxTokens(request: ChatRequest, usual: AnswerTokens | undefined): ChatRequest {
  if (!usual || limitOf(request) !== undefined) return request;
  return { ...request, max_tokens: usualTokens(request, usual) };
}

/** What nobody asked for gives way in a small window: no more than a quarter of it, which is also what is kept free. */
export function fitMaxTokens(request: ChatRequest, usual: AnswerTokens | undefined, windowTokens: number): ChatRequest {
  const quarter = Math.max(1, Math.floor(windowTokens / 4));
  if (!usual || limitOf(request) !== undefined || quarter >= usualTokens(request, usual)) return request;
  return { ...request, max_tokens: quarter };
}

/**
 * No more than a server said it takes, and never more than would be asked for otherwise: https://github.com/Gitlawb/openclaude/issues/35
 *
 * `usual`: what would be said for the caller; `undefined`: nothing.
 */
export function lowerMaxTokens(
  request: ChatRequest,
  tell: Tell,
  most: number,
  usual: AnswerTokens | undefined,
): ChatRequest {
  const wanted = limitOf(request) ?? (usual ? usualTokens(request, usual) : 0);
  if (wanted <= most) return request;
  tell("max-tokens", `max_tokens is ${most}, the most that is taken there`);
  return withLimit(request, most);
}
