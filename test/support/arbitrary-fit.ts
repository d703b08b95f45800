import fc from "fast-check";
import type { ChatMessage } from "../../src/chat/chat-request.ts";
import { counterFor } from "../../src/context/count-messages.ts";
import type { FitOptions } from "../../src/context/fit-options.ts";
import {
  type ContextStrategy,
  compactToolResults,
  dropOldest,
  dropReasoning,
  newChat,
} from "../../src/context/strategies.ts";
import { arbitraryConversation, type Conversation, isPinned } from "./arbitrary-conversation.ts";

/** A conversation and how it is to be fitted. */
export interface Fit extends Conversation {
  readonly options: FitOptions;
  /** Of all messages and tools. */
  readonly total: number;
  readonly targetTokens: number;
  readonly triggerTokens: number;
}

/** Strategies as a user may write them. */
const shortenAnswers: ContextStrategy = {
  name: "shortenAnswers",
  shorten: (messages) =>
    messages.map((message) =>
      message.role === "assistant" && message.content && !message.prefix && !isPinned(message)
        ? { ...message, content: "…" }
        : message,
    ),
};
const dropAnswers: ContextStrategy = {
  name: "dropAnswers",
  shorten: (messages) =>
    messages.filter(
      (message) => message.role !== "assistant" || message.tool_calls || message.prefix || isPinned(message),
    ),
};

const compact = fc
  .record({ keepCharacters: fc.nat(40), keepLast: fc.nat(3) }, { requiredKeys: [] })
  .map((options) => compactToolResults(options));

const strategies = fc
  .tuple(compact, fc.constant([dropReasoning(), dropOldest(), newChat(), shortenAnswers, dropAnswers]))
  .chain(([first, others]) => fc.shuffledSubarray([first, ...others], { minLength: 1 }));

export const arbitraryShares = fc.record({
  /** Of what all of it weighs: tiny, less, more. */
  budget: fc.oneof(fc.constant(0), fc.double({ min: 0.02, max: 1.5, noNaN: true })),
  triggerAt: fc.constantFrom(undefined, 0.5, 1),
  cutTo: fc.constantFrom(undefined, 0.1, 0.5),
});

export const arbitraryFit: fc.Arbitrary<Fit> = fc
  .record({
    conversation: arbitraryConversation,
    shares: arbitraryShares,
    strategies: fc.option(strategies, { nil: undefined }),
    pins: fc.boolean(),
  })
  .map(({ conversation, shares, strategies: ways, pins }) => {
    return prepareFit(conversation, shares, { strategies: ways, pin: pins ? isPinned : undefined });
  });

type Shares = { budget: number; triggerAt: number | undefined; cutTo: number | undefined };

export function prepareFit(conversation: Conversation, shares: Shares, more: Partial<FitOptions>): Fit {
  const total = weigh(conversation.messages, conversation.request);
  const budgetTokens = Math.max(1, Math.round(total * shares.budget));
  const { triggerAt = 0.9, cutTo = 0.58 } = shares;
  return {
    ...conversation,
    options: { budgetTokens, triggerAt: shares.triggerAt, cutTo: shares.cutTo, request: conversation.request, ...more },
    total,
    targetTokens: Math.floor(budgetTokens * Math.min(cutTo, triggerAt)),
    triggerTokens: budgetTokens * triggerAt,
  };
}

/** Tokens of a request. */
export function weigh(messages: readonly ChatMessage[], request: NonNullable<FitOptions["request"]>): number {
  const counter = counterFor();
  const withThinking = request.thinking?.type !== "disabled" && request.tools !== undefined;
  return counter.tools(request.tools) + counter.sum(messages, withThinking);
}

/** The least that `dropOldest` can leave: what must stay with its step, the last question, the last step. */
export function floorOf(
  messages: readonly ChatMessage[],
  { request, pin }: Pick<FitOptions, "request" | "pin">,
): number {
  let isQuestion = false;
  let lastTurn = 0;
  for (const [index, { role }] of messages.entries()) {
    if (role === "system") continue;
    if (role === "user" && !isQuestion) lastTurn = index;
    isQuestion = role === "user";
  }
  const startOfStep = (index: number) => messages.findLastIndex(({ role }, at) => at <= index && role !== "tool");
  const fixed = messages.map((message, index) =>
    message.role === "system" || pin?.(message) ? startOfStep(index) : Number.NaN,
  );
  const left = messages.filter((message, index) => {
    const start = startOfStep(index);
    const isAsked = message.role === "user" && index >= lastTurn;
    return isAsked || start === startOfStep(messages.length - 1) || fixed.includes(start);
  });
  return weigh(left, request ?? {});
}
