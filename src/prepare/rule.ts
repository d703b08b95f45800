import type { ChatMessage, ChatRequest } from "../chat/chat-request.ts";

/**
 * Told what a rule changed, or found to be without effect. The message names fields and numbers, and holds no text of the
 * conversation: it stands in reports and events.
 */
export type Tell = (rule: RuleName, message: string) => void;

/** What one rule is called in `report.changes`. Those that begin with `host` are of hosts other than DeepSeek. */
type RuleName =
  | "host-thinking"
  | "host-messages"
  | "host-parameters"
  | "reasoning"
  | "content-null"
  | "forced-tool-choice"
  | "json-mode"
  | "developer-role"
  | "max-completion-tokens"
  | "max-tokens"
  | "model-names"
  | "strict-tools"
  | "no-effect";

/** The request with other messages; the same object where none changed. `onChange`: told how many did. */
export function changeMessages(
  request: ChatRequest,
  change: (message: ChatMessage) => ChatMessage,
  onChange: (count: number) => void,
): ChatRequest {
  const messages = request.messages.map(change);
  const count = messages.filter((message, index) => message !== request.messages[index]).length;
  if (count === 0) return request;
  onChange(count);
  return { ...request, messages };
}

/** "1 message", "2 messages". */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
