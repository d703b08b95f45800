import { StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import type { ChunkDecoder, ChunkSource } from "./chunk-source.ts";
import type { FailureContext } from "./http-errors.ts";
import type { BodyReader } from "./read-body.ts";
import { createEventReader } from "./read-events.ts";

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
    get size() {
      return body.size;
    },
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
