import type { ChatRequest } from "./chat-request.ts";

const originals = new WeakMap<object, object>();

/** The caller's own message that this is a copy of: what the caller says of a message, it says of that. */
export function originalOf<M extends object>(message: M): M {
  return (originals.get(message) as M | undefined) ?? message;
}

/**
 * A request with a list of messages of its own. A call may be sent again long after it was made: what its maker adds or
 * changes meanwhile belongs to the next one, and what one provider changes is no business of the others.
 */
export function copyRequest<R extends Pick<ChatRequest, "messages">>(request: R): R {
  // Not validated yet: anything may stand there.
  if (!Array.isArray(request?.messages)) return request;
  const copy = (message: R["messages"][number]) => {
    if (typeof message !== "object" || !message) return message;
    const own = { ...message };
    originals.set(own, message);
    return own;
  };
  return { ...request, messages: request.messages.map(copy) };
}

/** Whether the request itself makes an answer without text a likely one: it stops early, or goes on from a beginning. */
export function expectsEmpty({ stop, messages }: Pick<ChatRequest, "stop" | "messages">): boolean {
  const last = Array.isArray(messages) ? messages.at(-1) : undefined;
  return [stop ?? []].flat().some((text) => text !== "") || (last?.role === "assistant" && last.prefix === true);
}
