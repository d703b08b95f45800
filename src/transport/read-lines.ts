import type { Progress } from "../call.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import { parseJson } from "../parse-json.ts";
import { whoIs } from "../server-words.ts";
import type { ChunkDecoder, ChunkSource } from "./chunk-source.ts";
import { detailsOf, type FailureContext } from "./failure-context.ts";
import { errorFromText } from "./http-errors.ts";
import type { BodyReader } from "./read-body.ts";
import { emptyBody } from "./read-json-body.ts";
import { createTextReader, REPLACEMENT } from "./read-text.ts";

/** A whole answer may be one line: as long as one JSON body may be. */
const MAX_LINE_CHARS = 32 * 1024 * 1024;

/**
 * Reads newline-delimited JSON, one chunk a line. One JSON body is one such line, so what was asked for makes no difference. The
 * line with the finish reason is the last one.
 */
export function readLines(
  body: BodyReader,
  decode: ChunkDecoder,
  context: FailureContext,
  progress: Progress,
): ChunkSource {
  return new LineStream(body, decode, context, progress);
}

class LineStream implements ChunkSource {
  readonly #body: BodyReader;
  readonly #decode: ChunkDecoder;
  readonly #context: FailureContext;
  readonly #progress: Progress;
  readonly #text = createTextReader();
  /** The lines of one read. They are parsed when they are taken, so that chunks die young. */
  #lines: string[] = [];
  #position = 0;
  /** The beginning of a line whose end has not come. */
  #rest = "";
  #hasSpoken = false;
  #isDone = false;
  #isAtEnd = false;

  constructor(body: BodyReader, decode: ChunkDecoder, context: FailureContext, progress: Progress) {
    this.#body = body;
    this.#decode = decode;
    this.#context = context;
    this.#progress = progress;
  }

  get size(): number {
    return this.#body.size;
  }

  get isUnsettled(): boolean {
    return this.#decode.isUnsettled ?? false;
  }

  cancel(): void {
    this.#body.cancel();
  }

  finish(): Promise<void> {
    return this.#body.finish();
  }

  take(): ChatCompletionChunk | undefined {
    while (!this.#isDone && this.#position < this.#lines.length) {
      const line = (this.#lines[this.#position++] as string).trim();
      if (line === "") continue;
      const chunk = this.#read(line);
      this.#isDone = chunk.choices[0]?.finish_reason != null;
      return chunk;
    }
    if (this.#rest.length <= MAX_LINE_CHARS) return undefined;
    this.#rest = "";
    this.#isDone = true;
    throw this.#unexpected("a line too large to be an answer");
  }

  async read(): Promise<boolean> {
    if (this.#isDone || this.#isAtEnd) return false;
    this.#lines = [];
    this.#position = 0;
    // A line that has begun is no keep-alive: its rest is due.
    do this.#accept(await this.#body.read());
    while (this.#lines.length === 0 && this.#rest !== "" && this.#rest.length <= MAX_LINE_CHARS && !this.#isAtEnd);
    if (this.#isAtEnd && !this.#hasSpoken) throw emptyBody(this.#context);
    return !this.#isAtEnd || this.#lines.length > 0;
  }

  #accept(bytes: Uint8Array | undefined): void {
    const piece = bytes ? this.#text.read(bytes) : this.#text.end();
    this.#isAtEnd = !bytes;
    // Blanks alone are keep-alives.
    if (this.#rest === "" && piece.trim() === "") return;
    this.#hasSpoken = true;
    // A piece without the end of a line is added without a look at what there is: it may be long.
    if (!piece.includes("\n") && bytes) {
      this.#rest += piece;
      this.#progress.body();
      return;
    }
    this.#lines = (this.#rest + piece).split("\n");
    this.#rest = bytes ? (this.#lines.pop() ?? "") : "";
  }

  #read(line: string): ChatCompletionChunk {
    const isLast = this.#isAtEnd && this.#position === this.#lines.length;
    const isBroken = this.#text.isBroken && line.includes(REPLACEMENT);
    const json = this.#parse(line, isLast);
    // A last line that was cut inside a character is told as that: it is no JSON.
    if (isBroken) throw this.#unexpected("bytes that are no UTF-8");
    return this.#decode.chunk(json);
  }

  #parse(line: string, isLast: boolean): unknown {
    try {
      return parseJson(line);
    } catch {
      // "[503] The queue is full" is no line that was cut.
      if (isLast && line.startsWith("{")) {
        const message = `${whoIs(this.#context)} broke off in the middle of a line.`;
        throw new StreamInterruptedError(message, detailsOf(this.#context));
      }
      throw errorFromText(line, "a line that is no JSON", this.#context);
    }
  }

  #unexpected(what: string): UnexpectedResponseError {
    return new UnexpectedResponseError(`${whoIs(this.#context)} sent ${what}.`, detailsOf(this.#context));
  }
}
