import type { ErrorDetails, PartialAnswer, ResilientClientError } from "../errors.ts";
import { createCompletionAssembler } from "./assemble-completion.ts";
import type { ChatRequest } from "./chat-request.ts";
import type { ChatCompletionChunk, Usage } from "./chat-response.ts";
import { wholeToolCalls, withoutToolCalls } from "./collect-tool-calls.ts";
import { createEvidence, type Evidence } from "./gather-evidence.ts";
import { judgeCompletion } from "./judge-completion.ts";

/** What must not be shown before the answer is known to be complete: whole tool calls, the finish chunk, what follows it. */
export interface HeldBack {
  /** Whether a finish reason came. */
  readonly hasFinish: boolean;
  readonly usage: Usage | undefined;
  /** Length of all text, thinking and arguments so far. */
  readonly characters: number;
  /** Notes a chunk; returns whether it brings anything generated. */
  note(chunk: ChatCompletionChunk): boolean;
  /** What may be delivered now of a chunk that was noted; the rest is held back. */
  show(chunk: ChatCompletionChunk): ChatCompletionChunk | undefined;
  /** What was held back of the text: it arrived, but was not shown. */
  unshown(): PartialAnswer;
  /** Nothing more comes. What is wrong with the answer, or what was held back of it, to be delivered at last. */
  conclude(who: string, details: ErrorDetails): ResilientClientError | readonly ChatCompletionChunk[];
}

/** What of a call decides what may be shown, and what counts as an answer. */
export interface HoldBackOptions {
  readonly toolCalls: "whole" | "live";
  readonly allowEmpty: boolean;
  readonly request: Pick<ChatRequest, "tools">;
}

export function createHoldBack(options: HoldBackOptions): HeldBack {
  return new Holder(options);
}

class Holder implements HeldBack {
  readonly #options: HoldBackOptions;
  readonly #evidence: Evidence;
  readonly #held: ChatCompletionChunk[] = [];

  constructor(options: HoldBackOptions) {
    this.#options = options;
    this.#evidence = createEvidence(Boolean(options.request.tools?.length));
  }

  get hasFinish(): boolean {
    return this.#evidence.finishReason !== undefined;
  }

  get usage(): Usage | undefined {
    return this.#evidence.usage;
  }

  get characters(): number {
    return this.#evidence.characters;
  }

  note(chunk: ChatCompletionChunk): boolean {
    return this.#evidence.note(chunk);
  }

  show(chunk: ChatCompletionChunk): ChatCompletionChunk | undefined {
    const choice = chunk.choices[0];
    const hides = this.#options.toolCalls === "whole" || !this.#evidence.hasSoundPieces;
    const shown = choice?.delta.tool_calls && hides ? withoutToolCalls(chunk, choice) : chunk;
    if (this.#evidence.finishReason === undefined) return shown;
    if (shown) this.#held.push(shown);
    return undefined;
  }

  unshown(): PartialAnswer {
    const assembler = createCompletionAssembler();
    for (const chunk of this.#held) assembler.add(chunk);
    return assembler.partial();
  }

  conclude(who: string, details: ErrorDetails): ResilientClientError | readonly ChatCompletionChunk[] {
    const found = this.#evidence.conclude(this.#options.allowEmpty);
    const wrong = judgeCompletion(found, who, details);
    if (wrong) return wrong;
    const [finish] = this.#held;
    const isDue = finish && found.toolCalls?.length && this.#options.toolCalls === "whole";
    return isDue ? [wholeToolCalls(finish, found.toolCalls), ...this.#held] : this.#held;
  }
}
