import type { ChatMessage, SystemMessage } from "../chat/chat-request.ts";
import { counterFor } from "../context/count-messages.ts";
import { planFit } from "../context/fit-context.ts";
import { cutShare, FIT_DEFAULTS } from "../context/fit-options.ts";
import { describeFlush, type FlushOptions, type FlushPlan, planFlush } from "../context/plan-flush.ts";
import type { ContextStrategy, FitGoal } from "../context/strategies.ts";
import type { ChatHistory } from "./chat-history.ts";
import { type ConversationOptions, requestOf } from "./conversation-options.ts";
import { ownCopy } from "./own-copy.ts";
import { promptBudget } from "./token-budget.ts";

/** A turn as it is sent. */
export interface FittedTurn {
  readonly system: SystemMessage | undefined;
  readonly input: readonly ChatMessage[];
  /** What stands between the two. */
  readonly before: readonly ChatMessage[];
  /** What was cut for it. */
  readonly plan: FlushPlan | undefined;
  /** Estimated. */
  readonly tokens: number;
}

/** Keeps the requests of a conversation within its budget. */
export class TurnFitter {
  readonly #options: Omit<FlushOptions, "budgetTokens">;
  readonly #budgetTokens: number | undefined;
  readonly #triggerAt: number;
  /** What a message weighs. */
  readonly goal: FitGoal;

  constructor(options: ConversationOptions) {
    const { triggerAt = FIT_DEFAULTS.triggerAt, ...context } = options.context || {};
    const { strategies, countTokens, pin } = context;
    this.#options = {
      cutTo: cutShare(options.context || {}),
      strategies,
      countTokens,
      pin,
      request: requestOf(options),
    };
    this.#triggerAt = triggerAt;
    this.#budgetTokens = promptBudget(options);
    this.goal = planFit({ ...this.#options, budgetTokens: 1 }, counterFor(countTokens)).goal;
  }

  /**
   * The turn that `input` begins; the history before it is cut only when it would be too long.
   *
   * @param factor real tokens of an estimated one
   * @throws ContextLengthError when what must stay does not fit.
   */
  fit(
    history: ChatHistory,
    system: SystemMessage | undefined,
    input: readonly ChatMessage[],
    factor: number,
  ): FittedTurn {
    const weigh = (messages: readonly ChatMessage[]) =>
      messages.reduce((sum, message) => sum + this.goal.countTokens(message), 0);
    const { system: last, said, tokens: known } = history;
    const tokens = known + weigh(input) + weigh(system ? [system] : []) - weigh(last ? [last] : []);
    const uncut = { system, input, before: said, plan: undefined, tokens };
    const budgetTokens = Math.max(1, Math.floor((this.#budgetTokens ?? Number.POSITIVE_INFINITY) / factor));
    if (tokens <= budgetTokens * this.#triggerAt) return uncut;
    // What is said now is read at least once as it is.
    const isInput = new Set(input);
    const pin = (message: ChatMessage) => isInput.has(message) || (this.#options.pin?.(message) ?? false);
    const options = { ...this.#options, pin, budgetTokens };
    const plan = keepOwn(planFlush([...(system ? [system] : []), ...said, ...input], options), said);
    if (plan.gone.length === 0) return uncut;
    const before = plan.messages.filter((message) => message !== system && !isInput.has(message));
    return { system, input, before, plan: scale(plan, factor), tokens: plan.tokensAfter };
  }

  /** What a cut would do now. */
  plan(history: ChatHistory, strategies: readonly ContextStrategy[] | undefined, factor: number): FlushPlan {
    const options = { ...this.#options, strategies: strategies ?? this.#options.strategies };
    const plan = planFlush(history.all, { ...options, budgetTokens: history.tokens });
    return scale(keepOwn(plan, history.all), factor);
  }

  /** What it means to go on with `messages`. */
  compare(history: ChatHistory, messages: readonly ChatMessage[], factor: number): FlushPlan {
    return scale(describeFlush(history.all, messages, this.goal), factor);
  }
}

/** What a strategy made anew belongs to the history from now on, and so nobody may change it. */
function keepOwn(plan: FlushPlan, before: readonly ChatMessage[]): FlushPlan {
  const known = new Set(before);
  const own = (message: ChatMessage) =>
    known.has(message) || Object.isFrozen(message) ? message : ownCopy(message, "A strategy's message");
  return { ...plan, messages: plan.messages.map(own) };
}

/** The same in real tokens. */
function scale(plan: FlushPlan, factor: number): FlushPlan {
  const real = (tokens: number) => Math.round(tokens * factor);
  return {
    ...plan,
    gone: plan.gone.map((message) => ({ ...message, tokens: real(message.tokens) })),
    tokensBefore: real(plan.tokensBefore),
    tokensAfter: real(plan.tokensAfter),
    tokensCached: real(plan.tokensCached),
    tokensUncached: real(plan.tokensUncached),
  };
}
