import { type Delivered, isReset, type Reply } from "../call.ts";
import { createCompletionAssembler } from "../chat/assemble-completion.ts";
import type { ChatCompletion, ChatCompletionChunk } from "../chat/chat-response.ts";
import type { PartialAnswer } from "../errors.ts";

/**
 * What a consumer was given of an answer, put together. It knows neither the stream nor its session: the call asks for it, and
 * must not keep a stream that was dropped.
 */
export class GivenAnswer {
  #assembler = createCompletionAssembler();
  #breaks = 0;
  /** How it is read; `undefined`: not yet. */
  reader: Delivered["reader"] | undefined;
  /** Whether somebody has begun to wait for it. */
  isWanted = false;

  constructor(reader?: Delivered["reader"]) {
    this.reader = reader;
  }

  add(chunk: ChatCompletionChunk): void {
    this.#assembler.add(chunk);
  }

  /** Begins anew where the answer has: its consumer is told to discard what came, or has seen nothing of it. */
  follow({ breaks }: Reply): void {
    if (isReset(breaks, this.#breaks)) this.#assembler = createCompletionAssembler();
    this.#breaks = breaks.length;
  }

  partial(): PartialAnswer {
    return this.#assembler.partial();
  }

  readonly delivered = (): Delivered => ({ ...this.#assembler.begun(), reader: this.reader ?? "pieces" });

  /** The whole; call it only after the accepted finish. */
  completion(reply: Reply | undefined): ChatCompletion {
    return this.#assembler.completion(reply?.unshownReasoning);
  }
}
