import type { AttemptCall, Call, Progress, Reply, Send } from "../call.ts";
import type { ErrorCode } from "../error-codes.ts";
import { AllProvidersFailedError, MissingApiKeyError, RateLimitedError, UnsupportedError } from "../error-family.ts";
import { ResilientClientError } from "../errors.ts";
import type { AttemptKind, SkipReason } from "../report.ts";
import type { ProviderState } from "../state/provider-state.ts";
import { requireTime } from "./deadline.ts";
import { endsTheCall, type Permissions } from "./ends-the-call.ts";
import { RoundFailed } from "./round-failed.ts";

/** A provider as `fallback` sees it. */
export interface Candidate {
  readonly name: string;
  /** Asked only after so many rounds have failed. */
  readonly afterRounds: number;
  readonly state: ProviderState;
  /** The provider's own name of the model. */
  model(call: Call): string;
  /** The model's window in tokens, where it is known. */
  window(model: string): number | undefined;
  /** The environment variable that may hold its key. */
  readonly keyVariable?: string | undefined;
  /** Why it cannot serve this call, if it cannot. */
  unable(call: Call): SkipReason | undefined;
  readonly send: Send<AttemptCall>;
}

/** These may be chance: worth one more try, not many. */
const ONCE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["empty_answer", "malformed_output", "unexpected_response"]);

/** Until `attempt-timeouts` listens. */
const NOBODY: Progress = { headers() {}, bytes() {}, body() {}, content() {}, head() {}, finish() {}, reading() {} };

/**
 * One round: asks the providers in order and at once, until one begins to answer. Failing over costs no waiting;
 * waiting is the next round's business. A provider that broke this very answer off goes behind the others, and if it did
 * so for want of capacity, or twice, it is not asked before somebody has waited. Providers kept for a later round come at once when
 * nobody before them is worth another try.
 */
export function fallback(candidates: readonly Candidate[], permissions: Permissions): Send {
  return async (call) => {
    const able = chosen(candidates, call).filter((candidate) => isAble(candidate, call));
    const order = brokenLast(able, call);
    const isDue = ({ afterRounds }: Candidate) => afterRounds <= call.round;
    const tired = resting(call);
    for (const group of [order.filter(isDue), order.filter((candidate) => !isDue(candidate))]) {
      for (const candidate of group) {
        if (!isHopeful(candidate, call) || tired?.has(candidate.name)) continue;
        if (candidate.state.notBefore > call.clock.now()) {
          call.log.skip(candidate.name, "not_before");
          continue;
        }
        requireTime(call);
        try {
          return await ask(candidate, call);
        } catch (error) {
          if (call.signal.aborted) throw call.signal.reason;
          if (!ResilientClientError.isInstance(error)) throw error;
          if (endsTheCall(error, call, call.startBy, permissions)) throw error;
        }
      }
      if (group.some((candidate) => isHopeful(candidate, call))) break;
    }
    throw roundFailed(able, call, candidates);
  };
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

/** The providers the caller named, in the caller's order; all of them otherwise. */
function chosen(candidates: readonly Candidate[], { providers }: Call): readonly Candidate[] {
  if (!providers) return candidates;
  return providers.flatMap((name) => candidates.filter((candidate) => candidate.name === name));
}

function isAble(candidate: Candidate, call: Call): boolean {
  const reason = candidate.unable(call);
  if (reason) call.log.skip(candidate.name, reason);
  return !reason;
}

/** Whether nothing this call has learned makes asking the provider pointless. */
function isHopeful(candidate: Candidate, call: Call): boolean {
  const { name } = candidate;
  const last = call.log.failures.get(name);
  if (last) {
    if (!last.retryable) return false;
    const same = call.log.attempts.filter(({ provider, error }) => provider === name && error?.code === last.code);
    return !ONCE.has(last.code) || same.length < 2;
  }
  const window = candidate.window(candidate.model(call));
  if (window === undefined || window >= neededTokens(call)) return true;
  call.log.skip(name, "window");
  return false;
}

/** What other providers said the request needs; 0 while nobody complained. */
function neededTokens(call: Call): number {
  const needed = [...call.log.failures.values()].map(
    (error) => (error as { requestedTokens?: number }).requestedTokens,
  );
  return Math.max(0, ...needed.map((tokens) => tokens ?? 0));
}

function brokenLast(candidates: readonly Candidate[], call: Call): readonly Candidate[] {
  if (call.log.attempts.length === 0) return candidates;
  const breaks = ({ name }: Candidate) =>
    call.log.attempts.filter(({ provider, outcome }) => provider === name && outcome === "interrupted").length;
  return candidates.toSorted((a, b) => breaks(a) - breaks(b));
}

/**
 * The providers that are not asked again before somebody has waited: since the last wait they broke the answer off
 * because they are busy, or did so twice for whatever reason.
 */
function resting({ kind, log: { attempts } }: Call): ReadonlySet<string> | undefined {
  if (kind !== "resume") return undefined;
  const names = new Set<string>();
  const since = attempts.findLastIndex((attempt) => attempt.kind !== "resume");
  const broken = attempts.slice(Math.max(0, since)).filter(({ outcome }) => outcome === "interrupted");
  for (const { provider, error } of broken) {
    const isBusy = error?.code === "busy" || error?.code === "rate_limited";
    if (isBusy || broken.filter((other) => other.provider === provider).length > 1) names.add(provider);
  }
  return names;
}

function roundFailed(able: readonly Candidate[], call: Call, all: readonly Candidate[]): RoundFailed {
  const hopeful = able.filter((candidate) => isHopeful(candidate, call));
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
    return new AllProvidersFailedError(`All ${failures.length} providers failed: ${list.join(", ")}.`, {
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
