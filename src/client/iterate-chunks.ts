import { createQueue } from "../async/queue.ts";
import type { ToolCall } from "../chat/chat-request.ts";
import type { ChatCompletionChunk, FinishReason, Usage } from "../chat/chat-response.ts";
import { createToolCallCollector } from "../chat/collect-tool-calls.ts";
import { decisiveFinish } from "../chat/judge-completion.ts";

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
  const characters = wholeCharacters();
  return iterate<string>(
    cursor,
    (chunk, emit) => characters.add(chunk.choices[0]?.delta.content, emit),
    (emit) => characters.end(emit),
  );
}

/** A server may split a character between two chunks, as two halves of a surrogate pair: each alone is no text. */
function wholeCharacters() {
  let half = "";
  return {
    add(piece: string | null | undefined, emit: (text: string) => void) {
      if (!piece) return;
      const text = half + piece;
      const last = text.charCodeAt(text.length - 1);
      half = last >= 0xd800 && last <= 0xdbff ? text.slice(-1) : "";
      const whole = half ? text.slice(0, -1) : text;
      if (whole) emit(whole);
    },
    /** A half that stays one is the server's own word. */
    end(emit: (text: string) => void) {
      if (half) emit(half);
    },
  };
}

export function iterateParts(cursor: ChunkCursor): AsyncIterableIterator<StreamPart> {
  const toolCalls = createToolCallCollector();
  const [thoughts, words] = [wholeCharacters(), wholeCharacters()];
  let finishReason: FinishReason | undefined;
  let usage: Usage | undefined;
  return iterate<StreamPart>(
    cursor,
    (chunk, emit) => {
      if (chunk.usage) usage = chunk.usage;
      const choice = chunk.choices[0];
      if (!choice) return;
      const { reasoning_content: reasoning, content, tool_calls: pieces } = choice.delta;
      thoughts.add(reasoning, (text) => emit({ type: "reasoning-delta", text }));
      words.add(content, (text) => emit({ type: "text-delta", text }));
      if (pieces) toolCalls.add(pieces);
      if (choice.finish_reason) finishReason = decisiveFinish(finishReason, choice.finish_reason);
    },
    (emit) => {
      thoughts.end((text) => emit({ type: "reasoning-delta", text }));
      words.end((text) => emit({ type: "text-delta", text }));
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
  const queue = createQueue<T>();
  const emit = (value: T) => queue.push(value);
  let isDone = false;
  let waiting: Promise<IteratorResult<T>> | undefined;

  const fill = (): boolean => {
    while (queue.size === 0) {
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
    return queue.size > 0 ? { done: false, value: queue.take() as T } : { done: true, value: undefined };
  };

  return {
    next() {
      if (!waiting && fill()) return Promise.resolve({ done: false, value: queue.take() as T });
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
      queue.clear();
      cursor.leave();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
