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

/** Says how long the answer may be, by DeepSeek's name or by OpenAI's newer one. */
export type Limited = Pick<ChatRequest, "max_tokens" | "max_completion_tokens">;

/** How long the answer may be, in tokens; `undefined`: the request does not say. */
export function limitOf({ max_tokens: most, max_completion_tokens: mostInAll }: Limited): number | undefined {
  return most ?? mostInAll ?? undefined;
}

/** The same with another limit, by the name it was given by: by both, some hosts would refuse it. */
export function withLimit<R extends Limited>(request: R, tokens: number): R {
  const { max_tokens: most, max_completion_tokens: mostInAll, ...others } = request;
  const isByNewName = (most ?? undefined) === undefined && (mostInAll ?? undefined) !== undefined;
  // What was taken out comes in again.
  return { ...others, [isByNewName ? "max_completion_tokens" : "max_tokens"]: tokens } as unknown as R;
}

/** The longest answer DeepSeek's models give. */
export const MOST_ANSWER_TOKENS = 393_216;
