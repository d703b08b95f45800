import type { ToolCall } from "./chat-request.ts";
import type { ChatCompletionChunk, ChunkChoice, ToolCallDelta } from "./chat-response.ts";

/** DeepSeek takes at most 128 tools; no honest server sends a higher index. */
const HIGHEST_INDEX = 127;

/** Adds up the pieces of tool calls. */
export interface ToolCallCollector {
  readonly size: number;
  add(deltas: readonly ToolCallDelta[]): void;
  /** The calls, each with parseable arguments; `undefined` when one of them is cut or broken. */
  complete(): ToolCall[] | undefined;
}

interface Slot {
  readonly index: number;
  id: string;
  name: string;
  arguments: string;
}

/**
 * Pieces belong together by `index`; another `id` at the same index begins another call, because some hosts number
 * every call 0. Everything is taken as hostile: wrong types are ignored, a call without a name is broken.
 */
export function createToolCallCollector(): ToolCallCollector {
  const slots: Slot[] = [];
  return {
    get size() {
      return slots.length;
    },
    add(deltas) {
      for (const delta of deltas) {
        if (typeof delta !== "object" || delta === null) continue;
        const slot = slotFor(slots, delta);
        if (!slot) continue;
        const { name, arguments: piece } = delta.function ?? {};
        if (!slot.name && typeof name === "string") slot.name = name;
        if (typeof piece === "string") slot.arguments += piece;
      }
    },
    complete() {
      const calls: ToolCall[] = [];
      for (const [position, slot] of slots.entries()) {
        // A function without parameters comes with empty arguments from some hosts.
        const text = slot.arguments.trim() === "" ? "{}" : slot.arguments;
        if (!slot.name || !isJson(text)) return undefined;
        calls.push({
          id: slot.id || `call_${position}`,
          type: "function",
          function: { name: slot.name, arguments: text },
        });
      }
      return calls;
    },
  };
}

function slotFor(slots: Slot[], delta: ToolCallDelta): Slot | undefined {
  const index = delta.index ?? 0;
  if (!Number.isInteger(index) || index < 0 || index > HIGHEST_INDEX) return undefined;
  const id = typeof delta.id === "string" ? delta.id : "";
  const known = slots.findLast((slot) => slot.index === index);
  if (known && (!id || !known.id || known.id === id)) {
    known.id ||= id;
    return known;
  }
  if (slots.length > HIGHEST_INDEX) return undefined;
  const slot: Slot = { index, id, name: "", arguments: "" };
  slots.push(slot);
  return slot;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What of a chunk may be shown while its tool calls are held back; nothing, if they were all it brought. */
export function withoutToolCalls(chunk: ChatCompletionChunk, choice: ChunkChoice): ChatCompletionChunk | undefined {
  const { tool_calls: _, ...delta } = choice.delta;
  if (!delta.content && !delta.reasoning_content && !delta.role && !choice.finish_reason) return undefined;
  return { ...chunk, choices: [{ ...choice, delta }] };
}

/** One chunk with all tool calls of the answer, to be delivered right before its finish. */
export function wholeToolCalls(finish: ChatCompletionChunk, toolCalls: readonly ToolCall[]): ChatCompletionChunk {
  const delta = { tool_calls: toolCalls.map((toolCall, index) => ({ index, ...toolCall })) };
  return { ...finish, choices: [{ index: 0, delta, finish_reason: null }], usage: null };
}
