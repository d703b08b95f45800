import type { ChatMessage } from "../chat/chat-request.ts";
import { wantsThinkingBack } from "../chat/thinking.ts";
import { checkShape, type Shape, wholeFromOne } from "../check-shape.ts";
import { InvalidOptionsError, InvalidRequestError } from "../error-family.ts";
import { counterFor, type MessageCounter } from "./count-messages.ts";
import { findBroken } from "./find-broken.ts";
import { checkCut, cutShare, FIT_DEFAULTS, type FitOptions, fitShape } from "./fit-options.ts";
import { recall, remember } from "./last-cut.ts";
import { requireFit } from "./require-fit.ts";
import { type ContextStrategy, compactToolResults, dropOldest, dropReasoning, type FitGoal } from "./strategies.ts";
import { isRequestEnd } from "./turns.ts";

/** What became of a conversation. */
export interface FittedContext {
  /** The same list, if nothing was done. */
  readonly messages: readonly ChatMessage[];
  /** Of messages and tools, by the estimate. */
  readonly tokens: number;
  readonly tokensBefore: number;
  /** The strategies that changed something, in the order they did; none if it fitted. */
  readonly applied: readonly string[];
}

/**
 * Shortens a conversation that is too long for its budget, and tells how. Pure: the same conversation gives the same cut, and
 * one that grew by a turn keeps its cut until it is full again, so that what is sent begins alike over many turns. That is what
 * a server's cache goes by (https://api-docs.deepseek.com/guides/kv_cache).
 *
 * @throws ContextLengthError when what must stay is larger than the budget; it names the largest messages.
 * @throws InvalidOptionsError when an option is out of range, or a strategy of your own broke the conversation.
 * @throws InvalidRequestError for what is no list of messages.
 */
export function fitContext(messages: readonly ChatMessage[], options: FitOptions): FittedContext {
  checkFitOptions(options, "fitContext");
  checkMessages(messages, "fitContext");
  return fitToPlan(messages, planFit(options, counterFor(options.countTokens)));
}

const anything = () => {};

/** @throws InvalidRequestError for what is no list of messages. */
export function checkMessages(messages: unknown, where: string): void {
  const isMessage = (entry: unknown) => typeof (entry as { role?: unknown } | null)?.role === "string";
  if (!Array.isArray(messages) || !messages.every(isMessage))
    throw new InvalidRequestError(`${where}: expected a list of messages, each with a role.`);
}

/** @throws InvalidOptionsError */
export function checkFitOptions(options: FitOptions, where: string, more: Shape = {}): void {
  checkShape(options, where, { ...fitShape(), ...more, budgetTokens: wholeFromOne, request: anything });
  wholeFromOne(options.budgetTokens, "budgetTokens");
  checkCut(options);
}

/** `FitOptions` with everything filled in, and what counts. */
export interface FitPlan {
  readonly budgetTokens: number;
  readonly triggerTokens: number;
  readonly targetTokens: number;
  readonly strategies: readonly ContextStrategy[];
  readonly goal: FitGoal;
  readonly counter: MessageCounter;
  /** Of what is sent with the messages. */
  readonly overheadTokens: number;
  /** What was given. */
  readonly source: Pick<FitOptions, "pin" | "strategies" | "countTokens">;
}

export function planFit(options: FitOptions, counter: MessageCounter): FitPlan {
  const { budgetTokens, request = {} } = options;
  const triggerAt = options.triggerAt ?? FIT_DEFAULTS.triggerAt;
  const cutTo = Math.min(cutShare(options), triggerAt);
  const needsThinking = wantsThinkingBack(request);
  const toolTokens = counter.tools(request.tools);
  const goal: FitGoal = {
    targetTokens: Math.floor(budgetTokens * cutTo),
    countTokens: (message) => counter.count(message, needsThinking),
    sumTokens: (messages) => toolTokens + counter.sum(messages, needsThinking),
    isPinned: options.pin ?? (() => false),
    needsThinking,
  };
  return {
    budgetTokens,
    triggerTokens: budgetTokens * triggerAt,
    targetTokens: goal.targetTokens,
    overheadTokens: toolTokens,
    source: options,
    strategies: options.strategies ?? [dropReasoning(), compactToolResults(), dropOldest()],
    goal,
    counter,
  };
}

/** Goes through the conversation as it was said, and cuts wherever a request would have been too long. */
export function fitToPlan(messages: readonly ChatMessage[], plan: FitPlan): FittedContext {
  const { goal, triggerTokens } = plan;
  const last = recall(messages, plan);
  let { kept, cutAt, tokensBefore } = last ?? { kept: [], cutAt: 0, tokensBefore: goal.sumTokens([]) };
  const applied = new Set(last?.applied);
  let tokensAtCut = tokensBefore;
  let tokens = goal.sumTokens(kept);
  for (let index = cutAt; index < messages.length; index += 1) {
    const message = messages[index] as ChatMessage;
    const size = goal.countTokens(message);
    tokens += size;
    tokensBefore += size;
    if (tokens <= triggerTokens || !isRequestEnd(messages, index)) continue;
    const short = shorten([...kept, ...messages.slice(cutAt, index + 1)], tokens, plan);
    for (const name of short.applied) applied.add(name);
    kept = short.messages;
    cutAt = index + 1;
    tokens = short.tokens;
    tokensAtCut = tokensBefore;
  }
  if (cutAt > (last?.cutAt ?? 0))
    remember(messages, { plan, kept, cutAt, tokensBefore: tokensAtCut, applied: [...applied] }, last);
  const result = applied.size > 0 ? [...kept, ...messages.slice(cutAt)] : messages;
  requireFit(result, tokens, plan, messages);
  return { messages: result, tokens, tokensBefore, applied: [...applied] };
}

/** One cut: the strategies in order, until it is short enough. `tokens`: of the request as it is. */
export function shorten(
  messages: readonly ChatMessage[],
  tokens: number,
  { strategies, goal, targetTokens }: FitPlan,
): Pick<FittedContext, "messages" | "tokens" | "applied"> {
  const applied: string[] = [];
  let short = { messages, tokens };
  for (const strategy of strategies) {
    if (short.tokens <= targetTokens) break;
    // A copy: what is changed in place is seen as well.
    const next = strategy.shorten([...short.messages], goal);
    if (isSame(short.messages, next)) continue;
    const problem = findBroken(short.messages, next, goal);
    if (problem) throw new InvalidOptionsError(`context: the strategy ${strategy.name} ${problem}.`);
    applied.push(strategy.name);
    short = { messages: next, tokens: goal.sumTokens(next) };
  }
  return { ...short, applied };
}

function isSame(before: readonly ChatMessage[], after: readonly ChatMessage[]): boolean {
  return after?.length === before.length && before.every((message, index) => message === after[index]);
}
