import { type Clock, systemClock } from "../async/clock.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { ResilientClientError } from "../errors.ts";
import type { ChunkCursor } from "./iterate-chunks.ts";
import { createKeepAlive, type KeepAlive } from "./keep-alive.ts";
import { createChunkWriter } from "./write-chunk.ts";

interface Encoding {
  chunk(chunk: ChatCompletionChunk): string;
  end: string;
  /** What a failure looks like in the body; `undefined`: the body itself fails. */
  error?(error: unknown): string;
}

/** One JSON chunk a line. A failure makes the stream fail. */
export function encodeAsLines(cursor: ChunkCursor): ReadableStream<Uint8Array> {
  const write = createChunkWriter();
  return encode(cursor, { chunk: (chunk) => `${write(chunk)}\n`, end: "" });
}

/**
 * Server-sent events, ended by `[DONE]`. A failure is an event with an `error` field and no `[DONE]`. A comment every 15 s
 * or sooner while nothing comes: a call may wait for minutes, and a proxy in between does not.
 */
export function encodeAsEvents(cursor: ChunkCursor, clock: Clock = systemClock): ReadableStream<Uint8Array> {
  const write = createChunkWriter();
  const encoding: Encoding = {
    chunk: (chunk) => `data: ${write(chunk)}\n\n`,
    end: "data: [DONE]\n\n",
    error: (error) => `data: ${JSON.stringify({ error: describe(error) })}\n\n`,
  };
  return encode(cursor, encoding, createKeepAlive(clock));
}

/** A response of those events. `claim` makes the stream's one reader. */
export function respondWithEvents(claim: () => ChunkCursor, init: ResponseInit): Response {
  const headers = new Headers(init.headers);
  headers.set("content-type", "text/event-stream; charset=utf-8");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-cache");
  // Made twice, so that bad values for `init` are refused while the stream can still be read otherwise.
  new Response(null, { ...init, headers });
  return new Response(encodeAsEvents(claim()), { ...init, headers });
}

function encode(cursor: ChunkCursor, encoding: Encoding, keepAlive?: KeepAlive): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let sendComment = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // One that nobody has taken yet is enough.
        sendComment = () => controller.desiredSize === 0 && controller.enqueue(encoder.encode(": keep-alive\n\n"));
      },
      async pull(controller) {
        const close = (last: string) => {
          keepAlive?.stop();
          if (last) controller.enqueue(encoder.encode(last));
          controller.close();
        };
        try {
          // All chunks of one network read together.
          for (let text = ""; ; ) {
            for (let chunk = cursor.take(); chunk; chunk = cursor.take()) text += encoding.chunk(chunk);
            if (text) {
              keepAlive?.sent();
              return controller.enqueue(encoder.encode(text));
            }
            keepAlive?.waits(sendComment);
            if (!(await cursor.more())) return close(encoding.end);
          }
        } catch (error) {
          // What cannot be encoded is read no further; after a failed read there is nothing left to leave.
          cursor.leave();
          if (encoding.error) close(encoding.error(error));
          else controller.error(error);
        }
      },
      cancel() {
        keepAlive?.stop();
        cursor.leave();
      },
    },
    // Nothing is read before somebody asks for it.
    { highWaterMark: 0 },
  );
}

/** For whoever is at the other end, so without what a server said: its words may name hosts, accounts and limits. */
function describe(error: unknown): { message: string; type: string; code: string } {
  // Data too deep to be written makes the encoder throw; everything else is an abort.
  const other = error instanceof RangeError ? "unexpected_response" : "aborted";
  const code = ResilientClientError.isInstance(error) ? error.code : other;
  return { message: `The answer failed (${code}).`, type: code, code };
}
