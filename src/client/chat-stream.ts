import { ignoreRejection } from "../async/abort.ts";
import { defer } from "../async/deferred.ts";
import { type Delivered, NO_BREAKS, type Reply } from "../call.ts";
import type { ChatCompletion, ChatCompletionChunk } from "../chat/chat-response.ts";
import type { PartialAnswer } from "../errors.ts";
import type { Report } from "../report.ts";
import { abandoned } from "./abandoned-streams.ts";
import { GivenAnswer } from "./given-answer.ts";
import { type ChunkCursor, iterateChunks, iterateParts, iterateText, type StreamPart } from "./iterate-chunks.ts";
import type { Session } from "./session.ts";
import { encodeAsLines, respondWithEvents } from "./stream-body.ts";

/**
 * An answer as it comes. It can be read once, by one of `for await`, `textStream()`, `parts()`, `toReadableStream()` and
 * `toResponse()`; `finalChatCompletion()` works beside each of them, or alone. Leaving a loop early closes the connection.
 *
 * @example
 * const stream = client.chat.completions.stream({ model: "deepseek-flash", messages });
 * for await (const text of stream.textStream()) process.stdout.write(text);
 * const { usage } = await stream.finalChatCompletion();
 */
export class ChatStream implements AsyncIterable<ChatCompletionChunk> {
  readonly #session: Session;
  #reply: Reply | undefined;
  readonly #given = new GivenAnswer();
  #isOver = false;
  /** A failure its reader has not been told yet. */
  #untold: { readonly reason: unknown } | undefined;
  readonly #final = defer<ChatCompletion>();

  /** Made by `chat.completions.stream()` and `create({ stream: true })`. @internal */
  constructor(session: Session) {
    this.#session = session;
    ignoreRejection(this.#final.promise);
  }

  /** The chunks, as the server sent them. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ChatCompletionChunk> {
    return iterateChunks(this.#claim("pieces"));
  }

  /** Only the text of the answer, piece by piece. */
  textStream(): AsyncIterableIterator<string> {
    return iterateText(this.#claim("pieces"));
  }

  /** Text, reasoning, whole tool calls and the finish, as typed parts. */
  parts(): AsyncIterableIterator<StreamPart> {
    return iterateParts(this.#claim("parts"));
  }

  /**
   * The whole answer, once it is complete. Reads the stream itself when nobody else does.
   * Rejects with what the loop throws; with an `AbortError` when the loop was left.
   */
  finalChatCompletion(): Promise<ChatCompletion> {
    this.#given.isWanted = true;
    // A loop that begins right after this line is still the reader.
    queueMicrotask(() => {
      if (!this.#given.reader && !this.#isOver) ignoreRejection(this.#drain(this.#claim("whole")));
    });
    return this.#final.promise;
  }

  /** What has arrived so far. */
  get partial(): PartialAnswer {
    return this.#given.partial();
  }

  /** Every attempt so far: who was asked, what came of it, how long was waited. */
  get report(): Report {
    return this.#session.report();
  }

  /** Ends the stream: whoever waits for it is rejected with `reason`. @param reason defaults to an `AbortError` */
  abort(reason: unknown = new DOMException("The stream was aborted.", "AbortError")): void {
    if (this.#isOver) return;
    this.#session.abort(reason);
    this.#final.reject(reason);
    // A reader is told by its own wait, now or with its next step; a later one with its first.
    if (!this.#given.reader) this.#untold = { reason: this.#fail(reason) };
  }

  /** One JSON chunk a line, as bytes: what the OpenAI SDK's `toReadableStream()` gives. */
  toReadableStream(): ReadableStream<Uint8Array> {
    return encodeAsLines(this.#claim("pieces"));
  }

  /**
   * A response of server-sent events, for a server that hands the answer on to a browser. It exists before the answer
   * does, so a failure is an event with an `error` field, and `[DONE]` comes after a complete answer only; comments keep it
   * alive meanwhile. For an HTTP status of its own, wait for the first token before:
   * `(await create({ ...params, stream: true })).toResponse()`. Pass the request's `signal` to the call: whoever goes away ends it.
   */
  toResponse(init: ResponseInit = {}): Response {
    return respondWithEvents(() => this.#claim("pieces"), init);
  }

  /** What it is made of, for whoever follows it without reading it, and without keeping it. @internal */
  inside() {
    return { session: this.#session, given: this.#given, final: this.#final };
  }

  #claim(reader: Delivered["reader"]): ChunkCursor {
    if (this.#given.reader) throw new TypeError("This stream is being read already; it can be read once.");
    this.#given.reader = reader;
    return {
      take: () => this.#take(),
      more: () => this.#more(),
      breaks: () => this.#reply?.breaks ?? NO_BREAKS,
      leave: () => this.#leave(),
    };
  }

  #take(): ChatCompletionChunk | undefined {
    const chunk = this.#reply?.take();
    if (chunk) this.#given.add(chunk);
    return chunk;
  }

  #more(): Promise<boolean> {
    const isReading = this.#reply && !this.#untold && !this.#isOver && !this.#session.isAborted();
    return isReading && this.#reply ? this.#reply.more().then(this.#onMore, this.#onFailure) : this.#begin();
  }

  readonly #onMore = (hasMore: boolean): boolean => {
    try {
      if (!hasMore) return this.#succeed();
    } catch (error) {
      return this.#onFailure(error);
    }
    if (this.#reply) this.#given.follow(this.#reply);
    return true;
  };

  readonly #onFailure = (error: unknown): never => {
    throw this.#fail(error);
  };

  /** Whatever is not the next chunk of an open answer: its beginning, its end, an abort. */
  async #begin(): Promise<boolean> {
    if (this.#untold) {
      const { reason } = this.#untold;
      this.#untold = undefined;
      throw reason;
    }
    if (this.#isOver) return false;
    await this.open();
    return true;
  }

  /** Sends the call; resolves at the first token. @internal */
  async open(): Promise<void> {
    this.#given.isWanted = true;
    try {
      this.#session.throwIfAborted();
      this.#reply = await this.#session.open(this.#given.delivered);
      abandoned?.register(this, this.#session, this);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #succeed(): false {
    this.#session.throwIfAborted();
    const completion = this.#given.completion(this.#reply);
    this.#over();
    this.#session.succeed();
    this.#final.resolve(completion);
    return false;
  }

  #fail(error: unknown): unknown {
    this.#over();
    const told = this.#session.fail(error, this.partial);
    this.#final.reject(told);
    return told;
  }

  #over(): void {
    this.#isOver = true;
    abandoned?.unregister(this);
  }

  #leave(): void {
    if (this.#isOver) return;
    const reason = new DOMException("The stream was left before its end.", "AbortError");
    // Whoever waits for a chunk tells the session; if nobody does, it ends by itself.
    this.#session.abort(reason);
    this.#over();
    this.#final.reject(reason);
  }

  async #drain(cursor: ChunkCursor): Promise<void> {
    do while (cursor.take());
    while (await cursor.more());
  }
}
