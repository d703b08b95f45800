import type { ChatMessage } from "../chat/chat-request.ts";
import { type Check, number } from "../check-shape.ts";
import { counterFor } from "./count-messages.ts";
import { checkFitOptions, checkMessages, planFit, shorten } from "./fit-context.ts";
import { cutShare, type FitOptions } from "./fit-options.ts";
import { requireFit } from "./require-fit.ts";
import type { FitGoal } from "./strategies.ts";

/** What is asked of a dry run. */
export interface FlushOptions extends Omit<FitOptions, "triggerAt"> {
  /** What a million tokens of a prompt cost, in US dollars: those that a cache knows, and the others. @defaultValue no money is told */
  readonly price?: { readonly promptUsd: number; readonly cachedUsd: number } | undefined;
}

/** What a flush would do. */
export interface FlushPlan {
  /** What would be sent from then on. */
  readonly messages: readonly ChatMessage[];
  /** What would go, or be shortened: its place in the conversation. */
  readonly gone: readonly { readonly index: number; readonly role: ChatMessage["role"]; readonly tokens: number }[];
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  /** What the next request has in common with the last one: the most a cache can still know of it. */
  readonly tokensCached: number;
  /** What would be read anew once, because the conversation no longer begins alike. */
  readonly tokensUncached: number;
  /** What that costs once, beyond a request that goes on unflushed; and what each later request is cheaper by, in US dollars. */
  readonly costUsd?: { readonly once: number; readonly savedEachTurn: number };
}

/**
 * What cutting the conversation now would take away, and what it would cost. Nothing is changed.
 *
 * @throws ContextLengthError, InvalidOptionsError as `fitContext` does.
 */
export function planFlush(messages: readonly ChatMessage[], options: FlushOptions): FlushPlan {
  // No trigger: it is done now.
  const now = { ...options, cutTo: cutShare(options), triggerAt: 1 };
  checkFitOptions(now, "planFlush", { price: aPrice });
  checkMessages(messages, "planFlush");
  const plan = planFit(now, counterFor(options.countTokens));
  const { messages: short, tokens } = shorten(messages, plan.goal.sumTokens(messages), plan);
  requireFit(short, tokens, plan, messages);
  return describeFlush(messages, short, plan.goal, options.price);
}

/** What it means to go on with `short` in place of `messages`. */
export function describeFlush(
  messages: readonly ChatMessage[],
  short: readonly ChatMessage[],
  goal: FitGoal,
  price?: FlushOptions["price"],
): FlushPlan {
  const kept = new Set(short);
  const gone = messages.flatMap((message, index) =>
    kept.has(message) ? [] : [{ index, role: message.role, tokens: goal.countTokens(message) }],
  );
  const [tokensBefore, tokensAfter] = [goal.sumTokens(messages), goal.sumTokens(short)];
  const same = short.findIndex((message, index) => message !== messages[index]);
  const tokensCached = goal.sumTokens(same < 0 ? short : short.slice(0, same));
  const tokensUncached = tokensAfter - tokensCached;
  const million = 1_000_000;
  return {
    messages: short,
    gone,
    tokensBefore,
    tokensAfter,
    tokensCached,
    tokensUncached,
    ...(price && {
      costUsd: {
        once: (tokensUncached * (price.promptUsd - price.cachedUsd)) / million,
        savedEachTurn: ((tokensBefore - tokensAfter) * price.cachedUsd) / million,
      },
    }),
  };
}

const aPrice: Check = (value, label) => {
  const dollars = number("US dollars from 0", (amount) => amount >= 0 && Number.isFinite(amount));
  const { promptUsd, cachedUsd } = (value ?? {}) as { promptUsd?: unknown; cachedUsd?: unknown };
  dollars(promptUsd, `${label}.promptUsd`);
  dollars(cachedUsd, `${label}.cachedUsd`);
};
