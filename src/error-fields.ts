import type { ChatMessage } from "./chat/chat-request.ts";
import type { EmptyKind, GuardKind, TimeoutPhase } from "./error-codes.ts";
import type { Issue } from "./standard-schema.ts";
import type { ToolStep } from "./tool-step.ts";

/** What the errors of a code have beside the fields of all. `all_providers_failed` has errors. */
export interface FieldsOfCode {
  readonly invalid_request: {
    /** Whether the server said that it does not have this model, or that this one cannot do what is asked: other providers are asked then. */
    readonly unknownModel?: boolean;
  };
  readonly insufficient_balance: {
    /** Whether the balance is enough for the same request with a smaller `max_tokens`, as the server said. */
    readonly fewerTokens?: boolean;
  };
  readonly rate_limited: {
    /** How many requests the account may have in flight, as the server said. */
    readonly concurrencyLimit?: number;
  };
  readonly timeout: {
    /** Which time ran out: that of `timeouts.startMs`, `totalMs`, `headersMs`, `queueMs`, `wireMs` or `contentMs`. */
    readonly phase: TimeoutPhase;
  };
  readonly empty_answer: {
    /** How it was empty. */
    readonly kind?: EmptyKind;
  };
  readonly guard: {
    /** Which one: `guards.repetition`, `minTokensPerSecond` (`throughput`) or `maxThinkingTokens` (`thinking`). */
    readonly guard: GuardKind;
  };
  readonly context_length: {
    /** The window in tokens, as the server said. */
    readonly maxTokens?: number;
    /** What was asked for in tokens (messages and completion), as the server said. */
    readonly requestedTokens?: number;
    /** What the messages alone were counted as, where the server said it. */
    readonly promptTokens?: number;
  };
  readonly schema: {
    /** What was wrong with the last answer, at least one. Not enumerable: the words may quote it. */
    readonly issues: readonly Issue[];
    /** The last answer, as the model wrote it; empty when none came. Not enumerable. */
    readonly raw: string;
  };
  readonly tool_steps: {
    /** All that was said, every call answered: a run can go on with it. Not enumerable: it is user data. */
    readonly messages: readonly ChatMessage[];
    /** What came of each answer. Not enumerable. */
    readonly steps: readonly ToolStep[];
  };
}
