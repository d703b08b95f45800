import { forwardAbort, raceAbort } from "../async/abort.ts";
import type { Call } from "../call.ts";
import type { CircuitOpenError } from "../error-family.ts";
import type { SkipReason } from "../report.ts";
import { type Candidate, isHopeful } from "./choose-candidates.ts";
import { circuitOpenError } from "./circuit-breaker.ts";

/** How often those who wait look whether a probe has come back. Milliseconds. */
const PROBE_LOOK_MS = 1_000;

/** A key that takes longer than that is no reason to keep the others waiting. */
const KEY_WAIT_MS = 5_000;

/**
 * Why a provider is not to be asked right now, although it could serve the call; nothing, if it is. A promise only where
 * somebody must be asked: between this and the request, other calls must not look at the same state.
 */
export function obstacleOf(
  candidate: Candidate,
  call: Call,
  hasOthers: boolean,
): SkipReason | undefined | Promise<SkipReason | undefined> {
  if (candidate.state.notBefore > call.clock.now()) return "not_before";
  const { circuit } = candidate.state.forModel(candidate.model(call));
  if (circuit.mayAsk(!hasOthers) !== "no") return undefined;
  if (circuit.cause !== "account") return "circuit_open";
  return hasNewKey(candidate, call).then((isNew) => {
    if (!isNew) return "circuit_open";
    // Somebody has changed the key.
    circuit.reset(call.log);
    return undefined;
  });
}

/** A key function of the user's may never answer. */
async function hasNewKey(candidate: Candidate, { clock, signal, startBy }: Call): Promise<boolean> {
  const controller = new AbortController();
  const unlink = forwardAbort(signal, controller);
  const waitMs = Math.min(KEY_WAIT_MS, startBy - clock.now());
  const disarm = clock.after(waitMs, () => controller.abort());
  try {
    return await raceAbort(candidate.hasNewKey(), controller.signal, () => {});
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    disarm();
    unlink();
  }
}

/** Whether it refuses the account, so that waiting is no use. */
function isShut(candidate: Candidate, call: Call): boolean {
  const { circuit } = candidate.state.forModel(candidate.model(call));
  return circuit.cause === "account" && circuit.mayAsk() === "no";
}

/** Whether nothing that is known makes asking it pointless. */
export function isWorthIt(candidate: Candidate, call: Call): boolean {
  return isHopeful(candidate, call) && !isShut(candidate, call);
}

/** When a provider may be asked again, as far as it and its circuit say. */
export function readyAt(candidate: Candidate, call: Call, hasOthers: boolean): number {
  const { circuit } = candidate.state.forModel(candidate.model(call));
  if (circuit.mayAsk(!hasOthers) !== "no") return candidate.state.notBefore;
  // A probe is under way: it may be decided at any moment.
  const ready = circuit.readyAt(!hasOthers);
  const openUntil = circuit.state === "open" ? ready : Math.min(ready, call.clock.now() + PROBE_LOOK_MS);
  return Math.max(candidate.state.notBefore, openUntil);
}

/** What a call is told that asked nobody, because the circuit is open. */
export function openCircuit(candidate: Candidate, call: Call): CircuitOpenError | undefined {
  const model = candidate.model(call);
  const { circuit } = candidate.state.forModel(model);
  if (circuit.mayAsk() !== "no") return undefined;
  return circuitOpenError(circuit, { provider: candidate.name, model, clock: call.clock });
}
