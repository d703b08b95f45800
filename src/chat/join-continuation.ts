import { EmptyAnswerError, MalformedOutputError } from "../error-family.ts";
import { isJson } from "../parse-json.ts";
import { type ChatCompletionChunk, type ChunkChoice, type ChunkDelta, WAS_THINKING } from "./chat-response.ts";
import { type DeliveredPart, inOneRow, type Join, type JoinContext } from "./join-answer.ts";
import { createSkip } from "./skip-delivered.ts";
import { stopAtSeam } from "./stop-across-seam.ts";
import { usageOverParts } from "./usage-over-parts.ts";

/** Fewer characters that equal the beginning of the answer are legitimate repetition: `ha ha`, the rule of a table. */
const REPEATED_CHARS = 96;

/**
 * Joins an answer that goes on where another stopped. The end of the seam is never trimmed; only a text that repeats the
 * beginning of the answer, for at least 96 characters, is taken for a new start, and is skipped as such. What is held
 * meanwhile is released as soon as that is refuted.
 */
export function createContinuation(delivered: DeliveredPart, context: JoinContext): Join {
  return new Continuation(delivered, context);
}

class Continuation implements Join {
  readonly #delivered: DeliveredPart;
  readonly #context: JoinContext;
  readonly #stops: readonly string[];
  /** All text of the answer that was shown. */
  #content: string;
  #hasToolCalls = false;
  /** While it is not known what the text is: what came of it. */
  #held: ChatCompletionChunk[] | undefined = [];
  #heldText = "";
  #skip: Join | undefined;
  isOver = false;
  endsAt: number | undefined;

  constructor(delivered: DeliveredPart, context: JoinContext) {
    this.#delivered = delivered;
    this.#context = context;
    this.#content = delivered.content;
    this.#stops = [context.request.stop ?? []].flat();
  }

  get isJoined(): boolean {
    return this.#skip?.isJoined ?? true;
  }

  get isDiverged(): boolean {
    return this.#skip?.isDiverged ?? false;
  }

  readonly unjoined = [];
  readonly reasoning = undefined;

  add(chunk: ChatCompletionChunk): readonly ChatCompletionChunk[] {
    if (this.isOver) return [];
    if (this.#skip) return this.#skip.add(this.#counted(chunk)).map((shown) => this.#judged(shown));
    const shown = inOneRow(this.#counted(chunk), this.#delivered, (delta) => this.#withoutLateThinking(delta));
    const ready = shown ? (this.#held ? this.#decide(shown, this.#held) : [shown]) : [];
    return ready.map((one) => this.#judged(one));
  }

  /** Thinking belongs before the text. */
  #withoutLateThinking(delta: ChunkDelta): ChunkDelta {
    if (!delta.reasoning_content || this.#content === "" || delta[WAS_THINKING]) return delta;
    const { reasoning_content: _, ...others } = delta;
    // Fields nobody knows that come with thinking alone are about it.
    return delta.content || delta.tool_calls?.length ? others : {};
  }

  #decide(chunk: ChatCompletionChunk, held: ChatCompletionChunk[]): readonly ChatCompletionChunk[] {
    const choice = chunk.choices[0];
    this.#heldText += choice?.delta.content ?? "";
    const text = this.#heldText;
    // Thinking and whatever else comes before the text need no decision.
    if (text === "") return [chunk];
    held.push(chunk);
    const { content } = this.#delivered;
    const stop = stopAtSeam(content, text, this.#stops);
    if (typeof stop === "object") return this.#end(chunk, stop.charsBefore);
    const isRepeating = content.length >= REPEATED_CHARS && repeats(content, text);
    const isUndecided = stop === "possible" || (isRepeating && text.length < REPEATED_CHARS);
    if (isUndecided && !choice?.finish_reason) return [];
    this.#held = undefined;
    if (!isRepeating || text.length < REPEATED_CHARS) return held;
    const skip = createSkip(this.#delivered);
    this.#skip = skip;
    return held.flatMap((one) => skip.add(one));
  }

  #end(chunk: ChatCompletionChunk, charsBefore: number): readonly ChatCompletionChunk[] {
    this.isOver = true;
    this.endsAt = this.#delivered.content.length - charsBefore;
    const { usage: _, ...head } = chunk;
    return [{ ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }];
  }

  #counted(chunk: ChatCompletionChunk): ChatCompletionChunk {
    if (!chunk.usage) return chunk;
    return { ...chunk, usage: usageOverParts(chunk.usage, this.#context.before) };
  }

  /** Keeps account of the whole answer, and looks at it when it is called finished. */
  #judged(chunk: ChatCompletionChunk): ChatCompletionChunk {
    const choice = chunk.choices[0];
    if (!choice) return chunk;
    if (choice.delta[WAS_THINKING]) this.#content = "";
    if (choice.delta.content) this.#content += choice.delta.content;
    this.#hasToolCalls ||= Boolean(choice.delta.tool_calls?.length);
    if (choice.finish_reason === "stop") this.#judge(choice);
    return chunk;
  }

  #judge({ delta }: ChunkChoice): void {
    const { request, allowEmpty, provider, model } = this.#context;
    if (this.#hasToolCalls || delta.refusal) return;
    const who = `${provider} (${model})`;
    if (this.#content.trim() === "" && !allowEmpty) {
      const kind = this.#content === "" ? "reasoning_only" : "whitespace";
      throw new EmptyAnswerError(`${who} went on with the answer and finished it without any text.`, {
        provider,
        model,
        kind,
      });
    }
    const last = request.messages.at(-1);
    const before = last?.role === "assistant" && last.prefix ? last.content : "";
    if (!request.response_format?.type.startsWith("json") || isJson(`${before ?? ""}${this.#content}`)) return;
    throw new MalformedOutputError(`${who} went on with the answer, and the whole is no JSON.`, { provider, model });
  }
}

/** Whether a text is the beginning of another, as far as both go. */
function repeats(content: string, text: string): boolean {
  return text.length <= REPEATED_CHARS ? content.startsWith(text) : content.startsWith(text.slice(0, REPEATED_CHARS));
}
