import type { ChatCompletionChunk, ChunkDelta } from "./chat-response.ts";
import { type DeliveredPart, inOneRow, type Join } from "./join-answer.ts";

/**
 * Joins an answer that started again: what it says is skipped as long as it equals what was delivered, character by
 * character. At the first difference it is another answer, which nobody can join to the one that was seen.
 */
export function createSkip(delivered: DeliveredPart): Join {
  return new Skip(delivered);
}

class Skip implements Join {
  readonly #delivered: DeliveredPart;
  #position = 0;
  #isDiverged = false;
  #reasoning = "";
  #unjoined: ChatCompletionChunk[] = [];
  readonly isOver = false;

  constructor(delivered: DeliveredPart) {
    this.#delivered = delivered;
  }

  get isJoined(): boolean {
    return this.#position === this.#delivered.content.length && !this.#isDiverged;
  }

  get isDiverged(): boolean {
    return this.#isDiverged;
  }

  get unjoined(): readonly ChatCompletionChunk[] {
    return this.#unjoined;
  }

  /** Once text was delivered, the thinking before it was complete, and stays. */
  get reasoning(): string | undefined {
    const { content, reasoning_content: seen } = this.#delivered;
    return content === "" && seen !== "" ? this.#reasoning : undefined;
  }

  add(chunk: ChatCompletionChunk): readonly ChatCompletionChunk[] {
    const choice = chunk.choices[0];
    if (!choice) return this.isJoined ? this.#show(chunk, "") : this.#keep(chunk);
    const { content, reasoning_content: thought, tool_calls: calls } = choice.delta;
    if (thought) this.#reasoning += thought;
    if (this.isJoined) return this.#show(chunk, content ?? "");
    const rest = this.#skip(content ?? "");
    // It ends, or turns to something else, before it has said all that was delivered.
    if (!this.isJoined && (choice.finish_reason || calls?.length)) this.#isDiverged = true;
    if (!this.isJoined) return this.#keep(chunk);
    this.#unjoined = [];
    return this.#show(chunk, rest);
  }

  /** What of a text goes beyond what was delivered. */
  #skip(text: string): string {
    const { content } = this.#delivered;
    const common = Math.min(text.length, content.length - this.#position);
    if (text.slice(0, common) !== content.slice(this.#position, this.#position + common)) this.#isDiverged = true;
    else this.#position += common;
    return text.slice(common);
  }

  #keep(chunk: ChatCompletionChunk): readonly ChatCompletionChunk[] {
    this.#unjoined.push(chunk);
    return [];
  }

  #show(chunk: ChatCompletionChunk, content: string): readonly ChatCompletionChunk[] {
    const { content: seenText, reasoning_content: seenThought } = this.#delivered;
    const hides = seenText !== "" || seenThought !== "";
    const change = (delta: ChunkDelta): ChunkDelta => {
      const { content: given, reasoning_content: thought, ...others } = delta;
      // Fields nobody knows that come with hidden thinking are about it.
      if (hides && thought && content === "" && !delta.tool_calls?.length) return {};
      const text = given == null && content === "" ? {} : { content };
      return { ...others, ...text, ...(thought != null && !hides && { reasoning_content: thought }) };
    };
    const shown = inOneRow(chunk, this.#delivered, change);
    return shown ? [shown] : [];
  }
}
