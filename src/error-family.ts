import type { ChatMessage } from "./chat/chat-request.ts";
import type { EmptyKind, GuardKind, TimeoutPhase } from "./error-codes.ts";
import { type AnyResilientClientError, type ErrorDetails, ResilientClientError } from "./errors.ts";
import type { Issue } from "./standard-schema.ts";
import type { ToolStep } from "./tool-step.ts";

/** An option of the client is unknown or out of range. Thrown at once, before anything is sent. */
export class InvalidOptionsError extends ResilientClientError {
  static override readonly code = "invalid_options";
  declare readonly code: "invalid_options";
}

/** No API key was given and none stands in the provider's environment variable. */
export class MissingApiKeyError extends ResilientClientError {
  static override readonly code = "missing_api_key";
  declare readonly code: "missing_api_key";
}

/** The request breaks a rule of the API: found before sending, or said by the server with a 4xx. */
export class InvalidRequestError extends ResilientClientError {
  static override readonly code = "invalid_request";
  declare readonly code: "invalid_request";
  /** Whether the server said that it does not have this model, or that this one cannot do what is asked: other providers are asked then. */
  declare readonly unknownModel?: boolean;
}

/** No provider of this client can serve such a request (tools, images, a larger window). */
export class UnsupportedError extends ResilientClientError {
  static override readonly code = "unsupported";
  declare readonly code: "unsupported";
}

/** The client was closed before or during the call. */
export class ClientClosedError extends ResilientClientError {
  static override readonly code = "client_closed";
  declare readonly code: "client_closed";
}

/** The server has no capacity at the moment: 5xx, a "busy" body, an error inside a stream, `insufficient_system_resource`. */
export class BusyError extends ResilientClientError {
  static override readonly code = "busy";
  declare readonly code: "busy";
}

/** HTTP 429. `retryAt` is known where the server named a time, `concurrencyLimit` where it named its limit. */
export class RateLimitedError extends ResilientClientError {
  static override readonly code = "rate_limited";
  declare readonly code: "rate_limited";
  /** How many requests the account may have in flight, as the server said. */
  declare readonly concurrencyLimit?: number;
}

/** A time limit ran out; `phase` says which. */
export class TimeoutError extends ResilientClientError {
  static override readonly code = "timeout";
  declare readonly code: "timeout";
  /** Which time ran out: that of `timeouts.startMs`, `totalMs`, `headersMs`, `queueMs`, `wireMs` or `contentMs`. */
  readonly phase: TimeoutPhase;

  constructor(message: string, details: ErrorDetails & { readonly phase: TimeoutPhase }) {
    super(message, details);
    this.phase = details.phase;
  }
}

/** No connection: refused, reset before an answer, DNS, TLS. */
export class ConnectionError extends ResilientClientError {
  static override readonly code = "connection";
  declare readonly code: "connection";
}

/** The answer began and broke off: cut, or ended without a finish reason. `partial` holds what had arrived. */
export class StreamInterruptedError extends ResilientClientError {
  static override readonly code = "stream_interrupted";
  declare readonly code: "stream_interrupted";
}

/** The server called the answer finished, but there is none. */
export class EmptyAnswerError extends ResilientClientError {
  static override readonly code = "empty_answer";
  declare readonly code: "empty_answer";
  /** How it was empty. */
  declare readonly kind?: EmptyKind;
}

/** The answer is finished but unusable: tool calls without a name, with arguments that are no JSON, or as plain text. */
export class MalformedOutputError extends ResilientClientError {
  static override readonly code = "malformed_output";
  declare readonly code: "malformed_output";
}

/** Bytes that are no chat completion, or a finish reason nobody knows. */
export class UnexpectedResponseError extends ResilientClientError {
  static override readonly code = "unexpected_response";
  declare readonly code: "unexpected_response";
}

/** HTTP 401: the key is wrong. */
export class AuthenticationError extends ResilientClientError {
  static override readonly code = "authentication";
  declare readonly code: "authentication";
}

/** HTTP 402: the account has no balance. */
export class InsufficientBalanceError extends ResilientClientError {
  static override readonly code = "insufficient_balance";
  declare readonly code: "insufficient_balance";
  /** Whether the balance is enough for the same request with a smaller `max_tokens`, as the server said. */
  declare readonly fewerTokens?: boolean;
}

/** HTTP 403 with a JSON body: the key may not do this. */
export class PermissionError extends ResilientClientError {
  static override readonly code = "permission";
  declare readonly code: "permission";
}

/** The conversation is longer than the model's context window. */
export class ContextLengthError extends ResilientClientError {
  static override readonly code = "context_length";
  declare readonly code: "context_length";
  /** The window in tokens, as the server said. */
  declare readonly maxTokens?: number;
  /** What was asked for in tokens (messages and completion), as the server said. */
  declare readonly requestedTokens?: number;
  /** What the messages alone were counted as, where the server said it. */
  declare readonly promptTokens?: number;
}

/** The provider or the model refused. Mostly deterministic: the same request fails again. */
export class ContentFilterError extends ResilientClientError {
  static override readonly code = "content_filter";
  declare readonly code: "content_filter";
}

/** The provider failed so often that it is left alone for a while. */
export class CircuitOpenError extends ResilientClientError {
  static override readonly code = "circuit_open";
  declare readonly code: "circuit_open";
}

/** Too many calls wait already. */
export class QueueFullError extends ResilientClientError {
  static override readonly code = "queue_full";
  declare readonly code: "queue_full";
}

/** The call would cost, or has cost, more than was allowed. */
export class CostLimitError extends ResilientClientError {
  static override readonly code = "cost_limit";
  declare readonly code: "cost_limit";
}

/** A guard ended the answer: it repeated itself, came too slowly, or was thought about without end. `partial` holds what had arrived. */
export class GuardError extends ResilientClientError {
  static override readonly code = "guard";
  declare readonly code: "guard";
  /** Which one: `guards.repetition`, `minTokensPerSecond` (`throughput`) or `maxThinkingTokens` (`thinking`). */
  readonly guard: GuardKind;

  constructor(message: string, details: ErrorDetails & { readonly guard: GuardKind }) {
    super(message, details);
    this.guard = details.guard;
  }
}

/** None of the answers fits the schema. `attempts` are those of all asks. */
export class SchemaError extends ResilientClientError {
  static override readonly code = "schema";
  declare readonly code: "schema";
  /** What was wrong with the last answer, at least one. Not enumerable: the words may quote it. */
  declare readonly issues: readonly Issue[];
  /** The last answer, as the model wrote it; empty when none came. Not enumerable. */
  declare readonly raw: string;
}

/** The model still asked for tools after the last permitted step. */
export class ToolStepsError extends ResilientClientError {
  static override readonly code = "tool_steps";
  declare readonly code: "tool_steps";
  /** All that was said, every call answered: a run can go on with it. Not enumerable: it is user data. */
  declare readonly messages: readonly ChatMessage[];
  /** What came of each answer. Not enumerable. */
  declare readonly steps: readonly ToolStep[];
}

/** At least two providers were asked and all of them failed. */
export class AllProvidersFailedError extends ResilientClientError {
  static override readonly code = "all_providers_failed";
  declare readonly code: "all_providers_failed";
  /** The last error of each provider, in the order they were asked. Not enumerable. */
  declare readonly errors: readonly AnyResilientClientError[];
}
