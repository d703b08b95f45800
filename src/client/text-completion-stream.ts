import { ignoreRejection } from "../async/abort.ts";
import { makeIterator } from "../async/make-iterator.ts";
import type { TextCompletion, TextCompletionChunk } from "../endpoints/text-completion.ts";
import type { PartialAnswer } from "../errors.ts";
import type { Report } from "../report.ts";
import type { ChatStream } from "./chat-stream.ts";
import { loadFim } from "./start-session.ts";

/**
 * What fills a gap, as it comes. It can be read once, by `for await` or `textStream()`; `finalCompletion()` works beside each of
 * them, or alone. Leaving a loop early closes the connection.
 *
 * @example
 * const stream = client.completions.stream({ model: "deepseek-flash", prompt: "def fib(n):\n", suffix: "\nprint(fib(9))" });
 * for await (const text of stream.textStream()) process.stdout.write(text);
 */
export class TextCompletionStream implements AsyncIterable<TextCompletionChunk> {
  readonly #stream: ChatStream;
  readonly #echo: string;

  /** Made by `completions.stream()` and `create({ stream: true })`. @internal */
  constructor(stream: ChatStream, echo: string) {
    this.#stream = stream;
    this.#echo = echo;
  }

  /** The chunks, as the server sent them. */
  [Symbol.asyncIterator](): AsyncIterableIterator<TextCompletionChunk> {
    let echo = this.#echo;
    return pick(this.#stream[Symbol.asyncIterator](), (chunk, { toTextChunk }) => {
      const shown = toTextChunk(chunk, echo);
      if (shown.choices.length > 0) echo = "";
      return shown;
    });
  }

  /** Only the text, piece by piece. */
  textStream(): AsyncIterableIterator<string> {
    if (this.#echo === "") return this.#stream.textStream();
    return pick(this[Symbol.asyncIterator](), ({ choices }) => choices[0]?.text || undefined);
  }

  /**
   * The whole, once it is complete. Reads the stream itself when nobody else does. Rejects with what the loop throws; with an
   * `AbortError` when the loop was left.
   */
  finalCompletion(): Promise<TextCompletion> {
    const final = this.#stream
      .finalChatCompletion()
      .then(async (completion) => (await loadFim()).toTextCompletion(completion, this.#echo));
    ignoreRejection(final);
    return final;
  }

  /** What has arrived so far, in `content`. */
  get partial(): PartialAnswer {
    return this.#stream.partial;
  }

  /** Every attempt so far: who was asked, what came of it, how long was waited. */
  get report(): Report {
    return this.#stream.report;
  }

  /** Ends the stream: whoever waits for it is rejected with `reason`. @param reason defaults to an `AbortError` */
  abort(reason?: unknown): void {
    this.#stream.abort(reason);
  }
}

/** What is made of each value; where that is `undefined`, nothing. In the order asked, whoever asks before the last one came. */
function pick<A, B>(
  source: AsyncIterableIterator<A>,
  make: (value: A, part: Awaited<ReturnType<typeof loadFim>>) => B | undefined,
): AsyncIterableIterator<B> {
  let turn: Promise<unknown> = Promise.resolve();
  const advance = async (): Promise<IteratorResult<B>> => {
    for (;;) {
      const { done, value } = await source.next();
      if (done) return { done, value: undefined };
      // It came with the call, and is there.
      const made = make(value, await loadFim());
      if (made !== undefined) return { done: false, value: made };
    }
  };
  const next = () => {
    const result = turn.then(advance, advance);
    turn = result;
    ignoreRejection(result);
    return result;
  };
  return makeIterator(next, () => source.return?.());
}
