import type { ChatRequest } from "./chat-request.ts";

/** Whether the model thinks before it answers: DeepSeek's models do unless told otherwise. */
export function isThinking({ thinking, reasoning_effort: effort }: ThinkingFields): boolean {
  return thinking?.type !== "disabled" && effort !== "none";
}

/** Whether DeepSeek refuses an assistant's message without `reasoning_content`. */
export function wantsThinkingBack(request: ThinkingFields & Pick<ChatRequest, "tools">): boolean {
  return isThinking(request) && Boolean(request.tools?.length);
}

type ThinkingFields = Pick<ChatRequest, "thinking" | "reasoning_effort">;
