import type { ChatMessage } from "../chat/chat-request.ts";
import { ContextLengthError } from "../error-family.ts";
import type { FitPlan } from "./fit-context.ts";
import { dropOldest } from "./strategies.ts";

/**
 * `given`: the conversation as its owner knows it, by which messages are named.
 *
 * @throws ContextLengthError
 */
export function requireFit(
  messages: readonly ChatMessage[],
  tokens: number,
  { budgetTokens, goal, overheadTokens, strategies }: FitPlan,
  given: readonly ChatMessage[],
): void {
  if (tokens <= budgetTokens) return;
  const least = goal.sumTokens(dropOldest().shorten(given, { ...goal, targetTokens: 0 }));
  const sizes = messages.map((message) => ({ message, size: goal.countTokens(message) }));
  const largest = sizes
    .toSorted((a, b) => b.size - a.size)
    .slice(0, 3)
    .map(({ message, size }) => {
      const index = given.indexOf(message);
      return `${index < 0 ? "a shortened message" : `messages[${index}]`} (${message.role}, about ${size})`;
    });
  if (overheadTokens > 0) largest.push(`tools (about ${overheadTokens})`);
  throw new ContextLengthError(
    `${least > budgetTokens ? "What must stay of the conversation is" : `The strategies (${strategies.map(({ name }) => name).join(", ")}) left`} about ${tokens} tokens, more than the ${budgetTokens} there are. The largest: ${largest.join(", ")}.`,
    { requestedTokens: tokens, maxTokens: budgetTokens },
  );
}
