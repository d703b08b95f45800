import type { ChatMessage, SystemMessage } from "../chat/chat-request.ts";
import { InvalidRequestError } from "../error-family.ts";
import { ownCopy } from "./own-copy.ts";
import { type HistoryRequest, repairSaved } from "./repair-history.ts";
import { isSummary } from "./summarize.ts";

/** More than anybody has said. */
const MOST_MESSAGES = 100_000;

/** What was read of a saved conversation. */
export interface SavedConversation {
  readonly model: string;
  readonly system: SystemMessage | undefined;
  readonly said: readonly ChatMessage[];
  /** What had to be repaired, as a sentence. */
  readonly repaired: string | undefined;
}

/**
 * Reads what `Conversation.toJSON()` wrote, or what says so.
 *
 * @throws InvalidRequestError
 */
export function readConversation(data: unknown, request: HistoryRequest): SavedConversation {
  if (typeof data !== "object" || data === null || Array.isArray(data))
    throw notSaved(typeof data === "string" ? "it is a string: JSON.parse() it first" : "it must be an object");
  const own = (field: string): unknown =>
    Object.hasOwn(data, field) ? (data as Record<string, unknown>)[field] : undefined;
  const [version, model, messages] = [own("version"), own("model"), own("messages")];
  if (version === undefined) throw notSaved("it has no version");
  if (version !== 1) throw notSaved("its version must be 1: another release of this package may have written it");
  if (typeof model !== "string" || model === "") throw notSaved("its model must be the name of one");
  if (!Array.isArray(messages)) throw notSaved("its messages must be a list");
  if (messages.length > MOST_MESSAGES)
    throw notSaved(`it has ${messages.length} messages, and at most ${MOST_MESSAGES} are read`);
  const copy = (messages as ChatMessage[]).map((message, index) => ownCopy(message, `messages[${index}]`));
  const { messages: sound, changes } = repairSaved(copy, request);
  const kept = sound.map((message) => Object.freeze(message));
  const [first] = kept;
  // A summary is no part of the instructions: a new chat begins without it.
  const system = first?.role === "system" && !isSummary(first) ? first : undefined;
  return {
    model,
    system,
    said: system ? kept.slice(1) : kept,
    repaired: changes.length > 0 ? tellRepairs(changes.map(({ message }) => message)) : undefined,
  };
}

const TOLD = 3;

function tellRepairs(messages: readonly string[]): string {
  const more = messages.length > TOLD ? ` And ${messages.length - TOLD} more: repairHistory() tells all.` : "";
  return `A saved conversation was repaired: ${messages.slice(0, TOLD).join(" ")}${more}`;
}

function notSaved(why: string): InvalidRequestError {
  return new InvalidRequestError(`conversationFromJSON: this is no saved conversation: ${why}.`);
}
