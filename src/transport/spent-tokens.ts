import type { Ending } from "../attempt-log.ts";
import { countTokens } from "../chat/assemble-completion.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import type { HeldBack } from "../chat/hold-back.ts";
import { estimateTokens } from "../context/estimate-tokens.ts";

/** What an answer cost in tokens: as the server counted, or an estimate, if it generated something and never told. */
export function spentTokens(
  { usage, tokens }: HeldBack,
  { messages }: ChatRequest,
  hasHead: boolean,
): Pick<Ending, "tokens" | "estimated"> {
  const counted = countTokens(usage);
  if (counted || !hasHead) return { tokens: counted };
  const promptTokens = messages.reduce((sum, { content }) => sum + estimateTokens(textOf(content)), 0);
  return {
    tokens: { promptTokens, cachedTokens: 0, completionTokens: tokens.all, reasoningTokens: tokens.thinking },
    estimated: true,
  };
}

function textOf(content: ChatRequest["messages"][number]["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
}
