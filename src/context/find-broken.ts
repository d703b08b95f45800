import type { ChatMessage } from "../chat/chat-request.ts";
import type { FitGoal } from "./strategies.ts";
import { callsOf } from "./turns.ts";

/** What is wrong with a shortened conversation, as the end of a sentence; nothing, if it is still one. */
export function findBroken(
  before: readonly ChatMessage[],
  after: readonly ChatMessage[],
  { isPinned }: Pick<FitGoal, "isPinned">,
): string | undefined {
  if (!Array.isArray(after)) return "gave no list of messages";
  if (after.length === 0) return "left nothing";
  const asked = before.findLastIndex(isQuestion);
  const question = before[asked];
  const mustStay = before.filter((message, index) => message.role === "system" || index === asked || isPinned(message));
  let at = 0;
  for (const message of after) if (message === mustStay[at]) at += 1;
  // Behind another one it would be taken for an old question with the next cut.
  const missing = mustStay[at] ?? (after.findLast(isQuestion) === question ? undefined : question);
  if (missing)
    return `left out or moved a message that must stay (${missing === question ? "the last question" : missing.role})`;
  // What was wrong before is not the strategy's doing.
  if (endsInAnswer(after) && !endsInAnswer(before)) return "left an answer at the end, and nothing to answer";
  const loose = findLooseTool(after);
  return loose && findLooseTool(before) === undefined ? loose : undefined;
}

const isQuestion = ({ role }: ChatMessage) => role === "user";

/** The API wants to be asked, or to go on with the beginning of an answer. */
function endsInAnswer(messages: readonly ChatMessage[]): boolean {
  const last = messages.at(-1);
  return last?.role === "assistant" && !last.prefix && callsOf(last).length === 0;
}

/** Every result follows its call, and every call has its result. */
export function findLooseTool(messages: readonly ChatMessage[]): string | undefined {
  const open = new Set<string>();
  for (let index = 0; index < messages.length; index += 1) {
    const message = messages[index] as ChatMessage;
    if (message.role === "tool") {
      if (!open.delete(message.tool_call_id)) return `left messages[${index}], a tool result, without its call`;
      continue;
    }
    if (open.size > 0) return `left messages[${index - 1}] without the results of its tool calls`;
    for (const { id } of callsOf(message)) open.add(id);
  }
  return open.size > 0 ? "left the last tool calls without their results" : undefined;
}
