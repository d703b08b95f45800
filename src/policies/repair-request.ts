import type { Policy, ProviderCall } from "../call.ts";
import { ANSWER_TOKENS } from "../chat/answer-tokens.ts";
import { ContextLengthError, InvalidRequestError } from "../error-family.ts";
import { unlessAborted } from "../load-part.ts";
import { loadPreparing } from "../prepare/load-preparing.ts";
import type { RepairPlace } from "../prepare/plan-repair.ts";
import type { Complaint } from "../prepare/read-complaint.ts";
import type { ModelState } from "../state/model-state.ts";

interface Place extends RepairPlace {
  readonly model: ModelState;
  /** How much of its window is to be used, where somebody said so. */
  readonly windowTokens: number | undefined;
}

/**
 * A request that is refused with a 400 which says exactly what is wrong with it is repaired and sent again, once: gateways pass
 * DeepSeek's own refusals on, whatever provider they were set up as. What helped is done ahead from then on, so that it is
 * paid for once. What does all that is a part of its own.
 */
export function repairRequest(place: Place): Policy<ProviderCall> {
  const { model, windowTokens: given = Number.POSITIVE_INFINITY } = place;
  // A server that is busy says nothing of the repair; the rounds after it would pay for the refusal again and again.
  const triedBy = new WeakMap<ProviderCall["log"], readonly Complaint[]>();
  return async (call, next) => {
    // Its rules are chat's.
    if (call.endpoint) return next(call);
    const windowTokens = Math.min(given, model.window ?? given);
    const tried = triedBy.get(call.log) ?? [];
    const isKnown = model.repairs.size + tried.length > 0 || windowTokens < 4 * ANSWER_TOKENS.max;
    const unrepaired = call.request;
    const sent = isKnown
      ? { ...call, ...(await load(call)).repairAhead(call, place, windowTokens, tried), unrepaired }
      : call;
    try {
      return await next(sent);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // What cannot be loaded repairs nothing: the refusal stands.
      const part = await load(call).catch(() => undefined);
      call.signal.throwIfAborted();
      const repair = part?.planRepair(error, sent, place, unrepaired);
      if (!repair) throw error;
      if (repair.complaint) triedBy.set(call.log, [...tried, repair.complaint]);
      try {
        const reply = await next({ ...sent, ...repair.repaired, unrepaired, kind: "repair" });
        repair.learn();
        return reply;
      } catch (failure) {
        repair.learn(failure);
        throw failure;
      }
    }
  };
}

function isRefusal(error: unknown): error is InvalidRequestError | ContextLengthError {
  const isOurs = InvalidRequestError.isInstance(error) || ContextLengthError.isInstance(error);
  return isOurs && error.status === 400;
}

async function load({ signal }: ProviderCall) {
  return unlessAborted(loadPreparing(), signal);
}
