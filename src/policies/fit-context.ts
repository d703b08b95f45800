import type { Call, Policy, ProviderCall } from "../call.ts";
import { type Check, oneOf, wholeFromOne } from "../check-shape.ts";
import { aFitting, type FitOptions } from "../context/fit-options.ts";
import { loadPart } from "../load-part.ts";
import type { ModelState } from "../state/model-state.ts";

/** How calls are kept within the window of each provider's model. */
export interface ContextOptions extends Pick<FitOptions, "triggerAt" | "cutTo" | "strategies" | "countTokens" | "pin"> {
  /**
   * No more tokens than that for the prompt and its answer, whatever the window is. A whole number from 1.
   * @defaultValue the window of the provider's model, as far as it is known or its server said it; else no limit
   */
  readonly windowTokens?: number | undefined;
  /**
   * `flush`: when a provider was busy for two rounds, a long conversation is cut in half for it, and again for each further round:
   * a prompt that is too long to be placed is one of the causes of "busy".
   * @defaultValue "keep"
   */
  readonly onBusy?: "flush" | "keep" | undefined;
}

/** What `context` may be. */
export const aContext = (): Check => aFitting({ windowTokens: wholeFromOne, onBusy: oneOf("flush", "keep") });

/**
 * Gives each provider as much of the conversation as its model's window holds: one with a smaller window gets less, the others the
 * whole. When a server says that it was too much, its own numbers are believed, and it is asked once more. What does all that
 * is a part of its own. `known`: the window of the provider's model, as far as it is known by now; `goesOn`: whether the provider goes on with an answer that broke off.
 * @throws ContextLengthError when what must stay is too much.
 */
export function fitContext(
  options: ContextOptions,
  known: () => number | undefined,
  model: ModelState,
  goesOn: (call: Call) => boolean,
): Policy<ProviderCall> {
  return async (call, next) => {
    // Half a file would be filled in otherwise.
    if (call.endpoint) return next(call);
    const { fitToWindow } = await loadFitting();
    return fitToWindow(options, known, model, goesOn)(call, next);
  };
}

export const loadFitting = /* @__PURE__ */ loadPart(() => import("./fit-to-window.ts"));
