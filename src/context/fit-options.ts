import type { ChatMessage, ChatRequest } from "../chat/chat-request.ts";
import { type Check, group, number, refuse, type Shape } from "../check-shape.ts";
import { InvalidOptionsError } from "../error-family.ts";
import type { CountTokens } from "./count-messages.ts";
import type { ContextStrategy } from "./strategies.ts";

/** How a conversation is kept within its budget. */
export interface FitOptions {
  /** Tokens that messages and tools may have. A whole number from 1. */
  readonly budgetTokens: number;
  /** It is shortened when it is fuller than that. A share above 0, at most 1. @defaultValue 0.9 */
  readonly triggerAt?: number | undefined;
  /** And then to no more than that, in one step. A share above 0, at most `triggerAt`. @defaultValue 0.58, or 0.64 of `triggerAt` where that is less */
  readonly cutTo?: number | undefined;
  /** Ways to shorten it, tried in this order until it fits. @defaultValue `[dropReasoning(), compactToolResults(), dropOldest()]` */
  readonly strategies?: readonly ContextStrategy[] | undefined;
  /** Counts exactly, instead of the estimate. @defaultValue `estimateTokens()` */
  readonly countTokens?: CountTokens | undefined;
  /** Messages that must stay as they are, beside system messages and the last question. @defaultValue none */
  readonly pin?: ((message: ChatMessage) => boolean) | undefined;
  /** What is sent along: it takes of the budget, and says whether thinking must be sent back. */
  readonly request?: Pick<ChatRequest, "tools" | "thinking" | "reasoning_effort"> | undefined;
}

/** All numbers of fitting, each with its reason. */
export const FIT_DEFAULTS = {
  triggerAt: 0.9, // An estimate may be a tenth off.
  cutTo: 0.58, // A cut costs the cache: what repeats is 1/50 of the price at DeepSeek. So it is rare, and deep.
} as const;

/** To what a conversation is cut: well below what makes it full, or it would be cut again in the next turn. */
export function cutShare({ triggerAt, cutTo }: Pick<FitOptions, "triggerAt" | "cutTo">): number {
  const { triggerAt: usual, cutTo: deep } = FIT_DEFAULTS;
  return cutTo ?? Math.min(deep, (deep / usual) * (triggerAt ?? usual));
}

/** What may be given of it in an option of that name, with `more` beside it; `false`: off. */
export function aFitting(more: Shape): Check {
  return (value, label) => {
    group({ ...fitShape(), ...more }, true)(value, label);
    checkCut(value, `${label}.`);
  };
}

/** @throws InvalidOptionsError where a cut would leave it full. */
export function checkCut(options: unknown, prefix = ""): void {
  if (typeof options !== "object" || options === null) return;
  const { triggerAt = FIT_DEFAULTS.triggerAt, cutTo = 0 } = options as Pick<FitOptions, "triggerAt" | "cutTo">;
  if (cutTo > triggerAt) refuse(`${prefix}cutTo`, `at most triggerAt (${triggerAt})`, cutTo);
}

/** What of `FitOptions` may be given to a client, too. */
export const fitShape = (): Shape => ({
  triggerAt: aShare,
  cutTo: aShare,
  strategies: (value, label) => {
    const isStrategy = (entry: unknown) => typeof (entry as ContextStrategy | null)?.shorten === "function";
    if (!Array.isArray(value) || value.length === 0 || !value.every(isStrategy))
      throw new InvalidOptionsError(`${label} must be a list of strategies, as made by dropOldest().`);
  },
  countTokens: aCallback,
  pin: aCallback,
});

/** Made when it is needed, so that bundlers can leave it out. */
function aShare(value: unknown, label: string): void {
  number("a number above 0 and at most 1", (share) => share > 0 && share <= 1)(value, label);
}

function aCallback(value: unknown, label: string): void {
  if (typeof value !== "function") throw new InvalidOptionsError(`${label} must be a function.`);
}
