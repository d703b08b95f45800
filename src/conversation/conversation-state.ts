import type { ChatMessage, SystemMessage } from "../chat/chat-request.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import type { ChatCompletions } from "../client/completions.ts";
import type { CallOptions } from "../client-options.ts";
import type { FlushPlan } from "../context/plan-flush.ts";
import { type ContextStrategy, dropOldest } from "../context/strategies.ts";
import { createTokenCorrection, type TokenCorrection } from "../context/token-correction.ts";
import { InvalidRequestError } from "../error-family.ts";
import type { PartialAnswer } from "../errors.ts";
import { guardListener } from "../events.ts";
import { asSaid, ChatHistory } from "./chat-history.ts";
import { type ConversationOptions, requestOf } from "./conversation-options.ts";
import { ownCopy } from "./own-copy.ts";
import { checkAnswersCalls } from "./read-input.ts";
import { askForSummary, type Summarize, withSummary } from "./summarize.ts";
import { nextSystem, PrefixWatch } from "./system-text.ts";
import { type FittedTurn, TurnFitter } from "./turn-fitter.ts";
import { addUsage, NO_USAGE } from "./usage-sum.ts";

/** What a conversation begins with. */
export interface Beginning {
  readonly system: SystemMessage | undefined;
  /** Behind it. */
  readonly said: readonly ChatMessage[];
  readonly correction?: TokenCorrection;
}

/** What a conversation knows, and every way to change it. It asks for nobody's turn: whoever changes it has it. */
export class ConversationState {
  readonly history: ChatHistory;
  usage = NO_USAGE;
  readonly #options: ConversationOptions;
  readonly #fitter: TurnFitter;
  readonly #correction: TokenCorrection;
  readonly #prefix: PrefixWatch;
  readonly #tellFlush: (plan: FlushPlan) => void;

  constructor(options: ConversationOptions, { system, said, correction }: Beginning) {
    this.#options = options;
    this.#fitter = new TurnFitter(options);
    this.history = new ChatHistory(this.#fitter.goal, system, said);
    this.#correction = createTokenCorrection(correction);
    this.#prefix = new PrefixWatch(warner(options));
    this.#tellFlush = guardListener(options.onFlush ?? (() => {}), "onFlush");
  }

  get tokens(): number {
    return Math.round(this.history.tokens * this.#correction.factor);
  }

  /** What another one begins with that is to go on from here. */
  beginning(): Beginning {
    const { system, said } = this.history;
    return { system, said, correction: this.#correction };
  }

  /** The turn as it is to be sent. Nothing is changed. @throws what `TurnFitter.fit` does, and InvalidRequestError */
  fit(input: readonly ChatMessage[]): FittedTurn {
    const { system: last, said } = this.history;
    checkAnswersCalls(said.at(-1), input);
    const system = nextSystem(this.#options.system, last);
    return this.#fitter.fit(this.history, system, input, this.#correction.factor);
  }

  /** Enters a complete turn. @throws InvalidRequestError for an answer nobody could send again; then nothing is changed. */
  enter({ system, input, before, plan, tokens }: FittedTurn, { choices, usage }: ChatCompletion): void {
    const answer = ownCopy((choices[0] as ChatCompletion["choices"][number]).message, "The answer");
    const { system: last, said } = this.history;
    if (said.length > 0) this.#prefix.note(system === last ? plan && "cut" : "system");
    this.history.replace(system, plan && before);
    this.history.append(asSaid(input, answer, this.#fitter.goal.needsThinking));
    this.usage = addUsage(this.usage, usage);
    this.#correction.learn(tokens, usage?.prompt_tokens ?? 0);
    if (plan) this.#tellFlush(plan);
  }

  /** Enters a turn whose answer broke off. */
  enterPartial(input: readonly ChatMessage[], { content, reasoning_content: thinking }: PartialAnswer): void {
    if (content === "")
      throw new InvalidRequestError(
        "No text of the failed turn's answer had arrived, so there is nothing to keep: retry() asks again.",
      );
    const answer = { role: "assistant", content, ...(thinking && { reasoning_content: thinking }) } as const;
    this.history.append(asSaid(input, Object.freeze(answer), this.#fitter.goal.needsThinking));
  }

  /** What a cut by that strategy, or the usual ones, would do. */
  planFlush(strategy?: ContextStrategy): FlushPlan {
    return this.#fitter.plan(this.history, strategy && [strategy], this.#correction.factor);
  }

  /** The same with a summary of what goes. */
  async planSummary(client: ChatCompletions, how: Summarize, options: CallOptions): Promise<FlushPlan> {
    const plan = this.planFlush(dropOldest());
    const last = plan.gone.at(-1);
    if (!last) return plan;
    const { all, system } = this.history;
    const asked = all.slice(0, last.index + 1);
    const completion = await askForSummary(client, how, requestOf(this.#options), asked, options);
    this.usage = addUsage(this.usage, completion.usage);
    return this.#fitter.compare(this.history, withSummary(completion, plan, system), this.#correction.factor);
  }

  /** Goes on with what the plan left. */
  flush(plan: FlushPlan): void {
    if (plan.gone.length === 0) return;
    const { system } = this.history;
    const said = plan.messages.filter((message) => message !== system);
    this.history.replace(system, said);
    this.#tellFlush(plan);
  }
}

/** Who is told what is wrong. */
export function warner({ onWarning }: Pick<ConversationOptions, "onWarning">): (message: string) => void {
  return guardListener(onWarning ?? ((message: string) => console.warn(`resilient-deepseek: ${message}`)), "onWarning");
}
