import { type ChatClient, requireClient } from "../client/chat-client.ts";
import { withoutUndefined } from "../without-undefined.ts";
import type { Conversation } from "./conversation.ts";
import { type ConversationOptions, checkConversationOptions } from "./conversation-options.ts";
import { warner } from "./conversation-state.ts";
import { LiveConversation } from "./live-conversation.ts";
import { readConversation } from "./read-conversation.ts";
import { nextSystem } from "./system-text.ts";

/**
 * Makes a conversation: the history is kept here, within the model's window, and never damaged by a turn that fails.
 *
 * @example
 * const chat = conversation(client, { model: "deepseek-flash", system: "You are brief." });
 * const { choices } = await chat.send("Who was Ada Lovelace?");
 * for await (const text of chat.stream("And her father?").textStream()) process.stdout.write(text);
 * @throws InvalidOptionsError for an option that is unknown or out of range.
 */
export function conversation(client: ChatClient, options: ConversationOptions): Conversation {
  requireClient(client, "conversation");
  checkConversationOptions(options);
  return new LiveConversation(client, { ...options }, { system: nextSystem(options.system, undefined), said: [] });
}

/**
 * Goes on with a conversation that was saved by `toJSON()`. The data may come from anywhere: it is checked field by field, and what the API
 * would refuse is repaired (see `repairHistory`), which `onWarning` is told.
 *
 * @param options `model` defaults to the saved one; a `system` takes the place of the saved one
 * @example
 * const saved = JSON.stringify(chat);
 * const later = conversationFromJSON(client, JSON.parse(saved), {});
 * @throws InvalidRequestError when the data is no conversation, or has more than 100,000 messages.
 * @throws InvalidOptionsError as `conversation` does.
 */
export function conversationFromJSON(
  client: ChatClient,
  data: unknown,
  options: Partial<ConversationOptions> = {},
): Conversation {
  requireClient(client, "conversation");
  const known = { model: "any", ...withoutUndefined(options) };
  checkConversationOptions(known);
  const saved = readConversation(data, known);
  const { model = saved.model } = options;
  if (saved.repaired) warner(options)(saved.repaired);
  const beginning = { system: nextSystem(options.system, saved.system), said: saved.said };
  return new LiveConversation(client, { ...options, model }, beginning);
}
