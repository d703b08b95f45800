import type { ChatMessage } from "../chat/chat-request.ts";
import { InvalidRequestError } from "../error-family.ts";
import { type Fields, isFields } from "../parse-json.ts";

/** What each role may hold; pictures and files are the user's and the tools'. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  system: ["text"],
  user: ["text", "image_url", "file"],
  assistant: ["text"],
  tool: ["text", "image_url", "file"],
};

/**
 * Refuses messages of which nobody knows what they were meant to be: no repair could be right.
 *
 * @throws InvalidRequestError It names the message and the field.
 */
export function checkHistory(messages: unknown): asserts messages is readonly ChatMessage[] {
  if (!Array.isArray(messages)) throw refused("messages", "must be a list");
  for (const [index, message] of (messages as unknown[]).entries()) checkMessage(message, `messages[${index}]`);
}

function checkMessage(message: unknown, where: string): void {
  if (!isFields(message)) throw refused(where, "must be a message");
  const { role, content, name, tool_call_id: callId } = message;
  if (typeof role !== "string" || !Object.hasOwn(PARTS, role))
    throw refused(`${where}.role`, 'must be "system", "user", "assistant" or "tool"');
  const isNone = content === undefined || content === null;
  if (!(role === "assistant" && isNone)) checkContent(content, PARTS[role] ?? [], `${where}.content`);
  if (name != null && typeof name !== "string") throw refused(`${where}.name`, "must be a string");
  if (role === "tool" && typeof callId !== "string") throw refused(`${where}.tool_call_id`, "must be a string");
  if (role === "assistant") checkAssistant(message, where);
}

function checkAssistant({ reasoning_content: thinking, tool_calls: calls, prefix }: Fields, where: string): void {
  if (thinking != null && typeof thinking !== "string") throw refused(`${where}.reasoning_content`, "must be a string");
  if (prefix != null && typeof prefix !== "boolean") throw refused(`${where}.prefix`, "must be true or false");
  if (calls == null) return;
  if (!Array.isArray(calls)) throw refused(`${where}.tool_calls`, "must be a list");
  const ids = new Set<string>();
  for (const [at, call] of (calls as unknown[]).entries()) {
    const fn = isFields(call) ? call["function"] : undefined;
    const isCall = isFields(call) && isFields(fn) && [call["id"], fn["name"], fn["arguments"]].every(isText);
    if (!isCall) throw refused(`${where}.tool_calls[${at}]`, "must have an id, and a function with name and arguments");
    if (ids.has(call["id"] as string))
      throw refused(
        `${where}.tool_calls[${at}].id`,
        "is the id of another call of this message: nobody knows whose result is whose",
      );
    ids.add(call["id"] as string);
  }
}

function checkContent(content: unknown, known: readonly string[], where: string): void {
  if (typeof content === "string") return;
  if (!Array.isArray(content) || (content.length === 0 && known.length > 1))
    throw refused(where, "must be a string or a list of at least one part");
  for (const [at, part] of (content as unknown[]).entries()) {
    const isKnown = isFields(part) && known.includes(part["type"] as string);
    const isSound = isKnown && (part["type"] !== "text" || isText(part["text"]));
    if (!isSound) throw refused(`${where}[${at}]`, `must be a part of type ${known.join(", ")}`);
  }
}

function refused(where: string, what: string): InvalidRequestError {
  return new InvalidRequestError(`This history cannot be repaired: ${where} ${what}.`);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
