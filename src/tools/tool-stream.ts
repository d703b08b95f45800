import { ignoreRejection } from "../async/abort.ts";
import { defer } from "../async/deferred.ts";
import { makeIterator } from "../async/make-iterator.ts";
import type { ChatMessage } from "../chat/chat-request.ts";
import type { ToolStep } from "../tool-step.ts";
import { playSteps, type Reading } from "./play-steps.ts";
import type { Tool } from "./tool.ts";
import type { ToolLoop } from "./tool-loop.ts";
import type { OutcomeOf, ToolRun, ToolStreamPart } from "./tool-types.ts";

/**
 * A run of tools as it goes. It starts when it is first read, and can be read once: by `parts()` or `textStream()`; `finalResult()`
 * works beside each of them, or alone. Leaving the loop ends everything: the connection and the tools.
 */
export class ToolStream<T extends Tool = Tool> {
  readonly #loop: ToolLoop;
  readonly #final = defer<ToolRun<T>>();
  #isRead = false;
  #isOver = false;

  /** Made by `streamTools()`. @internal */
  constructor(loop: ToolLoop) {
    this.#loop = loop;
    ignoreRejection(this.#final.promise);
  }

  /** Text, thinking, tool calls and what came of them, step by step. */
  parts(): AsyncIterableIterator<ToolStreamPart<T>> {
    return this.#read("parts", (part) => part);
  }

  /** Only the text, piece by piece: that of every step. */
  textStream(): AsyncIterableIterator<string> {
    return this.#read("text", (part) => (part.type === "text-delta" ? part.text : undefined));
  }

  /** What came of the run, once it is complete. Runs it when nobody reads it. Rejects with what the loop throws; with an `AbortError` when it was left. */
  finalResult(): Promise<ToolRun<T>> {
    // A loop that begins right after this line is still the reader.
    queueMicrotask(() => {
      if (!this.#isRead && !this.#isOver) ignoreRejection(this.#read("whole", () => undefined).next());
    });
    return this.#final.promise;
  }

  /** What was said so far, in steps that are complete: after a failure a run can go on with it, and nothing is done twice. */
  get messages(): readonly ChatMessage[] {
    return this.#loop.messages;
  }

  /** The steps that are complete so far. */
  get steps(): readonly ToolStep<OutcomeOf<T>>[] {
    return this.#loop.steps as readonly ToolStep<OutcomeOf<T>>[]; // Of these tools: the loop runs no others.
  }

  /** Ends the run: whoever waits for it is rejected with `reason`. @param reason defaults to an `AbortError` */
  abort(reason: unknown = new DOMException("The run was aborted.", "AbortError")): void {
    if (this.#isOver) return;
    this.#loop.abort(reason);
    this.#final.reject(reason);
  }

  /** Steps on until `pick` finds something. */
  #read<V>(reading: Reading, pick: (part: ToolStreamPart<T>) => V | undefined): AsyncIterableIterator<V> {
    if (this.#isRead) throw new TypeError("This run is being read already; it can be read once.");
    this.#isRead = true;
    // Of these tools: the loop runs no others.
    const parts = playSteps(this.#loop, reading) as AsyncGenerator<ToolStreamPart<T>, void>;
    const next = async (): Promise<IteratorResult<V, undefined>> => {
      try {
        for (;;) {
          const { done, value: part } = await parts.next();
          if (done) return { done: true, value: undefined };
          this.#note(part);
          const value = pick(part);
          if (value !== undefined) return { done: false, value };
        }
      } catch (error) {
        this.#isOver = true;
        this.#final.reject(error);
        throw error;
      }
    };
    return makeIterator(next, () => {
      this.abort(new DOMException("The run was left before its end.", "AbortError"));
      this.#isOver = true;
      return parts.return();
    });
  }

  #note(part: ToolStreamPart<T>): void {
    if (part.type !== "finish") return;
    this.#isOver = true;
    this.#final.resolve(part.result);
  }
}
