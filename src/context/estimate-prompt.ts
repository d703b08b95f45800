import type { ChatRequest } from "../chat/chat-request.ts";
import { wantsThinkingBack } from "../chat/thinking.ts";
import { counterFor } from "./count-messages.ts";

/** About how many tokens the prompt of a request is, its tools included. */
export function estimatePrompt(request: ChatRequest): number {
  const counter = counterFor();
  return counter.tools(request.tools) + counter.sum(request.messages, wantsThinkingBack(request));
}
