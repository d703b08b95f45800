import { createQueue } from "../async/queue.ts";
import type { Reply } from "../call.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { bringsAnything, type Join } from "../chat/join-answer.ts";
import { ResilientClientError } from "../errors.ts";

/** The chunks of several replies, as those of one answer. */
export class JoinedChunks {
  readonly #ready = createQueue<ChatCompletionChunk>();
  #join: Join | undefined;
  #failure: ResilientClientError | undefined;
  #ending: ChatCompletionChunk[] = [];
  /** Whether the end of an answer that reached its length is kept back, because it may go on. */
  keepsLength: boolean;

  constructor(keepsLength: boolean) {
    this.keepsLength = keepsLength;
  }

  /** How many may be taken now. */
  get size(): number {
    return this.#ready.size;
  }

  get join(): Join | undefined {
    return this.#join;
  }

  take(): ChatCompletionChunk | undefined {
    return this.#ready.size > 0 ? this.#ready.take() : undefined;
  }

  /** What comes now goes behind what was delivered, as `join` says; `undefined`: it is an answer of its own. */
  begin(join: Join | undefined): void {
    this.#join = join;
    this.#ending = [];
  }

  /** An answer of its own begins instead: with these. */
  replace(chunks: readonly ChatCompletionChunk[]): void {
    this.begin(undefined);
    this.push(chunks);
  }

  push(chunks: readonly ChatCompletionChunk[]): void {
    for (const chunk of chunks) {
      const shown = this.#withoutEnding(chunk);
      if (shown) this.#ready.push(shown);
    }
  }

  /** Takes all that is there of a reply. */
  pull(reply: Reply): void {
    try {
      for (let chunk = this.#next(reply); chunk; chunk = this.#next(reply))
        this.push(this.#join ? this.#join.add(chunk) : [chunk]);
    } catch (error) {
      if (!ResilientClientError.isInstance(error)) throw error;
      this.#failure = error;
    }
  }

  /** Why the parts together are no answer, once everything before was taken. */
  takeFailure(): ResilientClientError | undefined {
    const failure = this.#ready.size > 0 ? undefined : this.#failure;
    if (failure) this.#failure = undefined;
    return failure;
  }

  /** The end that was kept back; empty, if none was. */
  takeEnding(): readonly ChatCompletionChunk[] {
    const ending = this.#ending;
    this.#ending = [];
    return ending;
  }

  #next(reply: Reply): ChatCompletionChunk | undefined {
    return this.#failure || this.#join?.isDiverged || this.#join?.isOver ? undefined : reply.take();
  }

  #withoutEnding(chunk: ChatCompletionChunk): ChatCompletionChunk | undefined {
    const choice = chunk.choices[0];
    const isBegun = this.#ending.length > 0;
    if (!isBegun && !(this.keepsLength && choice?.finish_reason === "length")) return chunk;
    if (!choice || isBegun) {
      this.#ending.push(chunk);
      return undefined;
    }
    this.#ending.push({ ...chunk, choices: [{ ...choice, delta: {}, logprobs: null }] });
    const { usage: _, ...others } = chunk;
    const shown = { ...choice, finish_reason: null };
    return bringsAnything(shown) ? { ...others, choices: [shown] } : undefined;
  }
}
