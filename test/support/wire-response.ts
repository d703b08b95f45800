import type { ChatCompletionChunk } from "../../src/chat/chat-response.ts";

/** From here on the server says nothing, and keeps the connection open. */
export const HANG = Symbol("hang");

/** What one network read of a body gives: bytes, a broken connection, or silence. */
export type Piece = string | Uint8Array | Error | typeof HANG;

/** A body that gives each piece in a read of its own, and notes what is done with it. */
interface ScriptedBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly isCancelled: boolean;
  /** Pieces handed out so far. */
  readonly reads: number;
}

export function makeBody(pieces: Iterable<Piece>): ScriptedBody {
  const iterator = pieces[Symbol.iterator]();
  const seen = { isCancelled: false, reads: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = iterator.next();
        if (done) return controller.close();
        seen.reads += 1;
        if (value === HANG) return new Promise<void>(() => {});
        if (value instanceof Error) return controller.error(value);
        return controller.enqueue(typeof value === "string" ? new TextEncoder().encode(value) : value);
      },
      cancel() {
        seen.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    get isCancelled() {
      return seen.isCancelled;
    },
    get reads() {
      return seen.reads;
    },
  };
}

const SSE_HEADERS = { "content-type": "text/event-stream; charset=utf-8" };

export function makeResponse(pieces: Iterable<Piece>, status = 200, headers: HeadersInit = SSE_HEADERS): Response {
  return new Response(makeBody(pieces).stream, { status, headers });
}

interface SentRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly init: RequestInit;
}

interface ScriptedFetch {
  readonly fetch: typeof globalThis.fetch;
  readonly requests: readonly SentRequest[];
}

/** A `fetch` that notes its requests. Like the real one it rejects at once when the signal has aborted. */
export function fetchThat(answer: (signal: AbortSignal | undefined) => Response | Promise<Response>): ScriptedFetch {
  const requests: SentRequest[] = [];
  return {
    requests,
    async fetch(input, init = {}) {
      const signal = init.signal ?? undefined;
      signal?.throwIfAborted();
      requests.push({ url: String(input), headers: new Headers(init.headers), body: String(init.body), init });
      return answer(signal);
    },
  };
}

/** What Node's fetch throws: a TypeError whose cause says what happened. */
export function networkError(message: string, reason: string, code: string): TypeError {
  return new TypeError(message, { cause: Object.assign(new Error(reason), { code }) });
}

type Json = Readonly<Record<string, unknown>>;

/** A chunk as DeepSeek sends it. */
export function makeChunk(delta: Json, finishReason: string | null = null, more: Json = {}): ChatCompletionChunk {
  const chunk = {
    id: "9a7c1b6e-0000-4000-8000-000000000001",
    object: "chat.completion.chunk",
    created: 1780944343,
    model: "deepseek-v4-flash",
    system_fingerprint: "fp_test",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    usage: null,
    ...more,
  };
  // Tests put wrong types into it on purpose.
  return chunk as unknown as ChatCompletionChunk;
}

export function makeEvent(json: unknown): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}

export const DONE = "data: [DONE]\n\n";

/** A whole body as DeepSeek sends it without `stream`. */
export function makeCompletion(message: Json, finishReason: unknown = "stop", more: Json = {}): Json {
  return {
    id: "9a7c1b6e-0000-4000-8000-000000000002",
    object: "chat.completion",
    created: 1780944343,
    model: "deepseek-v4-flash",
    choices: [{ index: 0, message: { role: "assistant", ...message }, logprobs: null, finish_reason: finishReason }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    system_fingerprint: "fp_test",
    ...more,
  };
}

/** The bytes in pieces, cut before each of `cuts`. */
export function splitBytes(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => bytes.slice(places[index], end));
}
