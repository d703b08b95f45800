import type { Progress } from "../call.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import type { ChunkDecoder, ChunkSource } from "./chunk-source.ts";
import type { FailureContext } from "./failure-context.ts";
import type { BodyReader } from "./read-body.ts";
import { readEventStream } from "./read-event-stream.ts";
import { emptyBody, readJsonBody } from "./read-json-body.ts";

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
  return new Answer(body, decode, context, progress, wire);
}

class Answer implements ChunkSource {
  readonly #body: BodyReader;
  readonly #decode: ChunkDecoder;
  readonly #context: FailureContext;
  readonly #progress: Progress;
  readonly #wire: "stream" | "json";
  #source: ChunkSource | undefined;

  constructor(
    body: BodyReader,
    decode: ChunkDecoder,
    context: FailureContext,
    progress: Progress,
    wire: "stream" | "json",
  ) {
    this.#body = body;
    this.#decode = decode;
    this.#context = context;
    this.#progress = progress;
    this.#wire = wire;
  }

  get size(): number {
    return this.#body.size;
  }

  get isUnsettled(): boolean {
    return this.#decode.isUnsettled ?? false;
  }

  take(): ChatCompletionChunk | undefined {
    return this.#source?.take();
  }

  read(): Promise<boolean> {
    return this.#source ? this.#source.read() : this.#body.readWith(this.#begin);
  }

  cancel(): void {
    this.#body.cancel();
  }

  finish(): Promise<void> {
    return this.#body.finish();
  }

  readonly #begin = (bytes: Uint8Array | undefined): boolean | Promise<boolean> => {
    // Only blank lines until the end, also where events were due: DeepSeek gave up a request in its queue.
    if (!bytes && this.#body.size > 0) throw emptyBody(this.#context);
    const start = bytes?.findIndex((byte) => !BLANKS.has(byte)) ?? 0;
    if (bytes && start < 0) return true;
    const first = bytes?.[start];
    // A body that ends before it began is judged as what was asked for.
    const isJson = first === undefined ? this.#wire === "json" : MARKS_OF_JSON.has(first);
    // Without the blanks: the beginning of a byte order mark may have come with an earlier read.
    const again = new Replay(this.#body, bytes?.subarray(start));
    this.#source = isJson
      ? readJsonBody(again, this.#decode, this.#context, this.#progress)
      : readEventStream(again, this.#decode, this.#context);
    return this.#source.read();
  };
}

/** Space, tab, line breaks, and the three bytes of a byte order mark. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
const MARKS_OF_JSON: ReadonlySet<number> = new Set([0x7b, 0x5b, 0x3c]);

/** A body whose first read has been looked at. */
class Replay implements BodyReader {
  readonly #body: BodyReader;
  #next: Uint8Array | undefined;

  constructor(body: BodyReader, first: Uint8Array | undefined) {
    this.#body = body;
    this.#next = first;
  }

  get size(): number {
    return this.#body.size;
  }

  get cancel(): () => void {
    return this.#body.cancel;
  }

  read(): Promise<Uint8Array | undefined> {
    return this.readWith((bytes) => bytes);
  }

  readWith<T>(use: (bytes: Uint8Array | undefined) => T | Promise<T>): Promise<T> {
    const bytes = this.#next;
    this.#next = undefined;
    return bytes ? new Promise((resolve) => resolve(use(bytes))) : this.#body.readWith(use);
  }

  finish(): Promise<void> {
    return this.#body.finish();
  }
}
