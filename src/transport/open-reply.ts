import { defer } from "../async/deferred.ts";
import type { AttemptCall, Reply } from "../call.ts";
import type { Ending } from "../call-log.ts";
import { countTokens } from "../chat/assemble-completion.ts";
import type { ChatCompletionChunk, FinishReason, Usage } from "../chat/chat-response.ts";
import { createToolCallCollector, wholeToolCalls, withoutToolCalls } from "../chat/collect-tool-calls.ts";
import { judgeCompletion } from "../chat/judge-completion.ts";
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
  readonly #toolCalls = createToolCallCollector();
  /** Chunks to hand out before the source is asked again. */
  #ready: ChatCompletionChunk[] = [];
  /** The finish chunk and what came after it. */
  readonly #held: ChatCompletionChunk[] = [];
  #state: "open" | "ended" | "failed" = "open";
  #failure: unknown;
  #finishReason: FinishReason | undefined;
  #usage: Usage | undefined;
  #hasHead = false;
  #hasText = false;
  #hasWhitespace = false;
  #hasReasoning = false;

  constructor(source: ChunkSource, call: AttemptCall, details: ErrorDetails) {
    this.provider = call.provider;
    this.model = call.model;
    this.#source = source;
    this.#call = call;
    this.#details = details;
    const { promise, resolve } = defer<Ending>();
    this.closed = promise;
    this.#close = resolve;
  }

  take(): ChatCompletionChunk | undefined {
    if (this.#ready.length > 0) return this.#ready.shift();
    try {
      while (this.#state === "open") {
        const chunk = this.#source.take();
        if (!chunk) return undefined;
        const delivered = this.#inspect(chunk);
        if (delivered) return delivered;
      }
    } catch (error) {
      this.#fail(error);
    }
    return undefined;
  }

  async more(): Promise<boolean> {
    const { progress, attempt } = this.#call;
    progress.reading(true);
    try {
      for (let reads = 0; !this.#fill() && this.#state === "open"; reads++) {
        if (reads > 0 && !this.#hasHead) attempt.queued();
        if (!(await this.#source.read())) this.#conclude();
        if (this.#state === "open" && this.#call.signal.aborted) throw this.#call.signal.reason;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      progress.reading(false);
    }
    if (this.#state === "failed") throw this.#failure;
    return this.#ready.length > 0;
  }

  cancel(): void {
    if (this.#state !== "open") return;
    const { signal } = this.#call;
    this.#failure = signal.aborted
      ? signal.reason
      : new DOMException("The answer was left before its end.", "AbortError");
    this.#end({ outcome: "cancelled" });
  }

  /** Reads until the first token, or until the answer ended without one. Chunks before it stay to be delivered. */
  async reachHead(): Promise<void> {
    const opening: ChatCompletionChunk[] = [];
    while (!this.#hasHead && (await this.more())) {
      opening.push(...this.#ready);
      this.#ready = [];
    }
    this.#ready = [...opening, ...this.#ready];
  }

  /** Whether a chunk is ready to be taken. */
  #fill(): boolean {
    if (this.#ready.length > 0) return true;
    const chunk = this.take();
    if (chunk) this.#ready.push(chunk);
    return chunk !== undefined;
  }

  /** Notes what a chunk brings. Returns what may be delivered of it now. */
  #inspect(chunk: ChatCompletionChunk): ChatCompletionChunk | undefined {
    if (chunk.usage) this.#usage = chunk.usage;
    const choice = chunk.choices[0];
    if (!choice) return this.#hold(chunk);
    const { content, reasoning_content: reasoning, tool_calls: pieces } = choice.delta;
    if (content) {
      this.#hasWhitespace = true;
      if (!this.#hasText && content.trim() !== "") this.#hasText = true;
    }
    if (reasoning) this.#hasReasoning = true;
    if (pieces?.length) this.#toolCalls.add(pieces);
    if (content || reasoning || pieces?.length) this.#noteContent();
    if (choice.finish_reason) {
      if (this.#finishReason === undefined) this.#call.progress.finish(() => this.#source.cancel());
      this.#finishReason = choice.finish_reason;
    }
    const keepsCalls = pieces && this.#call.toolCalls === "whole";
    return this.#hold(keepsCalls ? withoutToolCalls(chunk, choice) : chunk);
  }

  #noteContent(): void {
    this.#call.progress.content();
    if (this.#hasHead) return;
    this.#hasHead = true;
    this.#call.progress.head();
    this.#call.attempt.head();
  }

  #hold(chunk: ChatCompletionChunk | undefined): ChatCompletionChunk | undefined {
    if (this.#finishReason === undefined) return chunk;
    if (chunk) this.#held.push(chunk);
    return undefined;
  }

  /** The source is at its end: was that an answer? */
  #conclude(): void {
    const { allowEmpty, toolCalls: delivery } = this.#call;
    const isCut = this.#finishReason === "length";
    const toolCalls = isCut ? [] : this.#toolCalls.complete();
    const wrong = judgeCompletion(
      {
        finishReason: this.#finishReason,
        hasText: this.#hasText,
        hasWhitespace: this.#hasWhitespace,
        hasReasoning: this.#hasReasoning,
        toolCalls,
        allowEmpty,
      },
      `${this.provider} (${this.model})`,
      this.#details,
    );
    if (wrong) throw wrong;
    const [finish] = this.#held;
    if (finish && toolCalls?.length && delivery === "whole") this.#ready.push(wholeToolCalls(finish, toolCalls));
    this.#ready.push(...this.#held);
    this.#end({ outcome: "succeeded" });
  }

  #fail(error: unknown): void {
    if (this.#state !== "open") return;
    this.#failure = error;
    this.#end(ResilientClientError.isInstance(error) ? { outcome: "failed", error } : { outcome: "cancelled" });
  }

  #end(how: Ending): void {
    const succeeded = how.outcome === "succeeded";
    const ending: Ending = { ...how, tokens: countTokens(this.#usage) };
    this.#state = succeeded ? "ended" : "failed";
    this.#call.attempt.end(ending);
    if (!succeeded) this.#source.cancel();
    const released = succeeded ? this.#source.finish() : Promise.resolve();
    void released.then(() => this.#close(ending));
  }
}
