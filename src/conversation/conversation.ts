import type { ChatMessage, ChatModel } from "../chat/chat-request.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import type { CallPromise } from "../client/call-promise.ts";
import type { ChatStream } from "../client/chat-stream.ts";
import type { CallOptions } from "../client-options.ts";
import type { FlushPlan } from "../context/plan-flush.ts";
import type { ContextStrategy } from "../context/strategies.ts";
import type { TurnInput } from "./read-input.ts";
import type { Summarize } from "./summarize.ts";
import type { ConversationUsage } from "./usage-sum.ts";

/** A turn that did not end well. */
export interface FailedTurn {
  /** What was said: `send()` and `stream()` take it again, and so does `retry()`. */
  readonly input: readonly ChatMessage[];
  /** What it failed with: an error of the family, or the reason of an abort. */
  readonly error: unknown;
}

/** A conversation as plain data. It holds what was said, and no key. */
export interface ConversationJSON {
  /** Of this form. */
  readonly version: 1;
  readonly model: ChatModel;
  /** System message first. */
  readonly messages: readonly ChatMessage[];
}

/**
 * A chat that remembers what was said. A turn is an input and its answer. It enters the history when it is complete, and not before: one
 * that failed, was aborted or was left leaves the history exactly as it was. One turn runs at a time.
 */
export interface Conversation {
  /** The model its turns are sent to. */
  readonly model: ChatModel;
  /** What the next request begins with: the system message, then all that was said and not cut. Frozen; later turns make another list. */
  readonly messages: readonly ChatMessage[];
  /** Tokens of `messages` and tools: estimated, and corrected by what servers counted in turns before. */
  readonly tokens: number;
  /** What its turns and summaries have cost. A new chat (`reset()`) goes on counting, a fork begins at 0. */
  readonly usage: ConversationUsage;
  /** The last turn, if it failed. Until another one is complete, or it is tried again. */
  readonly failed: FailedTurn | undefined;
  /**
   * Says something, and resolves with the answer. While another turn runs it waits for it; the time limits begin with the
   * request. A turn whose signal aborts before its request was made leaves nothing, not even `failed`.
   *
   * @param input a text, content parts, or whole messages: results of tools, several messages
   * @throws what `chat.completions.create` throws
   * @throws InvalidRequestError when the input is none, leaves tool calls unanswered, or with `whenBusy: "refuse"`, another turn runs.
   * @throws ContextLengthError when the input and what must stay do not fit into the window; nothing was sent.
   */
  send(input: TurnInput, options?: CallOptions): CallPromise<ChatCompletion>;
  /**
   * Says something, and gives the answer as it comes. The turn is complete when the stream was read to its end. A stream that nobody has begun
   * to read is ended by the next turn.
   *
   * @throws InvalidRequestError while another turn runs or waits: it cannot wait, because its request is made now. And what `send` throws for the input.
   */
  stream(input: TurnInput, options?: CallOptions): ChatStream;
  /**
   * Sends the input of the failed turn again.
   * @throws InvalidRequestError when none failed. And what `send` throws.
   */
  retry(options?: CallOptions): CallPromise<ChatCompletion>;
  /**
   * Keeps a failed turn with the text that had arrived, as if it were the answer. Tool calls of it are not kept.
   * @throws InvalidRequestError when none failed, when no text of the answer had arrived, or while a turn runs.
   */
  keepInterrupted(): void;
  /** What `flush()` would do now. Nothing is changed. @param strategy defaults to those of `context` */
  planFlush(strategy?: ContextStrategy): FlushPlan;
  /**
   * Shortens the history now, to `context.cutTo` of what it is: a new chat (`newChat()`), a summary (`summarize()`, which asks the model), or
   * another way. Waits for a running turn. When it fails, the history stays as it was.
   *
   * @param how defaults to the strategies of `context`
   * @throws MalformedOutputError for a summary that was not finished. And what `chat.completions.create` throws, for a summary.
   * @throws InvalidRequestError with `whenBusy: "refuse"`, while a turn runs.
   */
  flush(how?: ContextStrategy | Summarize, options?: CallOptions): Promise<FlushPlan>;
  /** Begins a new chat with the same system message. @throws InvalidRequestError while a turn runs: abort it, and wait for it. */
  reset(): void;
  /** Another conversation that begins with the same history; a running turn is not part of it. */
  fork(): Conversation;
  /** What `conversationFromJSON()` reads. */
  toJSON(): ConversationJSON;
}
