import type { Progress } from "../call.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { BusyError, EmptyAnswerError, StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import type { ChunkSource } from "./chunk-source.ts";
import type { FailureContext } from "./http-errors.ts";
import type { BodyReader } from "./read-body.ts";
import { createEventReader } from "./read-events.ts";

/** A JSON body longer than this is no chat completion: DeepSeek's longest answer is a few megabytes. */
const MAX_JSON_CHARS = 32 * 1024 * 1024;

/** How a provider's JSON becomes chunks. Throws a typed error for what is none. */
export interface ChunkDecoder {
  /** One event of a stream. */
  chunk(json: unknown): ChatCompletionChunk;
  /** A whole body: the chunks that make the same completion. */
  completion(json: unknown): readonly ChatCompletionChunk[];
}

/**
 * Reads an answer by what it is, not by what was asked for or what its content type says: many bodies are JSON under
 * another type, some hosts cannot stream, and a firewall sends a page. Blank lines before it are keep-alives.
 */
export function readAnswer(
  body: BodyReader,
  decode: ChunkDecoder,
  context: FailureContext,
  progress: Progress,
  wire: "stream" | "json",
): ChunkSource {
  let source: ChunkSource | undefined;
  return {
    cancel: body.cancel,
    finish: body.finish,
    take: () => source?.take(),
    async read() {
      if (source) return source.read();
      const bytes = await body.read();
      const first = bytes?.find((byte) => !BLANKS.has(byte));
      if (bytes && first === undefined) return true;
      // A body that ends before it began is judged as what was asked for.
      const isJson = first === undefined ? wire === "json" : MARKS_OF_JSON.has(first);
      const again = replay(body, bytes);
      source = isJson ? readJsonBody(again, decode, context, progress) : readEventStream(again, decode, context);
      return source.read();
    },
  };
}

/** Space, tab, line breaks, and the three bytes of a byte order mark. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
/** An object, a list, and the `<` of a web page, which is no JSON either way. */
const MARKS_OF_JSON: ReadonlySet<number> = new Set([0x7b, 0x5b, 0x3c]);

/** A body whose first read has been looked at. */
function replay(body: BodyReader, first: Uint8Array | undefined): BodyReader {
  let next = first;
  return {
    ...body,
    read() {
      const bytes = next;
      next = undefined;
      return bytes ? Promise.resolve(bytes) : body.read();
    },
  };
}

/** DeepSeek gives up a request that waited too long in its queue like this. */
function nothing({ secrets: _, ...details }: FailureContext): EmptyAnswerError {
  const message = `${details.provider} (${details.model}) kept the connection open and then sent nothing.`;
  return new EmptyAnswerError(message, { ...details, kind: "empty_body" });
}

/** Reads a body of server-sent events. Chunks are parsed when they are taken, so that they die young. */
export function readEventStream(body: BodyReader, decode: ChunkDecoder, context: FailureContext): ChunkSource {
  let events: string[] = [];
  let position = 0;
  let done = false;
  let atEnd = false;
  let overflowed = false;
  const reader = createEventReader({
    onData: (data) => events.push(data),
    onOverflow: () => {
      overflowed = true;
    },
  });

  const parse = (data: string): unknown => {
    try {
      return JSON.parse(data);
    } catch {
      const { secrets: _, ...details } = context;
      const who = `${context.provider} (${context.model})`;
      // The last event of a cut stream is cut itself.
      if (atEnd) throw new StreamInterruptedError(`${who} broke off in the middle of an event.`, details);
      throw new UnexpectedResponseError(`${who} sent an event that is no JSON.`, details);
    }
  };

  return {
    cancel: body.cancel,
    finish: body.finish,
    take() {
      while (position < events.length) {
        const data = events[position++] as string;
        if (done || data === "") continue;
        if (data === "[DONE]") done = true;
        else return decode.chunk(parse(data));
      }
      if (overflowed) {
        overflowed = false;
        done = true;
        const { secrets: _, ...details } = context;
        throw new UnexpectedResponseError(`${context.provider} sent an event too large to be one.`, details);
      }
      return undefined;
    },
    async read() {
      // `[DONE]` may have been read with the chunks before it.
      if (done || atEnd) return false;
      events = [];
      position = 0;
      const bytes = await body.read();
      if (bytes) reader.feed(bytes);
      else {
        reader.end();
        atEnd = true;
      }
      if (events[0] === "[DONE]") done = true;
      return !done && (!atEnd || events.length > 0);
    },
  };
}

/** Reads one JSON body. DeepSeek sends blank lines before it while the request waits in its queue. */
export function readJsonBody(
  body: BodyReader,
  decode: ChunkDecoder,
  context: FailureContext,
  progress: Progress,
): ChunkSource {
  const decoder = new TextDecoder();
  let text = "";
  let chunks: readonly ChatCompletionChunk[] = [];
  let position = 0;
  let atEnd = false;
  const { secrets: _, ...details } = context;
  const who = `${context.provider} (${context.model})`;

  return {
    cancel: body.cancel,
    finish: body.finish,
    take() {
      if (atEnd && text !== "") {
        chunks = decode.completion(parseBody(text));
        text = "";
      }
      return position < chunks.length ? chunks[position++] : undefined;
    },
    async read() {
      if (atEnd) return false;
      for (let bytes = await body.read(); bytes; bytes = await body.read()) {
        const piece = decoder.decode(bytes, { stream: true });
        text = text === "" ? piece.trimStart() : text + piece;
        // A keep-alive.
        if (text === "") return true;
        // The queue is over: from here on, silence is a stall.
        progress.content();
        progress.head();
        if (text.length > MAX_JSON_CHARS)
          throw new UnexpectedResponseError(`${who} sent a body too large to be an answer.`, details);
      }
      text = (text + decoder.decode()).trim();
      atEnd = true;
      if (text === "") throw nothing(context);
      return true;
    },
  };

  function parseBody(json: string): unknown {
    try {
      return JSON.parse(json);
    } catch {
      if (/^[{[]/.test(json))
        throw new StreamInterruptedError(`${who} broke off in the middle of its answer.`, details);
      if (json.startsWith("<"))
        throw new BusyError(`${who} answered with a web page: a firewall or CDN stands in between.`, details);
      throw new UnexpectedResponseError(`${who} sent a body that is no JSON.`, details);
    }
  }
}
