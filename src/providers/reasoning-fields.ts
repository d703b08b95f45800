import type { AssistantMessage, ChatRequest } from "../chat/chat-request.ts";

/** DeepSeek's own efforts in the words other hosts have for them: their highest is called `xhigh`. */
const EFFORTS: ReadonlyMap<string, string> = new Map([["max", "xhigh"]]);

/**
 * How much a request wants thought, in other hosts' words. `none`: not at all; `default`: as much as usual; `undefined`:
 * it does not say.
 */
export function effortOf({ thinking, reasoning_effort: effort }: ChatRequest): string | undefined {
  if (thinking?.type === "disabled") return "none";
  if (effort != null) return EFFORTS.get(effort) ?? effort;
  return thinking ? "default" : undefined;
}

/** Earlier thinking, under the name most other hosts read it by. */
export function withReasoningField(request: ChatRequest): ChatRequest {
  const messages = request.messages.map((message) => {
    if (message.role !== "assistant" || message.reasoning_content === undefined) return message;
    const { reasoning_content: reasoning, ...others } = message;
    const renamed: AssistantMessage & { readonly reasoning?: string } = reasoning ? { ...others, reasoning } : others;
    return renamed;
  });
  return { ...request, messages };
}
