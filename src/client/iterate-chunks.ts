import { ignoreRejection } from "../async/abort.ts";
import { makeIterator } from "../async/make-iterator.ts";
import { createQueue } from "../async/queue.ts";
import type { Break } from "../call.ts";
import type { ToolCall } from "../chat/chat-request.ts";
import type { ChatCompletionChunk, FinishReason, Usage } from "../chat/chat-response.ts";
import { createToolCallCollector } from "../chat/collect-tool-calls.ts";
import { decisiveFinish } from "../chat/judge-completion.ts";

/** The one reader of a stream: chunks that are there at once, a promise for the next network read, and a way out. */
export interface ChunkCursor {
  take(): ChatCompletionChunk | undefined;
  /** `false` at the end. */
  more(): Promise<boolean>;
  /** How the answer went on so far; grows during `more` only. */
  breaks(): readonly Break[];
  /** Nothing more is wanted: closes the connection. */
  leave(): void;
}

/** What `ChatStream.parts()` gives. */
export type StreamPart =
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string }
  /** All tool calls of the answer, whole. */
  | { readonly type: "tool-calls"; readonly toolCalls: readonly ToolCall[] }
  /** The answer was cut here and goes on: by continuation or by starting again, at this provider. */
  | { readonly type: "seam"; readonly atChar: number; readonly from: string; readonly to: string }
  /** The answer starts again: discard everything before. */
  | { readonly type: "reset" }
  | { readonly type: "finish"; readonly finishReason: FinishReason; readonly usage?: Usage };

export function iterateChunks(cursor: ChunkCursor): AsyncIterableIterator<ChatCompletionChunk> {
  return iterate(cursor, cursor.take);
}

export function iterateText(cursor: ChunkCursor): AsyncIterableIterator<string> {
  const take = () => {
    for (let chunk = cursor.take(); chunk; chunk = cursor.take()) {
      const text = chunk.choices[0]?.delta.content;
      if (text) return text;
    }
    return undefined;
  };
  return iterate(cursor, take);
}

export function iterateParts(cursor: ChunkCursor): AsyncIterableIterator<StreamPart> {
  let toolCalls = createToolCallCollector();
  const parts = createQueue<StreamPart>();
  let finishReason: FinishReason | undefined;
  let usage: Usage | undefined;
  let isConcluded = false;
  let told = 0;

  const addBreaks = (breaks: readonly Break[]) => {
    for (const part of breaks.slice(told)) {
      parts.push(part);
      if (part.type === "reset") [toolCalls, finishReason, usage] = [createToolCallCollector(), undefined, undefined];
    }
    told = breaks.length;
  };
  const add = (chunk: ChatCompletionChunk) => {
    if (chunk.usage) usage = chunk.usage;
    const choice = chunk.choices[0];
    if (!choice) return;
    const { reasoning_content: reasoning, content, tool_calls: pieces } = choice.delta;
    if (reasoning) parts.push({ type: "reasoning-delta", text: reasoning });
    if (content) parts.push({ type: "text-delta", text: content });
    if (pieces) toolCalls.add(pieces);
    if (choice.finish_reason) finishReason = decisiveFinish(finishReason, choice.finish_reason);
  };
  const conclude = () => {
    isConcluded = true;
    const calls = finishReason === "length" ? undefined : toolCalls.complete();
    if (calls?.length) parts.push({ type: "tool-calls", toolCalls: calls });
    if (finishReason) parts.push({ type: "finish", finishReason, ...(usage && { usage }) });
  };
  const take = () => {
    addBreaks(cursor.breaks());
    for (let chunk = parts.size > 0 ? undefined : cursor.take(); chunk; ) {
      add(chunk);
      chunk = parts.size > 0 ? undefined : cursor.take();
    }
    return parts.size > 0 ? parts.take() : undefined;
  };
  const rest = () => {
    if (!isConcluded) conclude();
    return parts.size > 0 ? parts.take() : undefined;
  };
  return iterate(cursor, take, rest);
}

/**
 * An iterator over what `take` makes of the chunks that are there, and over the `rest` after the last one.
 */
function iterate<T>(
  cursor: ChunkCursor,
  take: () => T | undefined,
  rest: () => T | undefined = () => undefined,
): AsyncIterableIterator<T> {
  let isAtEnd = false;
  let isOver = false;
  let waiting = 0;
  let last: Promise<IteratorResult<T>> | undefined;

  /** Chained by hand: an async function for every read costs as much as parsing what came. */
  const advance = (): IteratorResult<T> | Promise<IteratorResult<T>> => {
    const value = isOver ? undefined : isAtEnd ? rest() : take();
    if (value === undefined && !isOver && !isAtEnd) return cursor.more().then(proceed, fail);
    waiting -= 1;
    return value === undefined ? { done: true, value } : { done: false, value };
  };
  const proceed = (hasMore: boolean) => {
    isAtEnd = !hasMore;
    return advance();
  };
  const fail = (error: unknown): never => {
    isOver = true;
    waiting -= 1;
    throw error;
  };

  const next = (): Promise<IteratorResult<T>> => {
    const value = waiting > 0 || isAtEnd || isOver ? undefined : take();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    waiting += 1;
    // `next` may be called again before the last one settled: each call waits for the one before.
    const turn = waiting > 1 && last ? last.then(advance, advance) : Promise.resolve(advance());
    last = turn;
    ignoreRejection(turn);
    return turn;
  };
  return makeIterator(next, () => {
    isOver = true;
    cursor.leave();
  });
}
