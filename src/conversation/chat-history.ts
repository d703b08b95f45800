import type { AssistantMessage, ChatMessage, SystemMessage } from "../chat/chat-request.ts";
import type { FitGoal } from "../context/strategies.ts";

/** What counts in a history. */
export type Weigh = Pick<FitGoal, "countTokens" | "sumTokens" | "needsThinking">;

/** What was said so far. It only grows, until it is replaced: whoever sends it again and again, sends the same beginning. */
export class ChatHistory {
  readonly #weigh: Weigh;
  #system: SystemMessage | undefined;
  #said: ChatMessage[];
  #tokens: number;
  #all: readonly ChatMessage[] | undefined;

  constructor(weigh: Weigh, system: SystemMessage | undefined, said: readonly ChatMessage[]) {
    this.#weigh = weigh;
    this.#system = system;
    this.#said = [...said];
    this.#tokens = this.#sum();
  }

  get system(): SystemMessage | undefined {
    return this.#system;
  }

  /** All but the system message before it. */
  get said(): readonly ChatMessage[] {
    return this.#said;
  }

  /** All of it, made when somebody asks. */
  get all(): readonly ChatMessage[] {
    this.#all ??= Object.freeze([...(this.#system ? [this.#system] : []), ...this.#said]);
    return this.#all;
  }

  /** Estimated; with tools, and what surrounds the messages. */
  get tokens(): number {
    return this.#tokens;
  }

  append(messages: readonly ChatMessage[]): void {
    for (const message of messages) {
      this.#said.push(message);
      this.#tokens += this.#weigh.countTokens(message);
    }
    this.#all = undefined;
  }

  /** `said`: instead of what was; nothing: that stays. */
  replace(system: SystemMessage | undefined, said?: readonly ChatMessage[]): void {
    if (system === this.#system && !said) return;
    this.#system = system;
    if (said) this.#said = [...said];
    this.#tokens = this.#sum();
    this.#all = undefined;
  }

  #sum(): number {
    return this.#weigh.sumTokens(this.#system ? [this.#system, ...this.#said] : this.#said);
  }
}

/** A turn as it stands in the history: with thinking where the API asks for it, and a begun answer joined with its rest. */
export function asSaid(input: readonly ChatMessage[], answer: AssistantMessage, needsThinking: boolean): ChatMessage[] {
  const begun = input.at(-1);
  const isBegun = begun?.role === "assistant" && begun.prefix === true;
  const messages = isBegun ? [...input.slice(0, -1), joinAnswer(begun, answer)] : [...input, answer];
  return messages.map((message) => {
    if (!needsThinking || message.role !== "assistant" || typeof message.reasoning_content === "string") return message;
    return Object.freeze({ ...message, reasoning_content: "" });
  });
}

function joinAnswer({ prefix: _, ...begun }: AssistantMessage, answer: AssistantMessage): AssistantMessage {
  const thinking = (begun.reasoning_content ?? "") + (answer.reasoning_content ?? "");
  const content = (begun.content ?? "") + (answer.content ?? "");
  return Object.freeze({ ...begun, ...answer, content, ...(thinking && { reasoning_content: thinking }) });
}
