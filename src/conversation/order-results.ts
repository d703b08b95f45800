import type { ChatMessage, ToolCall } from "../chat/chat-request.ts";
import { callsOf } from "../context/turns.ts";

/** What was changed in a history, and why. */
export interface HistoryChange {
  readonly rule:
    | "tool-result-without-call"
    | "tool-call-without-result"
    | "tool-result-moved"
    | "empty-assistant-message"
    | "content-parts"
    | "missing-reasoning"
    | "old-prefix";
  /** One sentence, without a word of the conversation. It counts messages as they were given. */
  readonly message: string;
}

/** A message, and where it stood. */
export interface Placed {
  readonly message: ChatMessage;
  readonly index: number;
}

/** One tool call, and what it gave. */
interface Asked {
  readonly call: ToolCall;
  result?: Placed;
}

/**
 * Puts every result behind its call, in the order of the calls. What belongs to no call goes, and what is missing is said to be.
 *
 * @param lastIsOpen the results of a call in the last message are still to come
 */
export function orderResults(entries: readonly Placed[], lastIsOpen: boolean, changes: HistoryChange[]): Placed[] {
  const asked = matchResults(entries);
  const ordered: Placed[] = [];
  const added = new Set<Placed>();
  for (const entry of entries) {
    if (entry.message.role === "tool") continue;
    ordered.push(entry);
    for (const { call, result } of asked.get(entry) ?? []) {
      if (!result && lastIsOpen && entry === entries.at(-1)) continue;
      const answer = result ?? noResult(call, entry);
      if (!result) added.add(answer);
      ordered.push(answer);
    }
  }
  tellChanges(entries, ordered, added, changes);
  return ordered;
}

/** Each result belongs to the last call before it that has its id and no result; one that stands too early, to the only call with its id. */
function matchResults(entries: readonly Placed[]): ReadonlyMap<Placed, readonly Asked[]> {
  const asked = new Map<Placed, readonly Asked[]>();
  const byId = new Map<string, { readonly open: Asked[]; count: number }>();
  const early: { readonly id: string; readonly entry: Placed }[] = [];
  for (const entry of entries) {
    const { message } = entry;
    if (message.role === "tool") {
      const call = byId.get(message.tool_call_id)?.open.pop();
      if (call) call.result = entry;
      else early.push({ id: message.tool_call_id, entry });
    }
    const calls = callsOf(message).map((call): Asked => ({ call }));
    if (calls.length > 0) asked.set(entry, calls);
    for (const one of calls) {
      const known = byId.get(one.call.id) ?? { open: [], count: 0 };
      known.open.push(one);
      known.count += 1;
      byId.set(one.call.id, known);
    }
  }
  for (const { id, entry } of early) {
    const known = byId.get(id);
    const only = known?.count === 1 ? known.open.pop() : undefined;
    if (only) only.result = entry;
  }
  return asked;
}

function noResult({ id }: ToolCall, { index }: Placed): Placed {
  return { message: { role: "tool", tool_call_id: id, content: "[no result]" }, index };
}

function tellChanges(
  entries: readonly Placed[],
  ordered: readonly Placed[],
  added: ReadonlySet<Placed>,
  changes: HistoryChange[],
): void {
  const isThere = new Set(ordered);
  const kept = entries.filter((entry) => isThere.has(entry));
  for (const { index } of entries.filter((entry) => !isThere.has(entry)))
    changes.push({
      rule: "tool-result-without-call",
      message: `messages[${index}], a tool result without a call, was removed.`,
    });
  for (const { index } of added)
    changes.push({
      rule: "tool-call-without-result",
      message: `A tool call of messages[${index}] has no result: one was added that says so.`,
    });
  for (const [at, entry] of ordered.filter((one) => !added.has(one)).entries()) {
    if (entry.message.role === "tool" && kept[at] !== entry)
      changes.push({
        rule: "tool-result-moved",
        message: `messages[${entry.index}], a tool result, was moved behind its call.`,
      });
  }
}
