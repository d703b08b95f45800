import { isJson } from "../parse-json.ts";
import type { ToolCall } from "./chat-request.ts";
import { type ChatCompletionChunk, type ChunkChoice, type ToolCallDelta, WAS_THINKING } from "./chat-response.ts";

/** DeepSeek takes at most 128 tools; no honest server sends a higher index. */
const HIGHEST_INDEX = 127;

/** Adds up the pieces of tool calls. */
export interface ToolCallCollector {
  readonly size: number;
  /** Whether a piece came that belongs to no call there can be. */
  readonly hasLostPiece: boolean;
  add(deltas: readonly ToolCallDelta[]): void;
  /** The calls, each with parseable arguments; `undefined` when one of them is cut or broken. */
  complete(): ToolCall[] | undefined;
}

interface Slot {
  readonly index: number;
  id: string;
  name: string;
  arguments: string;
  isBroken: boolean;
}

/**
 * Pieces belong together by `index`; another `id` at the same index begins another call, because some hosts number
 * every call 0, and so does another name after the arguments of a call without an id. Everything is taken as hostile: a piece that cannot be understood breaks its call, and a broken call
 * breaks the answer, because nobody knows what was meant.
 */
export function createToolCallCollector(): ToolCallCollector {
  return new SlotCollector();
}

class SlotCollector implements ToolCallCollector {
  readonly #slots: Slot[] = [];
  #hasLostPiece = false;

  get size(): number {
    return this.#slots.length;
  }

  get hasLostPiece(): boolean {
    return this.#hasLostPiece;
  }

  add(deltas: readonly ToolCallDelta[]): void {
    for (const delta of deltas) {
      const slot = typeof delta === "object" && delta !== null ? slotFor(this.#slots, delta) : undefined;
      if (slot) addPiece(slot, delta);
      else this.#hasLostPiece = true;
    }
  }

  complete(): ToolCall[] | undefined {
    if (this.#hasLostPiece) return undefined;
    const calls: ToolCall[] = [];
    if (this.#slots.length === 0) return calls;
    const known = new Set(this.#slots.map(({ id }) => id));
    const ids = new Set<string>();
    for (const slot of joinSplit(this.#slots)) {
      const text = argumentsOf(slot);
      if (slot.isBroken || !slot.name || !isJson(text)) return undefined;
      // Two calls of one id could not be told apart in the answers to them.
      const id = slot.id && !ids.has(slot.id) ? slot.id : freshId(known);
      ids.add(id);
      calls.push({ id, type: "function", function: { name: slot.name, arguments: text } });
    }
    return calls;
  }
}

/** A function without parameters comes with empty arguments from some hosts. */
function argumentsOf({ arguments: text }: Slot): string {
  return text.trim() === "" ? "{}" : text;
}

/**
 * Some hosts go on with long arguments, from about 32 KB on, under the next index (https://github.com/moremeds/argon/pull/101). What
 * has neither name nor id goes on with a call that is not whole yet; whether it is then is seen as for every call.
 */
function joinSplit(slots: readonly Slot[]): readonly Slot[] {
  if (slots.every(({ id, name }) => id || name)) return slots;
  const joined: Slot[] = [];
  for (const slot of slots) {
    const before = joined.at(-1);
    if (slot.id || slot.name || !before?.name || isJson(argumentsOf(before))) joined.push({ ...slot });
    else {
      before.arguments += slot.arguments;
      before.isBroken ||= slot.isBroken;
    }
  }
  return joined;
}

function addPiece(slot: Slot, delta: ToolCallDelta): void {
  const { name, arguments: piece } = (delta.function ?? {}) as { name?: unknown; arguments?: unknown };
  if (typeof name === "string" && name !== "") {
    slot.name ||= name;
    // Two names for one call: nobody knows whose arguments these are.
    if (slot.name !== name) slot.isBroken = true;
  }
  if (typeof piece === "string") slot.arguments += piece;
  // Some hosts send the arguments as the object they stand for.
  else if (typeof piece === "object" && piece !== null && slot.arguments === "") slot.arguments = toJson(piece);
  else if (piece !== undefined && piece !== null) slot.isBroken = true;
}

/** JSON.parse reads deeper than JSON.stringify writes; what cannot be written is no JSON then. */
function toJson(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "?";
  }
}

/** An id for a call that came without one of its own. */
function freshId(taken: Set<string>): string {
  let number = 0;
  while (taken.has(`call_${number}`)) number += 1;
  taken.add(`call_${number}`);
  return `call_${number}`;
}

function slotFor(slots: Slot[], delta: ToolCallDelta): Slot | undefined {
  const index = delta.index ?? 0;
  if (!Number.isInteger(index) || index < 0 || index > HIGHEST_INDEX) return undefined;
  const id = typeof delta.id === "string" ? delta.id : "";
  const known = slots.findLast((slot) => slot.index === index);
  const isSame = known && (id ? !known.id || known.id === id : !isOther(known, delta.function?.name));
  if (known && isSame) {
    known.id ||= id;
    return known;
  }
  if (slots.length > HIGHEST_INDEX) return undefined;
  const slot: Slot = { index, id, name: "", arguments: "", isBroken: false };
  slots.push(slot);
  return slot;
}

/** Whether a name begins another call than this one, which has its arguments already. */
function isOther({ name, arguments: given }: Slot, next: unknown): boolean {
  return typeof next === "string" && next !== "" && name !== "" && next !== name && given !== "";
}

/** What of a chunk may be shown while its tool calls are held back; nothing, if they were all it brought. */
export function withoutToolCalls(chunk: ChatCompletionChunk, choice: ChunkChoice): ChatCompletionChunk | undefined {
  const { tool_calls: _, ...delta } = choice.delta;
  const hasText = delta.content || delta.reasoning_content || delta.refusal;
  const isEmpty = !hasText && !delta.role && !delta[WAS_THINKING];
  if (isEmpty && !choice.finish_reason && !choice.logprobs && !chunk.usage) return undefined;
  return { ...chunk, choices: [{ ...choice, delta }] };
}

/** One chunk with all tool calls of the answer, to be delivered right before its finish. */
export function wholeToolCalls(finish: ChatCompletionChunk, toolCalls: readonly ToolCall[]): ChatCompletionChunk {
  const delta = { tool_calls: toolCalls.map((toolCall, index) => ({ index, ...toolCall })) };
  return { ...finish, choices: [{ index: 0, delta, finish_reason: null }], usage: null };
}
