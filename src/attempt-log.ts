import type { Clock } from "./async/clock.ts";
import type { TimeoutPhase } from "./error-codes.ts";
import type { ResilientClientError } from "./errors.ts";
import type { EventBody } from "./events.ts";
import { costOf, type Price, toPicodollars, toUsd } from "./money/price.ts";
import type { AttemptReport, TokenCounts } from "./report.ts";

/** Keeps the record of one attempt while it runs; what comes after its end is not part of it. */
export interface AttemptLog {
  /** The model that is asked, by the provider's own name. */
  asked(): string;
  /** It turned out which model that is: the attempt began without knowing. */
  asks(model: string): void;
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
  /** Whether `tokens` is an estimate, because the server never told. */
  readonly estimated?: boolean | undefined;
  /** What it cost in US dollars, as the server said. */
  readonly toldUsd?: number | undefined;
}

/** What an attempt is paid by. */
export interface Billing {
  /** The price when it started, where that is known. */
  readonly price: Price | undefined;
  /** Whether the host's own word of what it cost is believed. */
  readonly believesHost: boolean;
  /** Told of the attempt, once, when it has ended. */
  readonly onEnd?: ((attempt: AttemptReport) => void) | undefined;
}

/** Tokens of the parts an answer is made of, but for the one that is running. */
export interface KeptTokens extends TokenCounts {
  /** Whether the first prompt was counted, and not estimated. */
  readonly isPromptCounted: boolean;
}

export type AttemptStart = Pick<AttemptReport, "kind" | "provider" | "model" | "round"> & {
  /** @defaultValue 0 */
  readonly slotWaitMs?: number;
};
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type Emit = (body: EventBody) => void;

const QUEUED_EVERY_MS = 1000;

export function newAttempt(index: number, start: AttemptStart, startedAt: number): Mutable<AttemptReport> {
  return { index, slotWaitMs: 0, ...start, startedAt, outcome: "pending", wasted: false, estimated: false };
}

/** What a call wants to know of its attempts. */
interface AttemptHooks {
  onHead(): void;
  onFailure(error: ResilientClientError): unknown;
  onEnd(): unknown;
}

export function logAttempt(
  attempt: Mutable<AttemptReport>,
  clock: Clock,
  emit: Emit | undefined,
  { onHead, onFailure, onEnd }: AttemptHooks,
  billing?: Billing,
): AttemptLog {
  const elapsedMs = () => Math.max(0, Math.round(clock.now() - attempt.startedAt));
  let nextQueuedMs = 0;
  emit?.({ type: "attempt-start", attempt: { ...attempt } });
  return {
    asked: () => attempt.model,
    asks(model) {
      if (attempt.outcome === "pending") attempt.model = model;
    },
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
    end({ outcome, error, tokens, estimated = false, toldUsd }) {
      if (attempt.outcome !== "pending") return;
      const costUsd = billing && billed(billing, tokens, toldUsd);
      const hadHead = attempt.headMs !== undefined;
      attempt.outcome = outcome === "failed" && hadHead ? "interrupted" : outcome;
      attempt.endedMs = elapsedMs();
      attempt.wasted = outcome !== "succeeded" && (hadHead || tokens !== undefined);
      if (error) {
        attempt.error = describeError(error);
        onFailure(error);
      }
      if (tokens) attempt.tokens = tokens;
      if (costUsd !== undefined) attempt.costUsd = costUsd;
      attempt.estimated = estimated;
      billing?.onEnd?.(attempt);
      onEnd();
      emit?.({ type: "attempt-end", attempt: { ...attempt } });
    },
  };
}

function billed({ price, believesHost }: Billing, tokens?: TokenCounts, toldUsd?: number): number | undefined {
  if (believesHost && toldUsd !== undefined) return toUsd(toPicodollars(toldUsd));
  const cost = tokens && price && costOf(tokens, price);
  return cost === undefined ? undefined : toUsd(cost);
}

export function describeError(error: ResilientClientError): NonNullable<AttemptReport["error"]> {
  const { phase } = error as { phase?: TimeoutPhase };
  // Frozen, because every event and report shows the same one.
  return Object.freeze({ code: error.code, message: error.message, ...(phase && { phase }) });
}
