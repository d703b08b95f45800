import { defer } from "../async/deferred.ts";
import { createQueue } from "../async/queue.ts";
import type { Ending } from "../attempt-log.ts";
import { type AttemptCall, NO_BREAKS, type Reply } from "../call.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { createHoldBack, type HeldBack } from "../chat/hold-back.ts";
import { StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import type { ErrorDetails } from "../errors.ts";
import type { ChunkSource } from "./chunk-source.ts";
import { asReadingError, endingFor, mayReadOn, reasonToLeave, withPartial } from "./hostile-answer.ts";
import { spentTokens } from "./spent-tokens.ts";

/** Turns a source of chunks into a Reply, and resolves at its head. */
export async function openReply(source: ChunkSource, call: AttemptCall, details: ErrorDetails): Promise<Reply> {
  const reply = new SourceReply(source, call, details);
  await reply.more();
  return reply;
}

class SourceReply implements Reply {
  readonly provider: string;
  readonly model: string;
  readonly continued: Reply["continued"];
  readonly breaks = NO_BREAKS;
  readonly closed: Promise<Ending>;
  readonly #source: ChunkSource;
  readonly #call: AttemptCall;
  readonly #details: ErrorDetails;
  readonly #who: string;
  readonly #close: (ending: Ending) => void;
  readonly #heldBack: HeldBack;
  readonly #ready = createQueue<ChatCompletionChunk>();
  #state: "open" | "ended" | "failed" = "open";
  #failure: unknown;
  #taken = 0;
  #hasHead = false;
  #isOpened = false;
  #leftOut: UnexpectedResponseError | undefined;
  #bytesAtFinish: number | undefined;

  constructor(source: ChunkSource, call: AttemptCall, details: ErrorDetails) {
    ({ provider: this.provider, model: this.model, continued: this.continued } = call);
    this.#source = source;
    this.#call = call;
    this.#details = details;
    this.#who = `${call.provider} (${call.model})`;
    this.#heldBack = createHoldBack(call);
    ({ promise: this.closed, resolve: this.#close } = defer<Ending>());
    // The end of a time limit, or of the call, is known at once, even while nobody reads.
    if (call.signal.aborted) this.#onAbort();
    else call.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  get hasToolCalls(): boolean {
    return this.#heldBack.hasToolCalls;
  }

  get isUnsettled(): boolean {
    return this.#source.isUnsettled ?? false;
  }

  take(): ChatCompletionChunk | undefined {
    return this.#ready.size > 0 ? this.#ready.take() : this.#next();
  }

  /** Before anything else, it reads to the head; chunks before it stay to be delivered. Then, until `take` has something. */
  more(): Promise<boolean> {
    // What is there needs no read.
    if (this.#fill() || this.#state !== "open") return new Promise((resolve) => resolve(this.#settle()));
    this.#call.progress.reading(true);
    return this.#source.read().then(this.#onRead, this.#onFailedRead);
  }

  cancel(): void {
    const reason = reasonToLeave(this.#call.signal);
    // What was read and not taken is not wanted either; an answer that misses its end is none.
    if (this.#state === "ended" && this.#ready.size > 0) [this.#state, this.#failure] = ["failed", reason];
    this.#ready.clear();
    this.#leave(reason);
  }

  readonly #onAbort = (): void => this.#leave(this.#call.signal.reason);

  #leave(reason: unknown): void {
    if (this.#state !== "open") return;
    this.#failure = reason;
    this.#end(endingFor(reason));
  }

  /** Chained by hand: an async function for every read costs as much as parsing what came. */
  readonly #onRead = (hasMore: boolean): boolean | Promise<boolean> => {
    const had = this.#taken;
    // It may have been cancelled or aborted meanwhile.
    if (this.#state !== "open") return this.#settle();
    try {
      if (!hasMore) this.#conclude();
      else if (!this.#mayReadOn()) this.#source.cancel();
    } catch (error) {
      return this.#onFailedRead(error);
    }
    if (this.#fill() || this.#state !== "open") return this.#settle();
    if (!this.#hasHead && this.#taken === had) this.#call.attempt.queued(); // no chunk: it was a keep-alive
    return this.#source.read().then(this.#onRead, this.#onFailedRead);
  };

  readonly #onFailedRead = (error: unknown): boolean => {
    this.#fail(error);
    return this.#settle();
  };

  #settle(): boolean {
    this.#isOpened = true;
    this.#call.progress.reading(false);
    if (this.#state === "failed") throw this.#failure;
    return this.#ready.size > 0;
  }

  #mayReadOn(): boolean {
    const [{ size: bytes }, { size: chunks }, { characters }] = [this.#source, this.#ready, this.#heldBack];
    const kept = { bytes, chunks, characters, hasHead: this.#hasHead, bytesAtFinish: this.#bytesAtFinish };
    return mayReadOn(kept, this.#who, this.#details);
  }

  /** Makes chunks ready out of what was read, until there is enough. */
  #fill(): boolean {
    const isEnough = () => (this.#isOpened ? this.#ready.size > 0 : this.#hasHead);
    for (let chunk = isEnough() ? undefined : this.#next(); chunk; chunk = isEnough() ? undefined : this.#next())
      this.#ready.push(chunk);
    return isEnough();
  }

  /** The next chunk that may be delivered now, of what was read. */
  #next(): ChatCompletionChunk | undefined {
    while (this.#state === "open") {
      if (this.#heldBack.objection) return this.#stop(this.#heldBack.objection); // what it is about was shown
      try {
        const chunk = this.#source.take();
        if (!chunk) return undefined;
        this.#taken += 1;
        const delivered = this.#inspect(chunk);
        if (delivered) return delivered;
      } catch (error) {
        // What is no chunk, after the finish, is not about the answer any more.
        if (this.#heldBack.hasFinish && UnexpectedResponseError.isInstance(error)) this.#leftOut = error;
        else this.#fail(error);
      }
    }
    return undefined;
  }

  /** Notes what a chunk brings. Returns what may be delivered of it now. */
  #inspect(chunk: ChatCompletionChunk): ChatCompletionChunk | undefined {
    const { progress, attempt } = this.#call;
    if (this.#heldBack.note(chunk)) {
      // Unless the answer goes on after it: then it has a hole.
      if (this.#leftOut) return this.#stop(this.#leftOut);
      progress.content();
      if (!this.#hasHead) {
        this.#hasHead = true;
        progress.head();
        attempt.head();
      }
    }
    if (this.#bytesAtFinish === undefined && this.#heldBack.hasFinish) {
      this.#bytesAtFinish = this.#source.size;
      progress.finish(() => this.#source.cancel());
    }
    return this.#heldBack.show(chunk);
  }

  /** The source is at its end: was that an answer? */
  #conclude(): undefined {
    const concluded = this.#heldBack.conclude(this.#who, this.#details);
    if (concluded instanceof Error) return this.#stop(concluded);
    for (const chunk of concluded) this.#ready.push(chunk);
    this.#end({ outcome: "succeeded" });
  }

  #fail(error: unknown): void {
    if (this.#state !== "open") return;
    // A connection that breaks after the finish reason has taken nothing of the answer.
    if (this.#heldBack.hasFinish && StreamInterruptedError.isInstance(error)) this.#conclude();
    else this.#stop(error);
  }

  #stop(thrown: unknown): undefined {
    const error = withPartial(asReadingError(thrown, this.#who, this.#details), this.#heldBack.unshown());
    this.#failure = error;
    this.#end({ outcome: "failed", error });
  }

  #end(how: Ending): void {
    const succeeded = how.outcome === "succeeded";
    const ending: Ending = { ...how, ...spentTokens(this.#heldBack, this.#call, this.#hasHead) };
    this.#state = succeeded ? "ended" : "failed";
    this.#call.signal.removeEventListener("abort", this.#onAbort);
    this.#call.attempt.end(ending);
    void Promise.resolve(succeeded ? this.#source.finish() : this.#source.cancel()).then(() => this.#close(ending));
  }
}
