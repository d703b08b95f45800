import type { Clock } from "./async/clock.ts";
import type { TimeoutPhase } from "./error-codes.ts";
import type { ResilientClientError } from "./errors.ts";
import type { ClientEvent, EventBody, WaitReason } from "./events.ts";
import type { AttemptReport, Report, SkipReason, TokenCounts } from "./report.ts";

/** Keeps the record of one attempt while it runs; what comes after its end is not part of it. */
export interface AttemptLog {
  /** The server's response headers arrived. */
  responded(status: number, requestId: string | undefined): void;
  /** The server keeps the connection alive without having begun to answer. */
  queued(): void;
  /** The first token arrived. */
  head(): void;
  /** Ends the record; only the first call counts. */
  end(ending: Ending): void;
}

/** How an attempt's answer ended. */
export interface Ending {
  readonly outcome: "succeeded" | "failed" | "cancelled";
  readonly error?: ResilientClientError | undefined;
  readonly tokens?: TokenCounts | undefined;
}

type AttemptStart = Pick<AttemptReport, "kind" | "provider" | "model" | "round">;

/** Keeps the record of one call: writes the report, tells the events. */
export interface CallLog {
  readonly callId: string;
  readonly attempts: readonly AttemptReport[];
  /** The last failure of each provider, in the order they first failed. */
  readonly failures: ReadonlyMap<string, ResilientClientError>;
  /** The call begins now: a stream may have been made long before it is read. */
  start(): void;
  begin(attempt: AttemptStart): AttemptLog;
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

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NO_TOKENS: TokenCounts = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
const QUEUED_EVERY_MS = 1000;

export function createCallLog(
  callId: string,
  clock: Clock,
  onEvent: ((event: ClientEvent) => void) | undefined,
): CallLog {
  let startedAt = Math.round(clock.now());
  const attempts: Mutable<AttemptReport>[] = [];
  const failures = new Map<string, ResilientClientError>();
  const skipped: { provider: string; reason: SkipReason }[] = [];
  const call: Mutable<Pick<Report, "outcome" | "error" | "headMs" | "endedMs" | "waitedMs">> = {
    outcome: "pending",
    waitedMs: 0,
  };

  const emit: Emit = (body) => {
    // The body of an event with the two fields all events have is that event.
    onEvent?.({ callId, at: Math.round(clock.now()), ...body } as ClientEvent);
  };
  const elapsedMs = () => Math.max(0, Math.round(clock.now() - startedAt));
  const report = () => writeReport({ callId, startedAt, ...call }, attempts, skipped);

  return {
    callId,
    attempts,
    failures,
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

type Emit = (body: EventBody) => void;

function newAttempt(index: number, start: AttemptStart, startedAt: number): Mutable<AttemptReport> {
  return { index, ...start, startedAt, slotWaitMs: 0, outcome: "pending", wasted: false, estimated: false };
}

function logAttempt(
  attempt: Mutable<AttemptReport>,
  clock: Clock,
  emit: Emit | undefined,
  onHead: () => void,
  onFailure: (error: ResilientClientError) => void,
): AttemptLog {
  const elapsedMs = () => Math.max(0, Math.round(clock.now() - attempt.startedAt));
  let nextQueuedMs = 0;
  emit?.({ type: "attempt-start", attempt: { ...attempt } });
  return {
    responded(status, requestId) {
      if (attempt.outcome !== "pending") return;
      attempt.headersMs = elapsedMs();
      attempt.status = status;
      if (requestId !== undefined) attempt.requestId = requestId;
    },
    queued() {
      if (attempt.outcome !== "pending") return;
      const elapsed = elapsedMs();
      if (elapsed < nextQueuedMs) return;
      nextQueuedMs = elapsed + QUEUED_EVERY_MS;
      emit?.({ type: "attempt-queued", provider: attempt.provider, elapsedMs: elapsed });
    },
    head() {
      if (attempt.outcome !== "pending") return;
      attempt.headMs = elapsedMs();
      onHead();
      emit?.({ type: "attempt-head", attempt: { ...attempt } });
    },
    end({ outcome, error, tokens }) {
      if (attempt.outcome !== "pending") return;
      const hadHead = attempt.headMs !== undefined;
      attempt.outcome = outcome === "failed" && hadHead ? "interrupted" : outcome;
      attempt.endedMs = elapsedMs();
      attempt.wasted = outcome !== "succeeded" && hadHead;
      if (error) {
        attempt.error = describeError(error);
        onFailure(error);
      }
      if (tokens) attempt.tokens = tokens;
      emit?.({ type: "attempt-end", attempt: { ...attempt } });
    },
  };
}

function describeError(error: ResilientClientError): NonNullable<AttemptReport["error"]> {
  const { phase } = error as { phase?: TimeoutPhase };
  // Frozen, because every event and report shows the same one.
  return Object.freeze({ code: error.code, message: error.message, ...(phase && { phase }) });
}

function writeReport(
  call: Pick<Report, "callId" | "startedAt" | "outcome" | "error" | "headMs" | "endedMs" | "waitedMs">,
  attempts: readonly AttemptReport[],
  skipped: Report["skipped"],
): Report {
  return {
    ...call,
    attempts: attempts.map((attempt) => ({ ...attempt })),
    skipped: [...skipped],
    seams: [],
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
