import type { ChatRequest } from "./chat-request.ts";

/**
 * A request with a list of messages of its own. A call may be sent again long after it was made: what its maker adds or
 * changes meanwhile belongs to the next one, and what one provider changes is no business of the others.
 */
export function copyRequest<R extends Pick<ChatRequest, "messages">>(request: R): R {
  // Not validated yet: anything may stand there.
  if (!Array.isArray(request?.messages)) return request;
  const copy = (message: R["messages"][number]) => (typeof message === "object" && message ? { ...message } : message);
  return { ...request, messages: request.messages.map(copy) };
}

/** Whether the request itself makes an answer without text a likely one: it stops early, or goes on from a beginning. */
export function expectsEmpty({ stop, messages }: Pick<ChatRequest, "stop" | "messages">): boolean {
  const last = Array.isArray(messages) ? messages.at(-1) : undefined;
  return [stop ?? []].flat().some((text) => text !== "") || (last?.role === "assistant" && last.prefix === true);
}
