import type { Call } from "../call.ts";
import { AllProvidersFailedError, MissingApiKeyError, RateLimitedError, UnsupportedError } from "../error-family.ts";
import { type ResilientClientError, restateError } from "../errors.ts";
import { type Candidate, chosen, isAble } from "./choose-candidates.ts";
import { isWorthIt, openCircuit, readyAt } from "./obstacles.ts";
import { RoundFailed } from "./round-failed.ts";

/** What came of a round in which nobody answered: whether another one is worth it, from when on, and what to tell if not. */
export function roundFailed(able: readonly Candidate[], call: Call, all: readonly Candidate[]): RoundFailed {
  // One that has refused to go on meanwhile is able no more.
  const hopeful = able.filter((candidate) => isWorthIt(candidate, call) && isAble(candidate, call));
  const hasOthers = hopeful.length > 1;
  const [first] = hopeful.toSorted((a, b) => readyAt(a, call, hasOthers) - readyAt(b, call, hasOthers));
  return new RoundFailed(summary(able, call, all), {
    again: first !== undefined,
    readyAt: first ? readyAt(first, call, hasOthers) : 0,
    waitsFor: first && first.state.notBefore >= readyAt(first, call, hasOthers) ? "retry-after" : "breaker",
  });
}

/** Of a call that asked nobody: what keeps it from the one that comes back first. */
function whyAway(able: readonly Candidate[], call: Call): ResilientClientError | undefined {
  const [resting] = able
    .filter(({ state }) => state.notBefore > call.clock.now())
    .toSorted((a, b) => a.state.notBefore - b.state.notBefore);
  const broken = able.flatMap((candidate) => openCircuit(candidate, call) ?? []);
  const [open] = broken.toSorted((a, b) => (a.retryAt ?? 0) - (b.retryAt ?? 0));
  if (resting && !(open?.retryable && (open.retryAt ?? 0) < resting.state.notBefore)) {
    const { name, state } = resting;
    return new RateLimitedError(`${name} asked for a pause.`, { provider: name, retryAt: state.notBefore });
  }
  if (open) return open;
  const [full] = able;
  return full?.state.forModel(full.model(call)).slots.full("none became free in time");
}

/** Who could have answered: without it, whoever forgot a key would be told to mend the last resort alone. */
function keyless(call: Call, all: readonly Candidate[]): string {
  const who = chosen(all, call)
    .filter((candidate) => candidate.unable(call) === "no_key")
    .map(({ name, keyVariable }) => (keyVariable ? `${name} (${keyVariable})` : name));
  return who.length > 0 ? ` Not asked for want of an API key: ${who.join(", ")}.` : "";
}

function summary(able: readonly Candidate[], call: Call, all: readonly Candidate[]): ResilientClientError {
  const failures = [...call.log.failures.values()];
  if (failures.length > 1) {
    const list = [...call.log.failures].map(
      ([name, { code, status }]) => `${name}: ${code}${status ? ` (${status})` : ""}`,
    );
    // What waiting will not mend is for whoever reads this.
    const toMend = failures.find(({ retryable }) => !retryable)?.message;
    const remedy = toMend ? ` First to mend: ${toMend}` : "";
    return new AllProvidersFailedError(
      `All ${failures.length} providers failed: ${list.join(", ")}.${remedy}${keyless(call, all)}`,
      { errors: failures, retryable: failures.some(({ retryable }) => retryable) },
    );
  }
  const [failure] = failures;
  if (failure) {
    // What refused to go on is known again by what it is.
    const isRefusal = [...call.log.refusals.values()].includes(failure);
    const note = isRefusal ? "" : keyless(call, all);
    return note === "" ? failure : restateError(failure, failure.message + note, {});
  }
  const away = whyAway(able, call);
  if (away) return away;
  const { skipped } = call.log.report();
  if (skipped.length === 0)
    return new UnsupportedError(
      `The function given as order named none of the client's providers (${all.map(({ name }) => name).join(", ")}).`,
    );
  const reasons = skipped.map(({ provider, reason }) => `${provider}: ${reason}`).join(", ");
  if (!skipped.every(({ reason }) => reason === "no_key")) {
    const { endpoint } = call;
    const remedy = endpoint ? ` One that can has abilities: { ${endpoint.name}: true }.` : "";
    return new UnsupportedError(`No provider can serve this request (${reasons}).${remedy}`);
  }
  const names = skipped.map(({ provider }) => provider);
  const variables = all.flatMap(({ name, keyVariable }) => (names.includes(name) ? (keyVariable ?? []) : []));
  const orSet = variables.length > 0 ? `, or set ${variables.join(", ")} in the environment` : "";
  return new MissingApiKeyError(`No API key for ${names.join(", ")}. Pass apiKey${orSet}.`);
}
