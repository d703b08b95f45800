import { StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import type { ChunkDecoder, ChunkSource } from "./chunk-source.ts";
import { detailsOf, type FailureContext, whoIs } from "./failure-context.ts";
import { errorFromText } from "./http-errors.ts";
import { createEventParser } from "./learn-template.ts";
import type { BodyReader } from "./read-body.ts";
import { createEventReader, type EventReader } from "./read-events.ts";

/** Reads a body of server-sent events. Chunks are parsed when they are taken, so that they die young. */
export function readEventStream(body: BodyReader, decode: ChunkDecoder, context: FailureContext): ChunkSource {
  const received = receiveEvents();
  const parse = createEventParser();
  let position = 0;
  let hasEvents = false;
  let done = false;
  let atEnd = false;

  const read = (data: string, what: Oddity | undefined) => {
    if (what === "error") throw errorFromText(data, "an error", context);
    // The last event of a stream that was cut inside a character is told as that: it is no JSON.
    const json = what === "broken" && !atEnd ? undefined : parseEvent(parse, data, atEnd, context);
    if (what === "broken")
      throw new UnexpectedResponseError(`${whoIs(context)} sent bytes that are no UTF-8.`, detailsOf(context));
    return decode.chunk(json);
  };

  return {
    get size() {
      return body.size;
    },
    cancel: body.cancel,
    finish: body.finish,
    take() {
      const { events, odd } = received;
      while (position < events.length) {
        const at = position++;
        const data = events[at] as string;
        if (done || data === "") continue;
        if (data === "[DONE]") done = true;
        else return read(data, odd.size > 0 ? odd.get(at) : undefined);
      }
      if (received.takeOverflow()) {
        done = true;
        throw new UnexpectedResponseError(`${whoIs(context)} sent an event too large to be one.`, detailsOf(context));
      }
      return undefined;
    },
    read() {
      // `[DONE]` may have been read with the chunks before it.
      if (done || atEnd) return Promise.resolve(false);
      hasEvents ||= received.events.length > 0;
      received.forget();
      position = 0;
      return body.readWith(accept);
    },
  };

  function accept(bytes: Uint8Array | undefined): boolean {
    if (bytes) received.reader.feed(bytes);
    else {
      received.reader.end();
      atEnd = true;
    }
    const { events, stray } = received;
    // A gateway's own words, and nothing else.
    if (atEnd && !hasEvents && events.length === 0 && stray) throw errorFromText(stray, "no answer but text", context);
    if (events[0] === "[DONE]") done = true;
    return !done && (!atEnd || events.length > 0);
  }
}

/** What makes an event no chunk, whatever its data says. */
type Oddity = "error" | "broken";

interface ReceivedEvents {
  readonly reader: EventReader;
  /** The data of the events of one read. */
  readonly events: readonly string[];
  /** The few that are not what they should be, by their place. */
  readonly odd: ReadonlyMap<number, Oddity>;
  /** The first line that was no field of an event. */
  readonly stray: string | undefined;
  /** Whether an event was too large, once. */
  takeOverflow(): boolean;
  forget(): void;
}

function receiveEvents(): ReceivedEvents {
  let events: string[] = [];
  const odd = new Map<number, Oddity>();
  let stray: string | undefined;
  let overflowed = false;
  const reader = createEventReader({
    onData(data, isError, isBroken) {
      if (isError || isBroken) odd.set(events.length, isError ? "error" : "broken");
      events.push(data);
    },
    onStray(line) {
      // A shorter one may be what a cut left of a field's name.
      if (line.length > "event:".length) stray ??= line;
    },
    onOverflow() {
      overflowed = true;
    },
  });
  return {
    reader,
    odd,
    get events() {
      return events;
    },
    get stray() {
      return stray;
    },
    takeOverflow() {
      const had = overflowed;
      overflowed = false;
      return had;
    },
    forget() {
      if (events.length > 0) events = [];
      if (odd.size > 0) odd.clear();
    },
  };
}

function parseEvent(parse: (data: string) => unknown, data: string, atEnd: boolean, context: FailureContext): unknown {
  try {
    return parse(data);
  } catch {
    // The last event of a cut stream is cut itself.
    if (atEnd)
      throw new StreamInterruptedError(`${whoIs(context)} broke off in the middle of an event.`, detailsOf(context));
    throw errorFromText(data, "an event that is no JSON", context);
  }
}
