import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import { whoIs } from "../server-words.ts";
import type { ChunkDecoder, ChunkSource } from "./chunk-source.ts";
import { detailsOf, type FailureContext } from "./failure-context.ts";
import { errorFromText } from "./http-errors.ts";
import { createEventParser } from "./learn-template.ts";
import type { BodyReader } from "./read-body.ts";
import { createEventReader, type EventHandlers, type EventReader } from "./read-events.ts";

/** Reads a body of server-sent events. Chunks are parsed when they are taken, so that they die young. */
export function readEventStream(body: BodyReader, decode: ChunkDecoder, context: FailureContext): ChunkSource {
  return new EventStream(body, decode, context);
}

/** What makes an event no chunk, whatever its data says. */
type Oddity = "error" | "broken";

class EventStream implements ChunkSource, EventHandlers {
  readonly #body: BodyReader;
  readonly #decode: ChunkDecoder;
  readonly #context: FailureContext;
  readonly #reader: EventReader;
  readonly #parse = createEventParser();
  /** The data of the events of one read. */
  #events: string[] = [];
  #position = 0;
  /** The few events that are not what they should be, by their place. */
  #odd: Map<number, Oddity> | undefined;
  /** The first line that was no field of an event. */
  #stray: string | undefined;
  #hasOverflowed = false;
  #hasEvents = false;
  #isDone = false;
  #isAtEnd = false;

  constructor(body: BodyReader, decode: ChunkDecoder, context: FailureContext) {
    this.#body = body;
    this.#decode = decode;
    this.#context = context;
    this.#reader = createEventReader(this);
  }

  get size(): number {
    return this.#body.size;
  }

  cancel(): void {
    this.#body.cancel();
  }

  finish(): Promise<void> {
    return this.#body.finish();
  }

  take(): ChatCompletionChunk | undefined {
    while (this.#position < this.#events.length) {
      const at = this.#position++;
      const data = this.#events[at] as string;
      if (this.#isDone || data === "") continue;
      if (data === "[DONE]") this.#isDone = true;
      else return this.#read(data, this.#odd?.get(at));
    }
    if (this.#hasOverflowed) {
      this.#hasOverflowed = false;
      this.#isDone = true;
      const message = `${whoIs(this.#context)} sent an event too large to be one.`;
      throw new UnexpectedResponseError(message, detailsOf(this.#context));
    }
    return undefined;
  }

  read(): Promise<boolean> {
    // `[DONE]` may have been read with the chunks before it.
    if (this.#isDone || this.#isAtEnd) return Promise.resolve(false);
    if (this.#events.length > 0) {
      this.#hasEvents = true;
      this.#events = [];
      this.#odd = undefined;
    }
    this.#position = 0;
    return this.#body.readWith(this.#accept);
  }

  onData(data: string, isError: boolean, isBroken: boolean): void {
    if (isError || isBroken) {
      this.#odd ??= new Map();
      this.#odd.set(this.#events.length, isError ? "error" : "broken");
    }
    this.#events.push(data);
  }

  onStray(line: string): void {
    // A shorter one may be what a cut left of a field's name.
    if (line.length > "event:".length) this.#stray ??= line;
  }

  onOverflow(): void {
    this.#hasOverflowed = true;
  }

  readonly #accept = (bytes: Uint8Array | undefined): boolean => {
    if (bytes) this.#reader.feed(bytes);
    else {
      this.#reader.end();
      this.#isAtEnd = true;
    }
    const events = this.#events;
    // A gateway's own words, and nothing else.
    if (this.#isAtEnd && !this.#hasEvents && events.length === 0 && this.#stray)
      throw errorFromText(this.#stray, "no answer but text", this.#context);
    if (events[0] === "[DONE]") this.#isDone = true;
    return !this.#isDone && (!this.#isAtEnd || events.length > 0);
  };

  #read(data: string, what: Oddity | undefined): ChatCompletionChunk {
    const [context, isAtEnd] = [this.#context, this.#isAtEnd];
    if (what === "error") throw errorFromText(data, "an error", context);
    // The last event of a stream that was cut inside a character is told as that: it is no JSON.
    const json = what === "broken" && !isAtEnd ? undefined : parseEvent(this.#parse, data, isAtEnd, context);
    if (what === "broken")
      throw new UnexpectedResponseError(`${whoIs(context)} sent bytes that are no UTF-8.`, detailsOf(context));
    return this.#decode.chunk(json);
  }
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
