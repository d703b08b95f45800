import { ignoreRejection } from "../async/abort.ts";
import type { Call } from "../call.ts";
import { type Check, refuse } from "../check-shape.ts";
import type { ProviderHealth } from "../state/provider-state.ts";
import type { Candidate } from "./choose-candidates.ts";

/**
 * In which order providers are asked. The function gets what is known of them, and names those to be asked: names nobody has
 * are passed over, and where none is left the call fails with `unsupported`. Where it throws or gives no list, they are asked
 * in the client's order, and an event `warning` says so.
 */
export type Order =
  | "ordered"
  | "fastest"
  | "cheapest"
  | ((health: { readonly providers: readonly ProviderHealth[] }) => readonly string[]);

/** What `Order` may be. */
export const anOrder: Check = (value, label) => {
  if (typeof value === "function" || ["ordered", "fastest", "cheapest"].includes(value as string)) return;
  refuse(label, '"ordered", "fastest", "cheapest" or a function', value);
};

/** Prompts are longer than answers: what a token costs is weighed so. */
const PROMPT_SHARE = 3;

/**
 * Providers in the order they are asked. `fastest`: peak-sensitive averages of the time to the first token, times what is
 * under way (peak EWMA, as Finagle has it); who was never asked comes first, so that it is found out. `cheapest`: by price;
 * who has none comes last. Equals stay in the client's order.
 */
export function orderCandidates(candidates: readonly Candidate[], order: Order, call: Call): readonly Candidate[] {
  if (order === "ordered" || candidates.length < 2) return candidates;
  if (typeof order === "function") return named(candidates, order, call);
  const weight = order === "fastest" ? slowness : costOf;
  const weights = new Map(candidates.map((candidate) => [candidate, weight(candidate, call)]));
  const weightOf = (candidate: Candidate) => weights.get(candidate) ?? 0;
  return candidates.toSorted((a, b) => compare(weightOf(a), weightOf(b)));
}

const INSTEAD = "providers are asked in the client's order.";

function named(
  candidates: readonly Candidate[],
  order: Extract<Order, (...args: never) => unknown>,
  call: Call,
): readonly Candidate[] {
  try {
    const names: unknown = order({ providers: candidates.map(({ state }) => state.health()) });
    if (!Array.isArray(names)) {
      call.log.warn(
        "order",
        `The function given as order gave no list of names${names instanceof Promise ? ", but a promise" : ""}; ${INSTEAD}`,
      );
      if (names instanceof Promise) ignoreRejection(names);
      return candidates;
    }
    return [...new Set(names)].flatMap((name) => candidates.filter((candidate) => candidate.name === name));
  } catch {
    call.log.warn("order", `The function given as order threw; ${INSTEAD}`);
    return candidates;
  }
}

function slowness(candidate: Candidate, call: Call): number {
  const { slownessMs = 0, slots } = candidate.state.forModel(candidate.model(call));
  return slownessMs * (slots.inFlight + 1);
}

function costOf(candidate: Candidate, call: Call): number {
  const price = candidate.price(candidate.model(call), call.clock.now());
  return price ? PROMPT_SHARE * price.promptUsd + price.completionUsd : Number.POSITIVE_INFINITY;
}

/** Two infinities are equals, too. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
