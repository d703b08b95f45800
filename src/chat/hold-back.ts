import type { ErrorDetails, PartialAnswer, ResilientClientError } from "../errors.ts";
import { createCompletionAssembler } from "./assemble-completion.ts";
import type { ChatRequest } from "./chat-request.ts";
import { type ChatCompletionChunk, type ChunkChoice, type Usage, WAS_THINKING } from "./chat-response.ts";
import { wholeToolCalls, withoutToolCalls } from "./collect-tool-calls.ts";
import { createEvidence, type Evidence, type GeneratedTokens } from "./gather-evidence.ts";
import { MarkupHolder } from "./hold-markup.ts";
import { judgeCompletion } from "./judge-completion.ts";
import type { Watch } from "./watch.ts";
import { createWholeCharacters, endsInHalf, type WholeCharacters } from "./whole-characters.ts";

/**
 * What must not be shown before the answer is known to be complete: whole tool calls, the finish chunk, what follows it;
 * and no half of a character before its other half.
 */
export interface HeldBack {
  /** Whether a finish reason came. */
  readonly hasFinish: boolean;
  readonly usage: Usage | undefined;
  /** Whether pieces of tool calls came, shown or not. */
  readonly hasToolCalls: boolean;
  /** Length of all text, thinking and arguments so far. */
  readonly characters: number;
  /** About how many tokens were generated so far, and how many of them were thinking. */
  readonly tokens: GeneratedTokens;
  /** What somebody who watches has against it. */
  readonly objection: ResilientClientError | undefined;
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
  readonly request: Pick<ChatRequest, "tools" | "messages">;
  readonly watch?: Watch | undefined;
}

export function createHoldBack(options: HoldBackOptions): HeldBack {
  return new Holder(options);
}

class Holder implements HeldBack {
  readonly #options: HoldBackOptions;
  readonly #evidence: Evidence;
  readonly #held: ChatCompletionChunk[] = [];
  objection: ResilientClientError | undefined;
  /** With tools, text can be a tool call that was not recognized. */
  readonly #markup: MarkupHolder | undefined;
  #halves: { readonly content: WholeCharacters; readonly reasoning: WholeCharacters } | undefined;

  constructor(options: HoldBackOptions) {
    this.#options = options;
    this.#evidence = createEvidence(options.request);
    if (options.request.tools?.length) this.#markup = new MarkupHolder();
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

  get hasToolCalls(): boolean {
    return this.#evidence.hasToolCalls;
  }

  get tokens(): GeneratedTokens {
    return this.#evidence.tokens;
  }

  note(chunk: ChatCompletionChunk): boolean {
    const isGenerated = this.#evidence.note(chunk);
    const { watch } = this.#options;
    if (watch && isGenerated && !this.hasFinish) this.objection = watch(chunk, this.tokens);
    return isGenerated;
  }

  show(noted: ChatCompletionChunk): ChatCompletionChunk | undefined {
    const chunk = this.#markup ? withoutMarkup(noted, this.#markup, this.hasFinish) : noted;
    const choice = chunk.choices[0];
    const hides = this.#options.toolCalls === "whole" || !this.#evidence.hasSoundPieces;
    const whole = choice && this.#isSplit(choice) ? this.#withWholeCharacters(chunk, choice) : chunk;
    const shown = choice?.delta.tool_calls && hides ? withoutToolCalls(whole, whole.choices[0] ?? choice) : whole;
    if (this.#evidence.finishReason === undefined) return shown;
    if (shown) this.#held.push(shown);
    return undefined;
  }

  #isSplit({ delta }: ChunkChoice): boolean {
    return this.#halves !== undefined || endsInHalf(delta.content) || endsInHalf(delta.reasoning_content);
  }

  #withWholeCharacters(chunk: ChatCompletionChunk, choice: ChunkChoice): ChatCompletionChunk {
    this.#halves ??= { content: createWholeCharacters(), reasoning: createWholeCharacters() };
    const { content, reasoning } = this.#halves;
    const { delta } = choice;
    // What was cut at its length may go on, and from half a character nobody can.
    const isLast = choice.finish_reason != null && choice.finish_reason !== "length";
    const text = content.add(delta.content ?? "", isLast);
    const thought = reasoning.add(delta.reasoning_content ?? "", isLast);
    if (!content.isHolding && !reasoning.isHolding) this.#halves = undefined;
    const shown = { ...delta, ...given("content", text, delta), ...given("reasoning_content", thought, delta) };
    return { ...chunk, choices: [{ ...choice, delta: shown }] };
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

/** The chunk itself, unless something of its text is held, or comes to be shown. */
function withoutMarkup(chunk: ChatCompletionChunk, markup: MarkupHolder, isLast: boolean): ChatCompletionChunk {
  const choice = chunk.choices[0];
  if (!choice) return chunk;
  const { delta } = choice;
  const thought = delta[WAS_THINKING] ? markup.takeHeld() + (delta.reasoning_content ?? "") : "";
  const text = markup.add(delta.content ?? "", isLast);
  if (text === (delta.content ?? "") && thought === "") return chunk;
  const shown = { ...delta, ...given("content", text, delta), ...(thought && { reasoning_content: thought }) };
  return { ...chunk, choices: [{ ...choice, delta: shown }] };
}

/** A field that was not there stays away, unless something is to be said in it now. */
function given(
  field: "content" | "reasoning_content",
  text: string,
  delta: ChunkChoice["delta"],
): ChunkChoice["delta"] {
  return text !== "" || delta[field] != null ? { [field]: text } : {};
}
