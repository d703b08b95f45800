import type { ChatMessage, ContentPart, UserMessage } from "../chat/chat-request.ts";
import { callsOf } from "../context/turns.ts";
import { InvalidRequestError } from "../error-family.ts";
import { ownCopy } from "./own-copy.ts";

/** What is said in a turn: the user's text, its parts, or whole messages (results of tools, several messages). */
export type TurnInput = string | readonly ContentPart[] | readonly ChatMessage[];

/**
 * The messages of an input, as nobody can change them.
 *
 * @throws InvalidRequestError when it is none of the three.
 */
export function readInput(input: TurnInput): readonly ChatMessage[] {
  if (typeof input === "string") return Object.freeze([say(input)]);
  const entries: unknown = input;
  const isEach = (field: string) =>
    Array.isArray(entries) &&
    entries.length > 0 &&
    entries.every((entry) => typeof entry === "object" && entry !== null && typeof entry[field] === "string");
  if (isEach("role")) return ownCopy(input as readonly ChatMessage[], "input");
  if (isEach("type")) return Object.freeze([say(ownCopy(input as readonly ContentPart[], "input"))]);
  throw new InvalidRequestError(
    "The input of a turn must be a text, a list of content parts or a list of messages, with at least one.",
  );
}

function say(content: UserMessage["content"]): UserMessage {
  return Object.freeze({ role: "user", content });
}

/**
 * Refuses an input that leaves open what the model asked for, or answers what it did not.
 *
 * @throws InvalidRequestError
 */
export function checkAnswersCalls(last: ChatMessage | undefined, input: readonly ChatMessage[]): void {
  const open = new Set(callsOf(last).map(({ id }) => id));
  const end = input.findIndex(({ role }) => role !== "tool");
  for (const [at, message] of (end < 0 ? input : input.slice(0, end)).entries()) {
    if (message.role === "tool" && !open.delete(message.tool_call_id))
      throw new InvalidRequestError(
        `input[${at}] answers no open tool call of the model's last answer (open: ${[...open].join(", ") || "none"}): give each call one result.`,
      );
  }
  if (open.size > 0)
    throw new InvalidRequestError(
      `The model's last answer asks for tools: the next input must begin with a message of role "tool" for each call. Missing: tool_call_id ${[...open].join(", ")}.`,
    );
}
