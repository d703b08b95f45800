import type { ToolCall } from "../chat/chat-request.ts";
import type { ChatCompletionChunk, FinishReason, Usage } from "../chat/chat-response.ts";
import { createToolCallCollector } from "../chat/collect-tool-calls.ts";

/** The one reader of a stream: chunks that are there at once, a promise for the next network read, and a way out. */
export interface ChunkCursor {
  take(): ChatCompletionChunk | undefined;
  /** `false` at the end. */
  more(): Promise<boolean>;
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
  return iterate(cursor, (chunk, emit) => emit(chunk));
}

export function iterateText(cursor: ChunkCursor): AsyncIterableIterator<string> {
  return iterate(cursor, (chunk, emit) => {
    const text = chunk.choices[0]?.delta.content;
    if (text) emit(text);
  });
}

export function iterateParts(cursor: ChunkCursor): AsyncIterableIterator<StreamPart> {
  const toolCalls = createToolCallCollector();
  let finishReason: FinishReason | undefined;
  let usage: Usage | undefined;
  return iterate<StreamPart>(
    cursor,
    (chunk, emit) => {
      if (chunk.usage) usage = chunk.usage;
      const choice = chunk.choices[0];
      if (!choice) return;
      const { reasoning_content: reasoning, content, tool_calls: pieces } = choice.delta;
      if (reasoning) emit({ type: "reasoning-delta", text: reasoning });
      if (content) emit({ type: "text-delta", text: content });
      if (pieces) toolCalls.add(pieces);
      if (choice.finish_reason) finishReason = choice.finish_reason;
    },
    (emit) => {
      const calls = finishReason === "length" ? undefined : toolCalls.complete();
      if (calls?.length) emit({ type: "tool-calls", toolCalls: calls });
      if (finishReason) emit({ type: "finish", finishReason, ...(usage && { usage }) });
    },
  );
}

/**
 * An iterator over what `pick` makes of each chunk. Not a generator: one that was never started would not close the
 * connection when it is left.
 */
function iterate<T>(
  cursor: ChunkCursor,
  pick: (chunk: ChatCompletionChunk, emit: (value: T) => void) => void,
  atEnd: (emit: (value: T) => void) => void = () => {},
): AsyncIterableIterator<T> {
  const queue: T[] = [];
  const emit = (value: T) => queue.push(value);
  let isDone = false;
  let waiting: Promise<IteratorResult<T>> | undefined;

  const fill = (): boolean => {
    while (queue.length === 0) {
      const chunk = cursor.take();
      if (!chunk) return false;
      pick(chunk, emit);
    }
    return true;
  };
  const step = async (): Promise<IteratorResult<T>> => {
    try {
      while (!fill() && !isDone) {
        if (await cursor.more()) continue;
        isDone = true;
        atEnd(emit);
      }
    } catch (error) {
      isDone = true;
      throw error;
    }
    return queue.length > 0 ? { done: false, value: queue.shift() as T } : { done: true, value: undefined };
  };

  return {
    next() {
      if (!waiting && fill()) return Promise.resolve({ done: false, value: queue.shift() as T });
      // `next` may be called again before the last one settled: each call waits for the one before.
      const turn = (waiting ?? Promise.resolve()).then(step, step);
      const settled = () => {
        if (waiting === turn) waiting = undefined;
      };
      void turn.then(settled, settled);
      waiting = turn;
      return turn;
    },
    return() {
      isDone = true;
      queue.length = 0;
      cursor.leave();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
