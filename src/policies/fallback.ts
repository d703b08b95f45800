import type { Call, Progress, Reply, Send } from "../call.ts";
import type { ErrorCode } from "../error-codes.ts";
import { AllProvidersFailedError, MissingApiKeyError, RateLimitedError, UnsupportedError } from "../error-family.ts";
import { ResilientClientError } from "../errors.ts";
import type { AttemptKind } from "../report.ts";
import { type Candidate, chosen, inOrder, isAble, isHopeful, isResting } from "./choose-candidates.ts";
import { requireTime } from "./deadline.ts";
import { endsTheCall, type Permissions } from "./ends-the-call.ts";
import { RoundFailed } from "./round-failed.ts";

/** With these, a provider refuses to go on with an answer; a new start may be welcome there. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["invalid_request", "context_length"]);

/** Until `attempt-timeouts` listens. */
const NOBODY: Progress = { headers() {}, bytes() {}, body() {}, content() {}, head() {}, finish() {}, reading() {} };

/**
 * One round: asks the providers in order and at once, until one begins to answer. Failing over costs no waiting;
 * waiting is the next round's business. A provider that broke this very answer off goes behind the others, unless it can
 * go on with it and they cannot; and if it did so for want of capacity, or twice, it is not asked before somebody has waited. Providers
 * kept for a later round come at once when nobody before them is worth another try.
 */
export function fallback(candidates: readonly Candidate[], permissions: Permissions): Send {
  return async (call) => {
    const able = chosen(candidates, call).filter((candidate) => isAble(candidate, call));
    const order = inOrder(able, call);
    const isDue = ({ afterRounds }: Candidate) => afterRounds <= call.round;
    for (const group of [order.filter(isDue), order.filter((candidate) => !isDue(candidate))]) {
      for (const candidate of group) {
        if (!isHopeful(candidate, call) || isResting(candidate, call)) continue;
        if (candidate.state.notBefore > call.clock.now()) {
          call.log.skip(candidate.name, "not_before");
          continue;
        }
        const reply = await askOrPass(candidate, call, permissions);
        if (reply) return reply;
      }
      if (group.some((candidate) => isHopeful(candidate, call))) break;
    }
    throw roundFailed(able, call, candidates);
  };
}

/** A reply; or nothing, if another provider may be asked. */
async function askOrPass(candidate: Candidate, call: Call, permissions: Permissions): Promise<Reply | undefined> {
  requireTime(call);
  const goesOn = candidate.way(call) !== undefined;
  try {
    return await ask(candidate, call);
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    if (!ResilientClientError.isInstance(error)) throw error;
    if (goesOn && REFUSALS.has(error.code)) {
      call.log.refuse(candidate.name, error);
      return isAble(candidate, call) ? askOrPass(candidate, call, permissions) : undefined;
    }
    if (endsTheCall(error, call, call.startBy, permissions)) throw error;
    return undefined;
  }
}

async function ask(candidate: Candidate, call: Call): Promise<Reply> {
  const provider = candidate.name;
  const model = candidate.model(call);
  const kind = call.kind ?? attemptKind(provider, call);
  const attempt = call.log.begin({ kind, provider, model, round: call.round });
  const done = candidate.state.begin();
  try {
    const reply = await candidate.send({ ...call, provider, model, attempt, progress: NOBODY });
    void reply.closed.then(done);
    return reply;
  } catch (error) {
    const failed = ResilientClientError.isInstance(error) && !call.signal.aborted;
    const ending = failed ? ({ outcome: "failed", error } as const) : ({ outcome: "cancelled" } as const);
    attempt.end(ending);
    done(ending);
    throw error;
  }
}

function attemptKind(provider: string, call: Call): AttemptKind {
  const { attempts } = call.log;
  if (attempts.length === 0) return "first";
  return call.round > 0 || attempts.some((attempt) => attempt.provider === provider) ? "retry" : "fallback";
}

function roundFailed(able: readonly Candidate[], call: Call, all: readonly Candidate[]): RoundFailed {
  // One that has refused to go on meanwhile is able no more.
  const hopeful = able.filter((candidate) => isHopeful(candidate, call) && isAble(candidate, call));
  const readyAt = Math.min(...hopeful.map(({ state }) => state.notBefore));
  const again = hopeful.length > 0;
  return new RoundFailed(summary(able, call, all), { again, readyAt: Number.isFinite(readyAt) ? readyAt : 0 });
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
    return new AllProvidersFailedError(`All ${failures.length} providers failed: ${list.join(", ")}.${remedy}`, {
      errors: failures,
      retryable: failures.some(({ retryable }) => retryable),
    });
  }
  if (failures[0]) return failures[0];
  const [waiting] = able;
  if (waiting) {
    // Those that may be asked at any time are kept for a later round.
    const resting = able.map(({ state }) => state.notBefore).filter((notBefore) => notBefore > call.clock.now());
    const retryAt = resting.length > 0 ? Math.min(...resting) : undefined;
    return new RateLimitedError(`${waiting.name} asked for a pause.`, { provider: waiting.name, retryAt });
  }
  const { skipped } = call.log.report();
  const reasons = skipped.map(({ provider, reason }) => `${provider}: ${reason}`).join(", ");
  if (!skipped.every(({ reason }) => reason === "no_key"))
    return new UnsupportedError(`No provider can serve this request (${reasons}).`);
  const names = skipped.map(({ provider }) => provider);
  const variables = all.flatMap(({ name, keyVariable }) => (names.includes(name) ? (keyVariable ?? []) : []));
  const orSet = variables.length > 0 ? `, or set ${variables.join(", ")} in the environment` : "";
  return new MissingApiKeyError(`No API key for ${names.join(", ")}. Pass apiKey${orSet}.`);
}
