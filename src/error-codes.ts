/**
 * What went wrong, as a stable string. Codes are never renamed; new ones come with a minor version.
 *
 * - Nothing was sent: `invalid_options`, `missing_api_key`, `invalid_request`, `unsupported`, `client_closed`.
 * - The server or the way to it: `busy`, `rate_limited`, `timeout`, `connection`, `stream_interrupted`, `empty_answer`,
 *   `malformed_output`, `unexpected_response`.
 * - The account or the request: `authentication`, `insufficient_balance`, `permission`, `context_length`, `content_filter`.
 * - A limit of this client: `circuit_open`, `queue_full`, `cost_limit`, `guard`, `schema`, `tool_steps`.
 * - At least two providers were asked and all failed: `all_providers_failed`.
 */
export type ErrorCode =
  | "invalid_options"
  | "missing_api_key"
  | "invalid_request"
  | "unsupported"
  | "client_closed"
  | "busy"
  | "rate_limited"
  | "timeout"
  | "connection"
  | "stream_interrupted"
  | "empty_answer"
  | "malformed_output"
  | "unexpected_response"
  | "authentication"
  | "insufficient_balance"
  | "permission"
  | "context_length"
  | "content_filter"
  | "circuit_open"
  | "queue_full"
  | "cost_limit"
  | "guard"
  | "schema"
  | "tool_steps"
  | "all_providers_failed";

/** Which time ran out: see {@link TimeoutOptions} for what each one bounds. */
export type TimeoutPhase = "headers" | "queue" | "wire" | "content" | "start" | "total";

/** Which guard ended an answer: see {@link GuardOptions}. */
export type GuardKind = "repetition" | "throughput" | "thinking";

/** How an answer was empty. */
export type EmptyKind = "nothing" | "whitespace" | "reasoning_only" | "empty_body";

/** Codes whose failure may pass by itself, so that the same provider is worth asking again. */
export const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "busy",
  "rate_limited",
  "timeout",
  "connection",
  "stream_interrupted",
  "empty_answer",
  "malformed_output",
  "unexpected_response",
  "circuit_open",
  "queue_full",
  "guard",
  "all_providers_failed",
]);
