import type { Call, ProviderCall, Send } from "../call.ts";
import type { ErrorCode } from "../error-codes.ts";
import type { Price } from "../money/price.ts";
import type { AttemptReport, SkipReason } from "../report.ts";
import type { ProviderState } from "../state/provider-state.ts";
import { isRepairable } from "./repair-malformed.ts";

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
  /** How it would go on with the call's answer; `undefined`: it can only start again. */
  way(call: Call): "prefix" | "prefill" | undefined;
  /** What a million tokens cost there at that time, where it is known. */
  price(model: string, now: number): Price | undefined;
  /** Whether it has another key than the one it was asked with last. */
  hasNewKey(): Promise<boolean>;
  /** Sends it there, past its circuit, its slots and its rate. */
  readonly send: Send<ProviderCall>;
}

/** These may be chance: worth one more try, not many. */
const ONCE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "empty_answer",
  "malformed_output",
  "unexpected_response",
  "guard",
]);

/** The providers the caller named, in the caller's order; all of them otherwise. */
export function chosen(candidates: readonly Candidate[], { providers }: Call): readonly Candidate[] {
  if (!providers) return candidates;
  return providers.flatMap((name) => candidates.filter((candidate) => candidate.name === name));
}

export function isAble(candidate: Candidate, call: Call): boolean {
  if (call.continues?.ways === "keep" && !candidate.way(call)) return false;
  const reason = candidate.unable(call);
  if (reason) call.log.skip(candidate.name, reason);
  return !reason;
}

/** Whether nothing this call has learned makes asking the provider pointless. */
export function isHopeful(candidate: Candidate, call: Call): boolean {
  const { name } = candidate;
  // What the call has spent only grows; what all calls have falls out of their window.
  if ((call.costs?.refused.get(name) ?? 0) > call.clock.now()) return false;
  if (call.log.tooLong.has(name)) return false;
  const last = call.log.failures.get(name);
  if (last && last !== call.log.refusals.get(name)) {
    if (!last.retryable) return false;
    if (!ONCE.has(last.code)) return true;
    const same = call.log.attempts.filter(({ provider, error }) => provider === name && error?.code === last.code);
    // What nobody understood may come again in a long answer, as long as that goes on behind it.
    const isPassed = (attempt: AttemptReport) =>
      last.code === "unexpected_response" && attempt.outcome === "interrupted" && !attempt.wasted;
    return same.filter((attempt) => !isPassed(attempt)).length < 2;
  }
  const window = candidate.window(candidate.model(call));
  if (window === undefined || window >= neededTokens(call)) return true;
  call.log.skip(name, "window");
  return false;
}

/** What other providers said the request needs; 0 while nobody complained. */
function neededTokens(call: Call): number {
  // A refusal to go on counted the answer so far as well.
  const failures = [...call.log.failures].filter(([name, error]) => error !== call.log.refusals.get(name));
  const needed = failures.map(([, error]) => (error as { requestedTokens?: number }).requestedTokens);
  return Math.max(0, ...needed.map((tokens) => tokens ?? 0));
}

function brokenLast(candidates: readonly Candidate[], call: Call): readonly Candidate[] {
  if (call.log.attempts.length === 0) return candidates;
  const breaks = ({ name }: Candidate) =>
    isRepairable(name, call)
      ? 0
      : call.log.attempts.filter(({ provider, outcome }) => provider === name && outcome === "interrupted").length;
  return candidates.toSorted((a, b) => breaks(a) - breaks(b));
}

/** Who is asked first: a provider that broke this very answer off comes behind the others, unless it goes on with it. */
export function inOrder(candidates: readonly Candidate[], call: Call): readonly Candidate[] {
  return continuingFirst(brokenLast(candidates, call), call);
}

/** A promise to go on is worth more than a new start, and that more than a best effort; but not where a guard ended the answer. */
function continuingFirst(candidates: readonly Candidate[], call: Call): readonly Candidate[] {
  if (!call.continues) return candidates;
  const isGuarded = ({ name }: Candidate) => call.log.failures.get(name)?.code === "guard";
  const weight = (candidate: Candidate) => (candidate.way(call) === "prefix" && !isGuarded(candidate) ? 0 : 1);
  return candidates.toSorted((a, b) => weight(a) - weight(b));
}

/**
 * Whether a provider is not asked again before somebody has waited: since the last wait it broke the answer off because it
 * is busy, or did so twice for whatever reason. An answer that goes on got further each time.
 */
export function isResting(candidate: Candidate, call: Call): boolean {
  const { attempts } = call.log;
  if (call.kind !== "resume") return false;
  const since = attempts.findLastIndex(({ kind }) => kind !== "resume" && kind !== "repair");
  const broken = attempts
    .slice(Math.max(0, since))
    .filter(({ provider, outcome }) => provider === candidate.name && outcome === "interrupted");
  const isBusy = broken.some(({ error }) => error?.code === "busy" || error?.code === "rate_limited");
  return isBusy || (broken.length > 1 && !candidate.way(call));
}
