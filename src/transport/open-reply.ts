import { defer } from "../async/deferred.ts";
import type { AttemptCall, Reply } from "../call.ts";
import type { Ending } from "../call-log.ts";
import { countTokens } from "../chat/assemble-completion.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { wholeToolCalls, withoutToolCalls } from "../chat/collect-tool-calls.ts";
import { createEvidence } from "../chat/gather-evidence.ts";
import { judgeCompletion } from "../chat/judge-completion.ts";
import { StreamInterruptedError, TimeoutError, UnexpectedResponseError } from "../error-family.ts";
import { type ErrorDetails, ResilientClientError } from "../errors.ts";
import type { ChunkSource } from "./chunk-source.ts";

/**
 * Turns a source of chunks into a Reply, and resolves at its head. Holds back what must not be shown before the answer
 * is known to be complete: the finish chunk, everything after it, and whole tool calls.
 */
export async function openReply(source: ChunkSource, call: AttemptCall, details: ErrorDetails): Promise<Reply> {
  const reply = new SourceReply(source, call, details);
  await reply.reachHead();
  return reply;
}

class SourceReply implements Reply {
  readonly provider: string;
  readonly model: string;
  readonly continued = "fresh";
  readonly restarts = 0;
  readonly closed: Promise<Ending>;

  readonly #source: ChunkSource;
  readonly #call: AttemptCall;
  readonly #details: ErrorDetails;
  readonly #close: (ending: Ending) => void;
  readonly #evidence = createEvidence();
  /** Chunks to hand out before the source is asked again. */
  #ready: ChatCompletionChunk[] = [];
  /** The finish chunk and what came after it. */
  readonly #held: ChatCompletionChunk[] = [];
  #state: "open" | "ended" | "failed" = "open";
  #failure: unknown;
  #hasHead = false;

  constructor(source: ChunkSource, call: AttemptCall, details: ErrorDetails) {
    this.provider = call.provider;
    this.model = call.model;
    this.#source = source;
    this.#call = call;
    this.#details = details;
    const { promise, resolve } = defer<Ending>();
    this.closed = promise;
    this.#close = resolve;
    // The end of a time limit, or of the call, is known at once, even while nobody reads.
    if (call.signal.aborted) this.#onAbort();
    else call.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  take(): ChatCompletionChunk | undefined {
    return this.#ready.length > 0 ? this.#ready.shift() : this.#next();
  }

  async more(): Promise<boolean> {
    await this.#read(() => this.#fill(() => this.#ready.length > 0));
    return this.#ready.length > 0;
  }

  cancel(): void {
    // What was read and not taken is not wanted either.
    this.#ready = [];
    if (this.#state !== "open") return;
    this.#failure = new DOMException("The answer was left before its end.", "AbortError");
    this.#end({ outcome: "cancelled" });
  }

  readonly #onAbort = (): void => {
    if (this.#state !== "open") return;
    const reason: unknown = this.#call.signal.reason;
    this.#failure = reason;
    this.#end(TimeoutError.isInstance(reason) ? { outcome: "failed", error: reason } : { outcome: "cancelled" });
  };

  /** Reads until the first token, or until the answer ended without one. Chunks before it stay to be delivered. */
  reachHead(): Promise<void> {
    return this.#read(() => this.#fill(() => this.#hasHead));
  }

  /** Reads until something is there, or the source is at its end. */
  async #read(isThere: () => boolean): Promise<void> {
    const { progress, attempt } = this.#call;
    progress.reading(true);
    try {
      for (let chunks = -1; !isThere() && this.#state === "open"; ) {
        // A read that brought no chunk was a keep-alive.
        if (!this.#hasHead && this.#ready.length === chunks) attempt.queued();
        chunks = this.#ready.length;
        const hasMore = await this.#source.read();
        // It may have been cancelled or aborted meanwhile.
        if (this.#state !== "open") break;
        if (!hasMore) this.#conclude();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      progress.reading(false);
    }
    if (this.#state === "failed") throw this.#failure;
  }

  /** Makes chunks ready out of what was read, until there is enough. */
  #fill(isEnough: () => boolean): boolean {
    while (!isEnough()) {
      const chunk = this.#next();
      if (chunk) this.#ready.push(chunk);
      else return isEnough();
    }
    return true;
  }

  /** The next chunk that may be delivered now, of what was read. */
  #next(): ChatCompletionChunk | undefined {
    while (this.#state === "open") {
      try {
        const chunk = this.#source.take();
        if (!chunk) return undefined;
        const delivered = this.#inspect(chunk);
        if (delivered) return delivered;
      } catch (error) {
        // What is no chunk, after the finish reason, is not about the answer any more.
        if (this.#evidence.finishReason !== undefined && UnexpectedResponseError.isInstance(error)) continue;
        this.#fail(error);
      }
    }
    return undefined;
  }

  /** Notes what a chunk brings. Returns what may be delivered of it now. */
  #inspect(chunk: ChatCompletionChunk): ChatCompletionChunk | undefined {
    const { progress, attempt, toolCalls } = this.#call;
    const hadFinish = this.#evidence.finishReason !== undefined;
    if (this.#evidence.note(chunk)) {
      progress.content();
      if (!this.#hasHead) {
        this.#hasHead = true;
        progress.head();
        attempt.head();
      }
    }
    const choice = chunk.choices[0];
    const shown = choice?.delta.tool_calls && toolCalls === "whole" ? withoutToolCalls(chunk, choice) : chunk;
    if (this.#evidence.finishReason === undefined) return shown;
    if (!hadFinish) progress.finish(() => this.#source.cancel());
    if (shown) this.#held.push(shown);
    return undefined;
  }

  /** The source is at its end: was that an answer? */
  #conclude(): void {
    const evidence = this.#evidence.conclude(this.#call.allowEmpty);
    const wrong = judgeCompletion(evidence, `${this.provider} (${this.model})`, this.#details);
    if (wrong) {
      this.#stop(wrong);
      return;
    }
    const { toolCalls } = evidence;
    const [finish] = this.#held;
    if (finish && toolCalls?.length && this.#call.toolCalls === "whole") {
      this.#ready.push(wholeToolCalls(finish, toolCalls));
    }
    this.#ready.push(...this.#held);
    this.#end({ outcome: "succeeded" });
  }

  #fail(error: unknown): void {
    if (this.#state !== "open") return;
    // A connection that breaks after the finish reason has taken nothing of the answer.
    const hasFinish = this.#evidence.finishReason !== undefined;
    if (hasFinish && StreamInterruptedError.isInstance(error)) this.#conclude();
    else this.#stop(error);
  }

  #stop(error: unknown): void {
    this.#failure = error;
    this.#end(ResilientClientError.isInstance(error) ? { outcome: "failed", error } : { outcome: "cancelled" });
  }

  #end(how: Ending): void {
    const succeeded = how.outcome === "succeeded";
    const ending: Ending = { ...how, tokens: countTokens(this.#evidence.usage) };
    this.#state = succeeded ? "ended" : "failed";
    this.#call.signal.removeEventListener("abort", this.#onAbort);
    this.#call.attempt.end(ending);
    if (!succeeded) this.#source.cancel();
    const released = succeeded ? this.#source.finish() : Promise.resolve();
    void released.then(() => this.#close(ending));
  }
}
