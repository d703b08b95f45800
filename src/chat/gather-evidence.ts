import { TOKENS_A_CHARACTER } from "../context/estimate-tokens.ts";
import type { ChatRequest } from "./chat-request.ts";
import { type ChatCompletionChunk, type FinishReason, type Usage, WAS_THINKING } from "./chat-response.ts";
import { createToolCallCollector } from "./collect-tool-calls.ts";
import { createMarkupDetector } from "./detect-markup.ts";
import { type AnswerEvidence, decisiveFinish } from "./judge-completion.ts";

/** Watches the chunks of an answer go by, for the judgement at its end. */
export interface Evidence {
  readonly finishReason: FinishReason | undefined;
  readonly usage: Usage | undefined;
  /** Length of all text, thinking and arguments so far. */
  readonly characters: number;
  /** Notes a chunk; returns whether it brings anything generated. */
  note(chunk: ChatCompletionChunk): boolean;
  /** Whether all pieces of tool calls so far could be understood. */
  readonly hasSoundPieces: boolean;
  readonly hasToolCalls: boolean;
  readonly tokens: GeneratedTokens;
  /** What is known when the stream is over. */
  conclude(allowEmpty: boolean): AnswerEvidence;
}

/** An estimate, for answers that broke off before the server counted. */
export interface GeneratedTokens {
  readonly all: number;
  readonly thinking: number;
}

/** With tools, text can be a tool call that was not recognized; it may have begun in the part that the answer goes on from. */
export function createEvidence(request: Pick<ChatRequest, "tools" | "messages">): Evidence {
  const witness = new Witness(Boolean(request.tools?.length));
  const last = request.messages.at(-1);
  if (last?.role === "assistant" && last.content) witness.precede(last.content);
  return witness;
}

class Witness implements Evidence {
  finishReason: FinishReason | undefined;
  usage: Usage | undefined;
  characters = 0;
  readonly #toolCalls = createToolCallCollector();
  #detectMarkup: ((text: string) => boolean) | undefined;
  readonly #detectThought: ((text: string) => boolean) | undefined;
  #hasText = false;
  #hasWhitespace = false;
  #hasReasoning = false;
  #isRefused = false;
  #hasMarkup = false;
  #hasThoughtMarkup = false;
  #thinkingChunks = 0;
  #thinkingCharacters = 0;
  #chunks = 0;

  constructor(offersTools: boolean) {
    this.#detectMarkup = offersTools ? createMarkupDetector() : undefined;
    this.#detectThought = offersTools ? createMarkupDetector() : undefined;
  }

  get hasSoundPieces(): boolean {
    return !this.#toolCalls.hasLostPiece;
  }

  get hasToolCalls(): boolean {
    return this.#toolCalls.size > 0 || this.#toolCalls.hasLostPiece;
  }

  get tokens(): GeneratedTokens {
    // Hosts send a token or more a chunk: the higher count is nearer.
    const count = (chunks: number, characters: number) => Math.max(chunks, Math.ceil(characters * TOKENS_A_CHARACTER));
    return {
      all: count(this.#chunks, this.characters),
      thinking: count(this.#thinkingChunks, this.#thinkingCharacters),
    };
  }

  /** Text the answer goes on from. */
  precede(content: string): void {
    if (this.#detectMarkup) this.#hasMarkup = this.#detectMarkup(content);
  }

  note(chunk: ChatCompletionChunk): boolean {
    if (chunk.usage) this.usage = chunk.usage;
    const choice = chunk.choices[0];
    if (!choice) return false;
    if (choice.finish_reason) this.finishReason = decisiveFinish(this.finishReason, choice.finish_reason);
    const { content, reasoning_content: reasoning, tool_calls: pieces, refusal } = choice.delta;
    if (choice.delta[WAS_THINKING]) {
      this.#hasThoughtMarkup ||= this.#hasMarkup;
      [this.#hasReasoning, this.#hasText, this.#hasMarkup] = [true, false, false];
      this.#detectMarkup &&= createMarkupDetector();
    }
    if (content) this.#noteText(content);
    if (reasoning) {
      this.characters += reasoning.length;
      this.#thinkingCharacters += reasoning.length;
      this.#thinkingChunks += 1;
      this.#hasReasoning = true;
      if (this.#detectThought) this.#hasThoughtMarkup = this.#detectThought(reasoning);
    }
    if (refusal) {
      this.characters += refusal.length;
      this.#isRefused = true;
    }
    if (pieces?.length) {
      this.#toolCalls.add(pieces);
      for (const piece of pieces) this.characters += lengthOf(piece?.function?.arguments);
    }
    if (!content && !reasoning && !pieces?.length && !refusal) return false;
    this.#chunks += 1;
    return true;
  }

  #noteText(content: string): void {
    this.characters += content.length;
    this.#hasWhitespace = true;
    if (this.#detectMarkup) this.#hasMarkup = this.#detectMarkup(content);
    // Looked at only until the first text was seen.
    if (!this.#hasText && content.trim() !== "") this.#hasText = true;
  }

  conclude(allowEmpty: boolean): AnswerEvidence {
    return {
      finishReason: this.finishReason,
      hasText: this.#hasText,
      hasWhitespace: this.#hasWhitespace,
      hasReasoning: this.#hasReasoning,
      isRefused: this.#isRefused,
      hasMarkup: this.#hasMarkup,
      hasThoughtMarkup: this.#hasThoughtMarkup,
      // The calls of an answer that was cut are never handed out.
      toolCalls: this.finishReason === "length" ? [] : this.#toolCalls.complete(),
      allowEmpty,
    };
  }
}

/** Arguments may be anything in hostile JSON, an object with a `length` among it. */
function lengthOf(value: unknown): number {
  return typeof value === "string" ? value.length : 0;
}
