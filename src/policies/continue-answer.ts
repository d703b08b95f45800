import type { AttemptCall, Call, Policy } from "../call.ts";
import { continueRequest } from "../chat/continue-request.ts";

/** How a provider can go on with an answer that broke off. */
export interface ContinuationAbilities {
  readonly prefix: boolean;
  readonly reasoningPrefix: boolean;
  readonly prefixWithTools: boolean;
  readonly prefill: false | "message" | "flags";
  readonly fim?: boolean | undefined;
}

/**
 * How a provider would go on with the call's answer. `prefix`: by promise; `prefill`: by best effort, and only where the
 * caller permits it and no new start would do as well. `undefined`: it can only start again.
 */
export function wayToContinue(
  { continues, request, endpoint, log }: Call,
  provider: string,
  abilities: ContinuationAbilities,
  bestEffort: boolean,
): "prefix" | "prefill" | undefined {
  if (!continues || continues.ways === "restart" || log.refusals.has(provider)) return undefined;
  // Of a gap that is being filled, the text so far belongs to the prompt.
  if (endpoint) return abilities.fim && continues.content !== "" ? "prefix" : undefined;
  if (request.tools?.length && !abilities.prefixWithTools) return undefined;
  const { content, reasoning, ways } = continues;
  const canPrefix = abilities.prefix && (content !== "" || (abilities.reasoningPrefix && reasoning !== ""));
  if (canPrefix) return "prefix";
  return bestEffort && abilities.prefill && content !== "" && ways === "keep" ? "prefill" : undefined;
}

/** What vLLM and SGLang want to hear before they go on with the last message. */
const PREFILL_FLAGS = { continue_final_message: true, add_generation_prompt: false };

/** Asks a provider to go on where the answer stopped, if it can; to begin anew, if not. */
export function continueAnswer(
  way: (call: Call) => "prefix" | "prefill" | undefined,
  abilities: ContinuationAbilities,
): Policy<AttemptCall> {
  return (call, next) => {
    const { continues, unrepaired } = call;
    if (!continues) return next(call);
    const how = way(call);
    if (!how) return next({ ...call, continued: "restart" });
    const kept = abilities.reasoningPrefix ? continues : { ...continues, reasoning: "" };
    const flags = how === "prefill" && abilities.prefill === "flags" ? PREFILL_FLAGS : {};
    const request = { ...continueRequest(call.request, kept, how, unrepaired), ...flags };
    // That nothing is left to say is an answer; `resume` judges the whole.
    return next({ ...call, request, continued: how, allowEmpty: true });
  };
}
