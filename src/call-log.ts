import { type AnswerRow, addTokens, createAnswerRow, NO_TOKENS } from "./answer-row.ts";
import type { Clock } from "./async/clock.ts";
import {
  type AttemptLog,
  type AttemptStart,
  type Billing,
  describeError,
  type Emit,
  logAttempt,
  type Mutable,
  newAttempt,
} from "./attempt-log.ts";
import type { ResilientClientError } from "./errors.ts";
import type { ClientEvent, EventBody, WaitReason } from "./events.ts";
import { CostSum } from "./money/cost-sum.ts";
import type { UsageBook } from "./money/usage-book.ts";
import type { AttemptReport, Report, SkipReason } from "./report.ts";

/** What was done to a conversation that was too long. */
interface Flushed {
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  /** Of the beginning that stayed: the most a cache can still know when it is cut for the first time. */
  readonly tokensCached: number;
  /** Names of the strategies that did it. */
  readonly applied: readonly string[];
}

/** Keeps the record of one call: writes the report, tells the events. */
export interface CallLog extends AnswerRow {
  readonly callId: string;
  readonly attempts: readonly AttemptReport[];
  /** The last failure of each provider that has not begun to answer since, in the order they first failed. */
  readonly failures: ReadonlyMap<string, ResilientClientError>;
  /** The call begins now: a stream may have been made long before it is read. */
  start(): void;
  /** `billing`: left out, nobody knows what it costs. */
  begin(attempt: AttemptStart, billing?: Billing): AttemptLog;
  /** Why a provider would not go on with the answer that broke off; that says nothing about a new start there. */
  readonly refusals: ReadonlyMap<string, ResilientClientError>;
  refuse(provider: string, error: ResilientClientError): void;
  /** Providers whose window does not hold what must stay of the conversation. */
  readonly tooLong: Set<string>;
  /** The answer broke off, and is about to go on. */
  resume(from: string, atChar: number): void;
  /** Told once for each provider and reason. */
  skip(provider: string, reason: SkipReason): void;
  /** A wait begins. The returned function ends it. */
  wait(forMs: number, why: WaitReason): () => void;
  warn(code: string, message: string): void;
  /** Something of the request was changed on its way, or has no effect; told once. `rule`: a name in lower case with hyphens. */
  change(rule: string, message: string): void;
  /** A provider gets less of the conversation. */
  flushed(provider: string, flush: Flushed): void;
  /** Tells the listeners what this call brought about. */
  tell(body: EventBody): void;
  /** Ends the record; only the first call counts. `error`: what the caller is told. */
  end(outcome: "succeeded" | "failed" | "aborted", error?: ResilientClientError): void;
  /** The report as it stands now. */
  report(): Report;
}

export function createCallLog(
  callId: string,
  clock: Clock,
  onEvent: ((event: ClientEvent) => void) | undefined,
  book?: Pick<UsageBook, "addCall" | "addAttempt">,
): CallLog {
  let startedAt = Math.round(clock.now());
  const attempts: Mutable<AttemptReport>[] = [];
  const [failures, refusals] = [new Map<string, ResilientClientError>(), new Map<string, ResilientClientError>()];
  const skipped: { provider: string; reason: SkipReason }[] = [];
  const changes: Change[] = [];
  const call: Mutable<CallFields> = { outcome: "pending", waitedMs: 0 };
  const emit: Emit = (body) => {
    // The body of an event with the two fields all events have is that event.
    onEvent?.({ callId, at: Math.round(clock.now()), ...body } as ClientEvent);
  };
  const row = createAnswerRow(attempts, failures, emit);
  const elapsedMs = () => Math.max(0, Math.round(clock.now() - startedAt));
  const report = () => writeReport({ callId, startedAt, ...call }, attempts, { skipped, seams: row.seams, changes });

  return {
    callId,
    attempts,
    failures,
    refusals,
    tooLong: new Set(),
    report,
    start() {
      startedAt = Math.round(clock.now());
    },
    begin(start, billing) {
      const attempt = newAttempt(attempts.length, start, Math.round(clock.now()));
      attempts.push(attempt);
      const onHead = () => noteHead(call, elapsedMs(), failures, attempt);
      const onFailure = (error: ResilientClientError) => failures.set(attempt.provider, error);
      const onEnd = () => call.outcome !== "pending" && book?.addAttempt(attempt);
      return logAttempt(attempt, clock, onEvent && emit, { onHead, onFailure, onEnd }, billing);
    },
    refuse: (provider, error) => refusals.set(provider, error),
    resume: (from, atChar) => emit({ type: "resume", from, atChar }),
    ...row,
    skip(provider, reason) {
      if (skipped.some((skip) => skip.provider === provider && skip.reason === reason)) return;
      skipped.push({ provider, reason });
      emit({ type: "provider-skipped", provider, reason });
    },
    wait(forMs, why) {
      emit({ type: "wait", forMs: Math.round(forMs), why });
      return timeWait(call, clock);
    },
    tell: emit,
    warn: (code, message) => emit({ type: "warning", code, message }),
    change: (rule, message) => noteOnce(changes, { rule, message }),
    flushed(provider, flush) {
      noteOnce(changes, { rule: "fit-context", message: describeFlush(provider, flush) });
      emit({ type: "flush", provider, tokensBefore: flush.tokensBefore, tokensAfter: flush.tokensAfter });
    },
    end(outcome, error) {
      if (call.outcome !== "pending") return;
      call.outcome = outcome;
      if (error) call.error = describeError(error);
      call.endedMs = elapsedMs();
      book?.addCall(attempts.filter((attempt) => attempt.outcome !== "pending"));
      if (onEvent) emit({ type: "call-end", report: report() });
    },
  };
}

type CallFields = Pick<Report, "outcome" | "error" | "headMs" | "endedMs" | "waitedMs">;
type Change = Report["changes"][number];

function noteHead(
  call: Mutable<CallFields>,
  elapsedMs: number,
  failures: Map<string, ResilientClientError>,
  { provider }: AttemptReport,
): void {
  call.headMs ??= elapsedMs;
  // It is past that: its answer may go on there.
  failures.delete(provider);
}

function timeWait(call: Mutable<CallFields>, clock: Clock): () => void {
  const waitingSince = clock.now();
  return () => {
    call.waitedMs += Math.round(clock.now() - waitingSince);
  };
}

function noteOnce(changes: Change[], { rule, message }: Change): void {
  if (!changes.some((known) => known.rule === rule && known.message === message)) changes.push({ rule, message });
}

function describeFlush(provider: string, { tokensBefore, tokensAfter, tokensCached, applied }: Flushed): string {
  return `${applied.join(", ")}: about ${tokensBefore} to ${tokensAfter} tokens for ${provider}, of which a cache may know ${tokensCached}`;
}

function writeReport(
  call: CallFields & Pick<Report, "callId" | "startedAt">,
  attempts: readonly AttemptReport[],
  { skipped, seams, changes }: Pick<Report, "skipped" | "seams" | "changes">,
): Report {
  const costs = new CostSum();
  for (const attempt of attempts) costs.add(attempt);
  const costUsd = costs.report;
  return {
    ...call,
    attempts: attempts.map((attempt) => ({ ...attempt })),
    skipped: [...skipped],
    seams: [...seams],
    changes: [...changes],
    billed: attempts.reduce((sum, attempt) => addTokens(sum, attempt.tokens), NO_TOKENS),
    ...(costUsd && { costUsd }),
  };
}
