import { limitOf } from "../chat/answer-tokens.ts";
import { roomInWindow } from "../context/reserve.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { currentModel } from "../prepare/retired-models.ts";
import { deepseekModel } from "../providers/deepseek-models.ts";
import type { ConversationOptions } from "./conversation-options.ts";

/**
 * Tokens that messages and tools may have, so that the answer has its place in the window, too; `undefined`: no limit is known.
 *
 * @throws InvalidOptionsError when the answer may be as long as the window.
 */
export function promptBudget(options: ConversationOptions): number | undefined {
  const { context = {}, model } = options;
  if (context === false) return undefined;
  const window = context.windowTokens ?? deepseekModel(currentModel(model))?.window;
  if (window === undefined) return undefined;
  const budget = roomInWindow(window, options);
  if (budget < 1)
    throw new InvalidOptionsError(
      `conversation: max_tokens (${limitOf(options)}) leaves no room in a window of ${window} tokens: make it smaller, or context.windowTokens larger.`,
    );
  return budget;
}
