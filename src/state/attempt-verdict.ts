import type { Ending } from "../attempt-log.ts";
import type { ErrorCode } from "../error-codes.ts";

/** Why a provider is left alone: it has no capacity, it does not answer, or it refuses the account. */
export type OpenCause = "load" | "dead_host" | "account";

/** What an attempt says about the provider's health. `neutral`: nothing. */
export type Verdict = OpenCause | "alive" | "neutral";

export function isFailure(verdict: Verdict): verdict is OpenCause {
  return verdict !== "alive" && verdict !== "neutral";
}

/** Whoever answers, and be it with a refusal, is alive. What this client said to itself says nothing about anybody. */
const VERDICTS: Readonly<Record<ErrorCode, Verdict>> = {
  busy: "load",
  stream_interrupted: "load", // Short: a cut may be a server that restarts.
  unexpected_response: "load",
  timeout: "dead_host",
  connection: "dead_host",
  authentication: "account",
  insufficient_balance: "account",
  permission: "account",
  rate_limited: "alive", // Somebody counts our requests: how many at once is the concurrency limit's business.
  empty_answer: "alive",
  malformed_output: "alive",
  context_length: "alive",
  content_filter: "alive",
  invalid_request: "alive",
  invalid_options: "neutral",
  missing_api_key: "neutral",
  unsupported: "neutral",
  client_closed: "neutral",
  circuit_open: "neutral",
  queue_full: "neutral",
  cost_limit: "neutral",
  guard: "neutral",
  schema: "neutral",
  tool_steps: "neutral",
  all_providers_failed: "neutral",
};

/**
 * What an attempt that ended says about its provider. One that was cancelled (an abort, a lost race, the call's own time)
 * says nothing.
 */
export function judgeEnding({ outcome, error }: Ending): Verdict {
  if (outcome === "succeeded") return "alive";
  if (outcome === "cancelled" || !error) return "neutral";
  const { phase, status, code, fewerTokens } = error as { phase?: string; fewerTokens?: boolean } & typeof error;
  if (phase === "start" || phase === "total") return "neutral";
  // There is enough for the others.
  if (fewerTokens) return "alive";
  // Without a status it was found before anything was sent.
  if ((code === "invalid_request" || code === "context_length") && status === undefined) return "neutral";
  // A code of a newer copy of this package.
  return VERDICTS[code] ?? "neutral";
}
