import type { ChatMessage } from "./chat/chat-request.ts";
import { type EmptyKind, type ErrorCode, type GuardKind, RETRYABLE, type TimeoutPhase } from "./error-codes.ts";
import type { FieldsOfCode } from "./error-fields.ts";
import type { AttemptReport } from "./report.ts";
import type { Issue } from "./standard-schema.ts";
import type { ToolStep } from "./tool-step.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** What had arrived of an answer that did not end well. Tool calls are left out: half of one is worse than none. */
export interface PartialAnswer {
  /** The text so far; empty when none came. */
  readonly content: string;
  /** The thinking so far; empty when none came. */
  readonly reasoning_content: string;
  /** What the model said instead, where it refused to answer in the field for that. */
  readonly refusal?: string;
}

/** What an error may know beside its message. */
export interface ErrorDetails {
  /** Whether the same request may succeed at the same provider later. Follows from the code where left out. */
  readonly retryable?: boolean | undefined;
  /** Name of the provider that was asked. */
  readonly provider?: string | undefined;
  /** Model name as sent to that provider. */
  readonly model?: string | undefined;
  /** HTTP status, or the one an error inside an answer named. */
  readonly status?: number | undefined;
  /** The server's own id of the request (`x-ds-trace-id` at DeepSeek): quote it to its support. */
  readonly requestId?: string | undefined;
  /** Milliseconds since the epoch before which another try is pointless. */
  readonly retryAt?: number | undefined;
  /** Of a `timeout`: which time ran out. */
  readonly phase?: TimeoutPhase | undefined;
  /** Of a `guard`: which one. */
  readonly guard?: GuardKind | undefined;
  /** Of an `empty_answer`: how it was empty. */
  readonly kind?: EmptyKind | undefined;
  /** Of a `rate_limited`: how many requests the account may have in flight, as the server said. */
  readonly concurrencyLimit?: number | undefined;
  /** Of a `context_length`: the model's window in tokens, as the server said. */
  readonly maxTokens?: number | undefined;
  /** Of a `context_length`: what was asked for in tokens, as the server said. */
  readonly requestedTokens?: number | undefined;
  /** Of a `context_length`: what the messages alone were counted as, where the server said it. */
  readonly promptTokens?: number | undefined;
  /** Of an `invalid_request`: the server does not have this model, or cannot do with it what is asked; other providers may. */
  readonly unknownModel?: boolean | undefined;
  /** Of an `insufficient_balance`: the balance is enough for the same request with a smaller `max_tokens`. */
  readonly fewerTokens?: boolean | undefined;
  /** Of an `all_providers_failed`: the last error of each provider. */
  readonly errors?: readonly ResilientClientError[] | undefined;
  /** Of a `schema`: what was wrong with the last answer. */
  readonly issues?: readonly Issue[] | undefined;
  /** Of a `schema`: the last answer, as the model wrote it. */
  readonly raw?: string | undefined;
  /** Of a `tool_steps`: all that was said, every call answered. */
  readonly messages?: readonly ChatMessage[] | undefined;
  /** Of a `tool_steps`: what came of each answer. */
  readonly steps?: readonly ToolStep[] | undefined;
  /** What was thrown below, without keys and quotes of the conversation. */
  readonly cause?: unknown;
  /** Every request the call made, in order. */
  readonly attempts?: readonly AttemptReport[] | undefined;
  /** What had arrived of the answer before it failed. */
  readonly partial?: PartialAnswer | undefined;
}

/** Shared by all copies of this package in one process, so that guards work across them. */
const MARK = Symbol.for("resilient-deepseek.error");

/** Details that are not enumerable: long, or text of the user's conversation. (Node prints `cause` and `errors` all the same.) */
const QUIET: ReadonlySet<string> = new Set([
  "cause",
  "attempts",
  "partial",
  "errors",
  "issues",
  "raw",
  "messages",
  "steps",
]);

