import type { ChatRequest } from "./chat-request.ts";

/** Whether the model must ask for a tool: any, or the one that is named. */
export function forcesTool({ tool_choice: choice }: Pick<ChatRequest, "tool_choice">): boolean {
  return choice === "required" || (typeof choice === "object" && choice !== null);
}
