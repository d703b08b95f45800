import type { ErrorCode, TimeoutPhase } from "./error-codes.ts";

/** Tokens as a provider counted them. */
export interface TokenCounts {
  readonly promptTokens: number;
  /** Part of `promptTokens` found in the context cache. */
  readonly cachedTokens: number;
  /** Thinking included. */
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

/** What attempts cost, in US dollars: by a provider's prices, or as it said itself. */
export interface CostReport {
  /** Of what the answer is made of. */
  readonly useful: number;
  /** Of what was thrown away. */
  readonly wasted: number;
  /** Whether something of it is an estimate, or something was generated whose price is not known and is missing here. */
  readonly estimated: boolean;
}

/** Why a request was made. */
export type AttemptKind = "first" | "retry" | "fallback" | "hedge" | "resume" | "repair";

/**
 * Why a provider was not asked: `circuit_open`: it kept failing, and is left alone; `not_before`: it asked for a pause;
 * `queue_full`: no slot came free in time; `window`: the request is longer than its model's window, as far as is known; `tools`,
 * `images`, `json`, `thinking`: it cannot do that; `prefix`: it would begin the answer anew; `endpoint`: it has no such endpoint; `no_key`: it has none; `cost_limit`: too expensive.
 */
export type SkipReason =
  | "circuit_open"
  | "not_before"
  | "queue_full"
  | "window"
  | "tools"
  | "images"
  | "json"
  | "thinking"
  | "prefix"
  | "endpoint"
  | "no_key"
  | "cost_limit";

/** One request to one provider. */
export interface AttemptReport {
  /** Place in the call, from 0. */
  readonly index: number;
  /** The round of tries it belongs to, from 0. */
  readonly round: number;
  /** Why it was made. */
  readonly kind: AttemptKind;
  readonly provider: string;
  /** The model by the provider's own name; the requested one, until a local host has found its own. Of what is looked up, the request: `GET /models`. */
  readonly model: string;
  /** The server's own id of the request, for its support. */
  readonly requestId?: string;
  /** HTTP status. */
  readonly status?: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Time waited for a free place under the concurrency limit, before `startedAt`. */
  readonly slotWaitMs: number;
  /** From the start to the response headers. */
  readonly headersMs?: number;
  /** From the start to the first token: time to first token. */
  readonly headMs?: number;
  /** From the start to the end. */
  readonly endedMs?: number;
  /** `failed`: no token came. `interrupted`: it failed after the first. `cancelled`: nobody wanted it any more. */
  readonly outcome: "pending" | "succeeded" | "failed" | "interrupted" | "cancelled";
  /** Whether what it was paid for was thrown away: a broken answer that another attempt went on with was not. */
  readonly wasted: boolean;
  /** What it failed with. */
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly phase?: TimeoutPhase };
  /** What the provider counted, or an estimate where the answer broke off before it did; absent where nothing came. */
  readonly tokens?: TokenCounts;
  /**
   * What it cost in US dollars, by the prices of the moment it started or as the host itself said. Whole picodollars (1e-12).
   * Absent until it has ended, where nothing came, and where no price is known.
   */
  readonly costUsd?: number;
  /** Whether `tokens` and `costUsd` are estimates, because the server never told. */
  readonly estimated: boolean;
}

/** Where one attempt's answer ended and another's went on. */
export interface SeamReport {
  /** Characters of text delivered before it; 0: it broke off while thinking. */
  readonly atChar: number;
  /** The provider that broke off. */
  readonly from: string;
  /** The provider that went on. */
  readonly to: string;
  /** `prefix`: by promise; `prefill`: by best effort; `restart`: anew, and it said the same as far as it was delivered. */
  readonly how: "prefix" | "prefill" | "restart";
}

/** Everything that happened in one call. */
export interface Report {
  readonly callId: string;
  /** `aborted`: by the caller's signal, `abort()`, or by leaving the stream. */
  readonly outcome: "pending" | "succeeded" | "failed" | "aborted";
  /** Of a call that failed: what the caller was told. Absent where that is no error of this package, such as one your own function threw. */
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly phase?: TimeoutPhase };
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** From the start of the call to the first token. */
  readonly headMs?: number;
  /** From the start of the call to its end. */
  readonly endedMs?: number;
  /** Time spent in waits between attempts. */
  readonly waitedMs: number;
  /** In the order they were made. */
  readonly attempts: readonly AttemptReport[];
  /** Who was not asked, once for each reason. */
  readonly skipped: readonly { readonly provider: string; readonly reason: SkipReason }[];
  /** Where the answer broke off and went on, in order. A new start that threw away what had come is none. */
  readonly seams: readonly SeamReport[];
  /** What was changed in the request, or has no effect, and why: conversations that were cut (`fit-context`), and the rules of docs/requests.md. */
  readonly changes: readonly { readonly rule: string; readonly message: string }[];
  /** All tokens that were paid for, wasted ones included; estimates where a provider never counted (see each attempt). */
  readonly billed: TokenCounts;
  /** What all attempts that have ended cost together. Absent while none has a known cost. */
  readonly costUsd?: CostReport;
}
