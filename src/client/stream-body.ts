import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { ResilientClientError } from "../errors.ts";
import type { ChunkCursor } from "./iterate-chunks.ts";
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

/** Server-sent events, ended by `[DONE]`. A failure is an event with an `error` field and no `[DONE]`. */
export function encodeAsEvents(cursor: ChunkCursor): ReadableStream<Uint8Array> {
  const write = createChunkWriter();
  return encode(cursor, {
    chunk: (chunk) => `data: ${write(chunk)}\n\n`,
    end: "data: [DONE]\n\n",
    error: (error) => `data: ${JSON.stringify({ error: describe(error) })}\n\n`,
  });
}

function encode(cursor: ChunkCursor, encoding: Encoding): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const close = (last: string) => {
          if (last) controller.enqueue(encoder.encode(last));
          controller.close();
        };
        try {
          // All chunks of one network read together.
          for (let text = ""; ; ) {
            for (let chunk = cursor.take(); chunk; chunk = cursor.take()) text += encoding.chunk(chunk);
            if (text) return controller.enqueue(encoder.encode(text));
            if (!(await cursor.more())) return close(encoding.end);
          }
        } catch (error) {
          // What cannot be encoded is read no further; after a failed read there is nothing left to leave.
          cursor.leave();
          if (encoding.error) close(encoding.error(error));
          else controller.error(error);
        }
      },
      cancel: () => cursor.leave(),
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
