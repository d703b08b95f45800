import type { ToolCall } from "./chat-request.ts";

/** Why an answer ended. Only the first three are a success; the others are thrown as typed errors. */
export type FinishReason =
  | "stop"
  | "length"
  | "tool_calls"
  | "content_filter"
  | "insufficient_system_resource"
  | "aborted"
  | (string & {});

/** What was counted and is billed. */
export interface Usage {
  readonly prompt_tokens: number;
  /** Thinking included. */
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** Part of the prompt found in the context cache. */
  readonly prompt_cache_hit_tokens?: number;
  readonly prompt_cache_miss_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number } | null;
}

/** How likely a token was. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
  readonly top_logprobs: readonly {
    readonly token: string;
    readonly logprob: number;
    readonly bytes: readonly number[] | null;
  }[];
}

/** How likely each token was, of the text and of the thinking. */
export interface ChoiceLogprobs {
  readonly content?: readonly TokenLogprob[] | null;
  readonly reasoning_content?: readonly TokenLogprob[] | null;
}

/** The answer. Fields a server adds are passed through. */
export interface CompletionMessage {
  readonly role: "assistant";
  readonly content: string;
  /** What the model thought; absent when it did not think. */
  readonly reasoning_content?: string;
  /** Whole, with parseable arguments. Absent with finish reason `length`: a cut call must never run. */
  readonly tool_calls?: readonly ToolCall[];
}

/** A whole answer, in the OpenAI SDK's shape. */
export interface ChatCompletion {
  readonly id: string;
  readonly object: "chat.completion";
  /** Seconds since the epoch. */
  readonly created: number;
  /** The model that answered, by the server's own name: not always the one asked for. */
  readonly model: string;
  /** The answer is the first and only one. */
  readonly choices: readonly {
    readonly index: number;
    readonly message: CompletionMessage;
    readonly logprobs: ChoiceLogprobs | null;
    readonly finish_reason: FinishReason;
  }[];
  /** Absent where the server sent none. */
  readonly usage?: Usage;
  readonly system_fingerprint?: string;
}

/** A piece of a tool call. The first of each `index` brings `id` and name, the others more of `arguments`. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string;
  readonly type?: "function";
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

/**
 * Marks the delta with which it turns out that all text before it was thinking: some local models think aloud and only
 * close the tag. Only answers of which nothing was delivered yet have it; no server can send a symbol.
 */
export const WAS_THINKING: unique symbol = Symbol("was thinking");

/** What a chunk adds to the message. */
export interface ChunkDelta {
  readonly role?: "assistant" | null;
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly tool_calls?: readonly ToolCallDelta[] | null;
  /** Why the model does not answer, in its own words. */
  readonly refusal?: string | null;
  /** @internal */
  readonly [WAS_THINKING]?: true;
}

/** The part of a chunk that belongs to the answer. */
export interface ChunkChoice {
  readonly index: number;
  readonly delta: ChunkDelta;
  readonly logprobs?: ChoiceLogprobs | null;
  readonly finish_reason: FinishReason | null;
}

/** A piece of a streamed answer, in the OpenAI SDK's shape. */
export interface ChatCompletionChunk {
  readonly id: string;
  readonly object: "chat.completion.chunk";
  readonly created: number;
  readonly model: string;
  /** Empty on a chunk that brings only `usage`. */
  readonly choices: readonly ChunkChoice[];
  readonly usage?: Usage | null;
  readonly system_fingerprint?: string;
}