/**
 * The base of every error this package throws on purpose. A user's own abort reason is not wrapped in it: it comes back unchanged.
 *
 * Nothing of it holds an API key or the conversation, but for `partial` (the answer so far, not enumerable), and `raw` and `issues` of a
 * `schema` error (the same). Of what a
 * server said of its failure there are up to 300 characters, with keys and quotes of the conversation (16
 * characters and more) masked.
 */
export class ResilientClientError extends Error {
  /** The code all errors of this class have; none for the base class. */
  static readonly code: ErrorCode;
  /** What went wrong, as a stable string. It tells the classes apart, and which fields an error has beside those of all. */
  declare readonly code: ErrorCode;
  /** Whether the same request may succeed at the same provider later. */
  declare readonly retryable: boolean;
  /** Name of the provider that was asked. */
  declare readonly provider?: string;
  /** Model name as sent to that provider. */
  declare readonly model?: string;
  /** HTTP status, or the one an error inside an answer named. */
  declare readonly status?: number;
  /** The server's own id of the request (`x-ds-trace-id` at DeepSeek): quote it to its support. */
  declare readonly requestId?: string;
  /** Milliseconds since the epoch before which another try is pointless. */
  declare readonly retryAt?: number;
  /** Every request the call made, in order. Not enumerable. */
  declare readonly attempts: readonly AttemptReport[];
  /** What had arrived of the answer before it failed, if anything. Not enumerable and not in `toJSON()`: it is user data. */
  declare readonly partial?: PartialAnswer;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message);
    const { code } = new.target;
    Object.defineProperty(this, MARK, { value: true });
    Object.defineProperty(this, "name", { value: errorName(code), configurable: true });
    const known = { code, retryable: RETRYABLE.has(code), attempts: [], ...withoutUndefined(details) };
    for (const [key, value] of Object.entries(known)) {
      Object.defineProperty(this, key, { value, enumerable: !QUIET.has(key), configurable: true });
    }
  }

  /**
   * Whether `value` is an error of this class, even one thrown by another copy of this package. Asked of the base class,
   * it narrows to every error there is, so that `switch (error.code)` knows the fields of each.
   */
  static isInstance<T>(
    this: { readonly code: ErrorCode; readonly prototype: T },
    value: unknown,
  ): value is ResilientClientError extends T ? AnyResilientClientError : T {
    if (typeof value !== "object" || value === null || !(MARK in value)) return false;
    return this.code === undefined || (value as { code?: unknown }).code === this.code;
  }

  /** Everything that may be logged: no partial answer, no cause. */
  toJSON(): object {
    const { name, message, attempts } = this;
    return { ...this, name, message, attempts };
  }
}

/** The same error with another message or more details: an error thrown once is never changed. */
export function restateError<E extends ResilientClientError>(error: E, message: string, details: ErrorDetails): E {
  // `constructor` is the error's own class, whose constructors all take (message, details).
  const Same = error.constructor as new (message: string, details: ErrorDetails) => E;
  const quiet = Object.fromEntries([...QUIET].map((key) => [key, error[key as keyof E]]));
  const kept: object = { ...error, ...quiet };
  return new Same(message, { ...kept, ...withoutUndefined(details) });
}

/** `rate_limited` -> `RateLimitedError`: written out of the code, because minifiers rename classes. */
function errorName(code: ErrorCode | undefined): string {
  if (!code) return "ResilientClientError";
  return `${code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Error`;
}

interface AllFieldsOfCode extends FieldsOfCode {
  readonly all_providers_failed: {
    /** The last error of each provider, in the order they were asked. Not enumerable. */
    readonly errors: readonly AnyResilientClientError[];
  };
}

/** Every error of the family, told apart by `code`. */
export type AnyResilientClientError = {
  [Code in ErrorCode]: ResilientClientError & { readonly code: Code } & (Code extends keyof AllFieldsOfCode
      ? AllFieldsOfCode[Code]
      : unknown);
}[ErrorCode];
