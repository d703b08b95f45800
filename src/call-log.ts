import type { Clock } from "./async/clock.ts";
import {
  type AttemptLog,
  type AttemptStart,
  describeError,
  type Emit,
  logAttempt,
  type Mutable,
  newAttempt,
} from "./attempt-log.ts";
import type { ResilientClientError } from "./errors.ts";
import type { ClientEvent, WaitReason } from "./events.ts";
import type { AttemptReport, KeptTokens, Report, SeamReport, SkipReason, TokenCounts } from "./report.ts";

/** Keeps the record of one call: writes the report, tells the events. */
export interface CallLog {
  readonly callId: string;
  readonly attempts: readonly AttemptReport[];
  /** The last failure of each provider, in the order they first failed. */
  readonly failures: ReadonlyMap<string, ResilientClientError>;
  /** The call begins now: a stream may have been made long before it is read. */
  start(): void;
  begin(attempt: AttemptStart): AttemptLog;
  /** Why a provider would not go on with the answer that broke off; that says nothing about a new start there. */
  readonly refusals: ReadonlyMap<string, ResilientClientError>;
  refuse(provider: string, error: ResilientClientError): void;
  /** The answer broke off, and is about to go on. */
  resume(from: string, atChar: number): void;
  /** It goes on: what was delivered of it was kept. */
  seam(seam: SeamReport): void;
  /** What the parts before the running one cost: the first prompt, and all output. */
  kept(): KeptTokens;
  /**
   * It started again, so that what was generated before is wasted. What the consumer had been given of it was `kept`, is
   * `discarded`, or was `unseen`.
   */
  restart(delivered: "kept" | "discarded" | "unseen"): void;
  /** Its last part came to its end, but the answer as a whole is none: that attempt has failed after all. */
  spoil(error: ResilientClientError): void;
  /** Told once for each provider and reason. */
  skip(provider: string, reason: SkipReason): void;
  /** A wait begins. The returned function ends it. */
  wait(forMs: number, why: WaitReason): () => void;
  warn(code: string, message: string): void;
  /** Ends the record; only the first call counts. `error`: what the caller is told. */
  end(outcome: "succeeded" | "failed" | "aborted", error?: ResilientClientError): void;
  /** The report as it stands now. */
  report(): Report;
}

const NO_TOKENS: TokenCounts = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };

export function createCallLog(
  callId: string,
  clock: Clock,
  onEvent: ((event: ClientEvent) => void) | undefined,
): CallLog {
  let startedAt = Math.round(clock.now());
  const attempts: Mutable<AttemptReport>[] = [];
  const failures = new Map<string, ResilientClientError>();
  const refusals = new Map<string, ResilientClientError>();
  const skipped: { provider: string; reason: SkipReason }[] = [];
  const call: Mutable<Pick<Report, "outcome" | "error" | "headMs" | "endedMs" | "waitedMs">> = {
    outcome: "pending",
    waitedMs: 0,
  };

  const emit: Emit = (body) => {
    // The body of an event with the two fields all events have is that event.
    onEvent?.({ callId, at: Math.round(clock.now()), ...body } as ClientEvent);
  };
  const row = createRow(attempts, emit);
  const elapsedMs = () => Math.max(0, Math.round(clock.now() - startedAt));
  const report = () => writeReport({ callId, startedAt, ...call }, attempts, skipped, row.seams);

  return {
    callId,
    attempts,
    failures,
    refusals,
    report,
    start() {
      startedAt = Math.round(clock.now());
    },
    begin(start) {
      const attempt = newAttempt(attempts.length, start, Math.round(clock.now()));
      attempts.push(attempt);
      const onHead = () => {
        call.headMs ??= elapsedMs();
      };
      return logAttempt(attempt, clock, onEvent && emit, onHead, (error) => failures.set(attempt.provider, error));
    },
    refuse: (provider, error) => refusals.set(provider, error),
    resume: (from, atChar) => emit({ type: "resume", from, atChar }),
    seam: row.seam,
    restart: row.restart,
    kept: row.kept,
    spoil: (error) => failures.set(row.spoil(error), error),
    skip(provider, reason) {
      if (skipped.some((skip) => skip.provider === provider && skip.reason === reason)) return;
      skipped.push({ provider, reason });
      emit({ type: "provider-skipped", provider, reason });
    },
    wait(forMs, why) {
      const waitingSince = clock.now();
      emit({ type: "wait", forMs: Math.round(forMs), why });
      return () => {
        call.waitedMs += Math.round(clock.now() - waitingSince);
      };
    },
    warn: (code, message) => emit({ type: "warning", code, message }),
    end(outcome, error) {
      if (call.outcome !== "pending") return;
      call.outcome = outcome;
      if (error) call.error = describeError(error);
      call.endedMs = elapsedMs();
      if (onEvent) emit({ type: "call-end", report: report() });
    },
  };
}

/** Which attempts the answer is made of. */
function createRow(attempts: readonly Mutable<AttemptReport>[], emit: Emit) {
  const seams: SeamReport[] = [];
  /** The first attempt that the answer is made of. */
  let begunAt = 0;
  /** The attempt whose answer is being read. */
  const running = () => attempts.findLast(({ outcome }) => outcome === "pending" || outcome === "succeeded");
  /** Those that generated something before it. */
  const spent = (since: number) => {
    const until = running()?.index ?? attempts.length;
    return attempts.filter(({ index, headMs }) => index >= since && index < until && headMs !== undefined);
  };
  return {
    seams,
    seam(seam: SeamReport) {
      seams.push(seam);
      // A new start that said the same has paid for it again.
      if (seam.how !== "restart") for (const attempt of spent(begunAt)) attempt.wasted = false;
    },
    kept() {
      const parts = spent(begunAt).filter(({ wasted }) => !wasted);
      const all = parts.reduce((sum, { tokens }) => addTokens(sum, tokens), NO_TOKENS);
      const first = parts[0]?.tokens?.promptTokens ?? 0;
      return { ...all, promptTokens: first, isPromptCounted: parts[0]?.tokens !== undefined && !parts[0].estimated };
    },
    restart(delivered: "kept" | "discarded" | "unseen") {
      for (const attempt of spent(0)) attempt.wasted = true;
      begunAt = running()?.index ?? 0;
      if (delivered !== "kept") seams.length = 0;
      if (delivered === "discarded") emit({ type: "reset" });
    },
    /** Returns whose it was. */
    spoil(error: ResilientClientError): string {
      const last = running();
      if (last) Object.assign(last, { outcome: "interrupted", wasted: true, error: describeError(error) });
      return last?.provider ?? "";
    },
  };
}

function writeReport(
  call: Pick<Report, "callId" | "startedAt" | "outcome" | "error" | "headMs" | "endedMs" | "waitedMs">,
  attempts: readonly AttemptReport[],
  skipped: Report["skipped"],
  seams: Report["seams"],
): Report {
  return {
    ...call,
    attempts: attempts.map((attempt) => ({ ...attempt })),
    skipped: [...skipped],
    seams: [...seams],
    changes: [],
    billed: attempts.reduce((sum, attempt) => addTokens(sum, attempt.tokens), NO_TOKENS),
  };
}

function addTokens(sum: TokenCounts, more: TokenCounts | undefined): TokenCounts {
  if (!more) return sum;
  return {
    promptTokens: sum.promptTokens + more.promptTokens,
    cachedTokens: sum.cachedTokens + more.cachedTokens,
    completionTokens: sum.completionTokens + more.completionTokens,
    reasoningTokens: sum.reasoningTokens + more.reasoningTokens,
  };
}
