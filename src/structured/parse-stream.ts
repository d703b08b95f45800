import { forwardAbort, ignoreRejection } from "../async/abort.ts";
import { type Deferred, defer } from "../async/deferred.ts";
import { makeIterator } from "../async/make-iterator.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import type { ChatStream } from "../client/chat-stream.ts";
import type { Report } from "../report.ts";
import type { StandardSchema } from "../standard-schema.ts";
import { type AskObserver, askUntilFits, type ParseResult } from "./ask-until-fits.ts";
import { JsonFinder } from "./find-json.ts";
import { type ParsePromise, parsePromise } from "./parse.ts";
import type { ParsePlan } from "./parse-params.ts";

/** A typed value as it comes. It connects when it is first read. */
export interface ParseStream<T, Shown> {
  /**
   * The value so far, each time there is more of it: texts grow, numbers and words appear when they are complete, a key appears when its value
   * begins. Nothing is checked yet, so the last one is no answer: `finalValue()` is. Each is a snapshot, and shares with the one before what did
   * not change. Whoever is slow gets fewer of them, and so does whoever asks for a list of thousands of entries. When the answer starts again,
   * or the model is asked again, they begin anew: show the last one, and never add them up.
   *
   * It can be read once. Leaving the loop early closes the connection.
   */
  partials(): AsyncIterableIterator<Shown>;
  /** The value, checked. Rejects with what `parse()` rejects with; with an `AbortError` when the loop was left. */
  finalValue(): ParsePromise<T>;
  /** Ends it: whoever waits is rejected with `reason`. @param reason defaults to an `AbortError` */
  abort(reason?: unknown): void;
  /** What happened in each call so far: the first one, and one for each time the model was asked again. */
  readonly reports: readonly Report[];
}

/** Copying an entry costs a small part of reading a character: so all snapshots together stay in proportion to the answer. */
const ENTRIES_A_CHARACTER = 16;
/** No answer has so many spaces and line breaks in a row: the model will write nothing else until `max_tokens` is reached. */
const MOST_BLANKS = 4_000;

/** Shows what comes while `askUntilFits` asks. */
export class LiveParseStream<T, Shown> implements ParseStream<T, Shown>, AskObserver {
  readonly #plan: ParsePlan<StandardSchema>;
  readonly #controller = new AbortController();
  readonly #streams: ChatStream[] = [];
  #result: Promise<ParseResult<unknown>> | undefined;
  #news: Deferred<void> = defer();
  #finder = new JsonFinder();
  /** Characters since the last snapshot; `Infinity` when nothing more comes. */
  #fed = 0;
  #last: unknown;
  #isRead = false;
  #isOver = false;

  constructor(plan: ParsePlan<StandardSchema>) {
    this.#plan = plan;
  }

  get reports(): readonly Report[] {
    return this.#streams.map(({ report }) => report);
  }

  partials(): AsyncIterableIterator<Shown> {
    if (this.#isRead) throw new TypeError("This stream is being read already; it can be read once.");
    this.#isRead = true;
    let isDone = false;
    const next = async (): Promise<IteratorResult<Shown>> => {
      const result = this.#start();
      while (!isDone) {
        const { promise } = this.#news;
        const isNew = this.#takePartial();
        // What stands there is what the schema would take, as far as it came.
        if (isNew) return { done: false, value: this.#last as Shown };
        if (!this.#isOver) await promise;
        else {
          isDone = true;
          await result;
        }
      }
      return { done: true, value: undefined };
    };
    return makeIterator(next, () => {
      isDone = true;
      this.abort(new DOMException("The stream was left before its end.", "AbortError"));
    });
  }

  finalValue(): ParsePromise<T> {
    // The schema of the plan gives it, and says that this is its type.
    const final = parsePromise(this.#start() as Promise<ParseResult<T>>);
    ignoreRejection(final);
    return final;
  }

  abort(reason: unknown = new DOMException("The stream was aborted.", "AbortError")): void {
    this.#controller.abort(reason);
    this.#tell();
  }

  /** Of an `AskObserver`. */
  begin(stream: ChatStream): void {
    this.#streams.push(stream);
    this.#restart();
  }

  /** Of an `AskObserver`. */
  async read(stream: ChatStream): Promise<ChatCompletion | undefined> {
    let blanks = 0;
    for await (const part of stream.parts()) {
      if (part.type === "reset") this.#restart();
      if (part.type !== "text-delta") continue;
      const ending = part.text.trimEnd().length;
      blanks = (ending === 0 ? blanks : 0) + part.text.length - ending;
      if (blanks > MOST_BLANKS) return undefined;
      this.#finder.feed(part.text);
      this.#fed += part.text.length;
      this.#tell();
    }
    this.#fed = Number.POSITIVE_INFINITY;
    this.#tell();
    return stream.finalChatCompletion();
  }

  #start(): Promise<ParseResult<unknown>> {
    if (!this.#result) {
      this.#result = this.#run();
      ignoreRejection(this.#result);
    }
    return this.#result;
  }

  async #run(): Promise<ParseResult<unknown>> {
    const { options } = this.#plan;
    const unlink = forwardAbort(options.signal, this.#controller);
    try {
      return await askUntilFits({ ...this.#plan, options: { ...options, signal: this.#controller.signal } }, this);
    } finally {
      unlink();
      this.#isOver = true;
      this.#tell();
    }
  }

  #restart(): void {
    this.#finder = new JsonFinder();
    this.#fed = 0;
    this.#last = undefined;
  }

  #tell(): void {
    const { resolve } = this.#news;
    this.#news = defer();
    resolve();
  }

  /** Whether there is more to show, which then is the last. */
  #takePartial(): boolean {
    const { reader } = this.#finder;
    if (!reader?.isChanged || this.#fed * ENTRIES_A_CHARACTER < reader.weight) return false;
    if (Number.isFinite(this.#fed)) this.#fed = 0;
    const { wrapper } = this.#plan;
    const root = reader.snapshot();
    if (Array.isArray(root)) return false;
    const value = wrapper === undefined ? root : (root as Readonly<Record<string, unknown>>)[wrapper];
    if (value === undefined || value === this.#last) return false;
    this.#last = value;
    return true;
  }
}
