import type { ChatMessage, ToolCall } from "../chat/chat-request.ts";
import { isFields, parseJson } from "../parse-json.ts";

/**
 * Gives every call of a run an id of its own. Hosts that send none get one in each answer, the same one every time; results
 * could not be told apart by it, nor could a tool tell what it has done already.
 */
export class OwnIds {
  readonly #used = new Set<string>();

  constructor(messages: readonly ChatMessage[]) {
    // Not validated yet: anything may stand there.
    for (const message of messages as readonly ({ readonly tool_calls?: unknown } | null)[])
      for (const call of asList(message?.tool_calls)) this.#used.add(String((call as Partial<ToolCall> | null)?.id));
  }

  own(call: ToolCall): ToolCall {
    let { id } = call;
    for (let number = 0; this.#used.has(id); number += 1) id = `call_${number}`;
    this.#used.add(id);
    return { ...call, id };
  }
}

/**
 * The call as it is sent back. Arguments that are no object, or hold half a character, are refused by some hosts: they would be
 * in every later request. What they were is told in the result.
 */
export function soundArguments(call: ToolCall): ToolCall {
  const text = call.function.arguments;
  const sound = isObject(text) ? text.toWellFormed() : "{}";
  return sound === text ? call : { ...call, function: { ...call.function, arguments: sound } };
}

function isObject(text: string): boolean {
  try {
    return isFields(parseJson(text));
  } catch {
    return false;
  }
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
