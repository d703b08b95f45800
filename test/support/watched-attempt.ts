import type { Ending } from "../../src/attempt-log.ts";
import type { AttemptCall, Reply } from "../../src/call.ts";
import type { ChatCompletionChunk } from "../../src/chat/chat-response.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/index.ts";
import type { ChunkSource } from "../../src/transport/chunk-source.ts";
import { makeAttempt } from "./attempt.ts";

/** An attempt whose listeners write down what they are told. */
interface WatchedAttempt {
  readonly call: AttemptCall;
  readonly clock: VirtualClock;
  /** In order; `bytes` and `reading` are left out. */
  readonly told: readonly string[];
  /** How often `bytes` was told. */
  readonly byteReads: number;
  readonly isReading: boolean;
  readonly endings: readonly Ending[];
  readonly responses: readonly { readonly status: number; readonly requestId: string | undefined }[];
  /** What the watchdog calls when the server takes too long to end the stream after its finish reason. */
  settle(): void;
}

export function watchAttempt(overrides: Partial<AttemptCall> = {}): WatchedAttempt {
  const clock = createVirtualClock();
  const told: string[] = [];
  const endings: Ending[] = [];
  const responses: { status: number; requestId: string | undefined }[] = [];
  const seen = { byteReads: 0, isReading: false, settle: () => {} };
  const call = makeAttempt({
    clock,
    attempt: {
      asked: () => overrides.model ?? "deepseek-flash",
      asks: (model) => told.push(`asks ${model}`),
      responded: (status, requestId) => responses.push({ status, requestId }),
      queued: () => told.push("queued"),
      head: () => told.push("attempt head"),
      end: (ending) => endings.push(ending),
    },
    progress: {
      headers: () => told.push("headers"),
      bytes: () => {
        seen.byteReads += 1;
      },
      body() {},
      content: () => told.push("content"),
      head: () => told.push("head"),
      finish(settle) {
        told.push("finish");
        seen.settle = settle;
      },
      reading(isReading) {
        seen.isReading = isReading;
      },
    },
    ...overrides,
  });
  return {
    call,
    clock,
    told,
    endings,
    responses,
    get byteReads() {
      return seen.byteReads;
    },
    get isReading() {
      return seen.isReading;
    },
    settle: () => seen.settle(),
  };
}

/** All that is left of an answer. */
export async function drain(reply: Reply): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = [];
  do {
    for (let chunk = reply.take(); chunk; chunk = reply.take()) chunks.push(chunk);
  } while (await reply.more());
  return chunks;
}

/** All chunks of a source, without a judgement of them. */
export async function drainSource(source: ChunkSource): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = [];
  do {
    for (let chunk = source.take(); chunk; chunk = source.take()) chunks.push(chunk);
  } while (await source.read());
  return chunks;
}

/** The text chunks bring. */
export function textOf(chunks: readonly ChatCompletionChunk[]): string {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
}
