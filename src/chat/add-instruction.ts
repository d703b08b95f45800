import type { ChatMessage, SystemMessage } from "./chat-request.ts";

/**
 * Adds a sentence at the end of the first system message before all users, or as a new one before all others: where it stands the same in
 * every turn, so that the prefix of a conversation stays what a cache knows. Added once only.
 */
export function addInstruction(messages: readonly ChatMessage[], instruction: string): readonly ChatMessage[] {
  // Not validated yet, where the client itself did not send it: anything may stand there.
  const isSystem = (message: ChatMessage | null | undefined) => /^(?:system|developer)$/.test(message?.role ?? "");
  const index = messages.findIndex(isSystem);
  const firstUser = messages.findIndex((message) => message?.role === "user");
  // One that comes in the middle of a conversation is not there in its first turn.
  if (index < 0 || (firstUser >= 0 && firstUser < index))
    return [{ role: "system", content: instruction }, ...messages];
  const system = messages[index] as SystemMessage; // Found by its role.
  const { content } = system;
  if (typeof content !== "string" && !Array.isArray(content)) return messages;
  const last = typeof content === "string" ? content : (content.at(-1)?.text ?? "");
  if (last.endsWith(instruction)) return messages;
  const longer: SystemMessage =
    typeof content === "string"
      ? { ...system, content: content === "" ? instruction : `${content}\n\n${instruction}` }
      : { ...system, content: [...content, { type: "text", text: instruction }] };
  return messages.with(index, longer);
}
