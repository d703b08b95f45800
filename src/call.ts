import type { Clock } from "./async/clock.ts";
import type { AttemptLog, Billing, Ending } from "./attempt-log.ts";
import type { CallLog } from "./call-log.ts";
import type { BegunAnswer } from "./chat/begun-answer.ts";
import type { ChatRequest } from "./chat/chat-request.ts";
import type { ChatCompletionChunk } from "./chat/chat-response.ts";
import type { Kept } from "./chat/continue-request.ts";
import type { Watch } from "./chat/watch.ts";
import type { Endpoint } from "./endpoints/endpoint.ts";
import type { ForcedToolChoice } from "./prepare/tool-rules.ts";
import type { AttemptKind } from "./report.ts";
import type { CallCosts } from "./state/cost-account.ts";

/**
 * One call of the user's, as the policies hand it down. Readonly: a policy passes changes on as a copy.
 *
 * Three words are used everywhere:
 * - **head**: the first generated token of any kind (text, reasoning or tool call; a role-only opener is none). A `Send`
 *   resolves there.
 * - **delivered**: what the consumer was really given.
 * - **tail**: everything after the head. `Reply.closed` settles at its end.
 */
export interface Call {
  readonly id: string;
  /** Validated. Without `stream`: how the bytes travel is `wire`'s business. */
  readonly request: ChatRequest;
  /** Where it goes; `undefined`: to chat completions. */
  readonly endpoint?: Endpoint | undefined;
  /** How the answer travels: as server-sent events, or as one JSON body. */
  readonly wire: "stream" | "json";
  /** `whole`: tool calls come all together, with the accepted finish. `live`: piece by piece. */
  readonly toolCalls: "whole" | "live";
  /** Whether an answer without text is an answer. */
  readonly allowEmpty: boolean;
  /** The format of the whole answer: a request that goes on with a part of it does not name it. */
  readonly responseFormat: ChatRequest["response_format"];
  /** What becomes of a `tool_choice` that forces a tool while the model thinks. */
  readonly forcedToolChoice: ForcedToolChoice;
  /** Only these providers, in this order. */
  readonly providers?: readonly string[] | undefined;
  /** Extra headers of the caller's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  /** Aborts everything the call is doing. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: CallLog;
  /** When the first token must have come; milliseconds since the epoch. `deadline` sets it, `resume` renews it. */
  readonly startBy: number;
  /** When all must be over. */
  readonly deadlineAt: number;
  /** Who goes first when calls wait: higher goes before. */
  readonly priority: number;
  /** The round of tries, from 0. */
  readonly round: number;
  /** Why the next attempt is made, where a policy knows better than `fallback`. */
  readonly kind?: AttemptKind | undefined;
  /** What the consumer was given so far, at this moment. */
  readonly delivered: () => Delivered;
  /** The answer that broke off and is to go on. `resume` sets it. */
  readonly continues?: Continues | undefined;
  /** How this attempt goes on with it. `continue-answer` sets it. */
  readonly continued: Reply["continued"];
  /** What it may cost. `cost-limit` sets it, for calls with a limit. */
  readonly costs?: CallCosts | undefined;
}

/** What the consumer was really given of an answer, and how it reads. */
export interface Delivered extends BegunAnswer {
  /** `whole`: it sees nothing before the end; `parts`: it can be told to discard; `pieces`: it keeps what it saw. */
  readonly reader: "whole" | "parts" | "pieces";
}

/** An answer that is to go on. */
export interface Continues extends Kept {
  /**
   * `keep`: only where the answer can go on; `any`: where it can, and anew elsewhere; `restart`: anew, because it can go
   * on nowhere.
   */
  readonly ways: "keep" | "any" | "restart";
}

/** What a consumer must know of how its answer went on. */
export type Break =
  /** The answer was cut here and goes on: by continuation or by starting again, at this provider. */
  | { readonly type: "seam"; readonly atChar: number; readonly from: string; readonly to: string }
  /** The answer starts again: discard everything before. */
  | { readonly type: "reset" };

/** A call on its way to one provider, below `fallback`. */
export interface ProviderCall extends Call {
  readonly provider: string;
  /** The model by the provider's own name. */
  readonly model: string;
  /** Whether others can serve the call too, so that a long wait here is worth less than asking them. */
  readonly hasOthers: boolean;
  /** No longer than that does it wait for a slot or a turn, in milliseconds: then others are asked. */
  readonly patienceMs: number;
  /** How long it waited for a slot. */
  readonly slotWaitMs: number;
  /** Whether it is cut as soon as somebody knows its model's window. `fit-to-window` sets it. */
  readonly cutsLater?: boolean | undefined;
  /** The request before it was repaired for this provider: its limits are those of the whole answer. `repair-request` sets it. */
  readonly unrepaired?: ChatRequest | undefined;
  /** What its next attempt may cost. `cost-limit` sets it, for calls with a limit. */
  readonly spending?: Spending | undefined;
}

/** An attempt whose cost is watched. */
export interface Spending {
  /** About how many tokens its prompt is. */
  readonly promptTokens: number;
  readonly watch: Watch;
  readonly onEnd: NonNullable<Billing["onEnd"]>;
}

/** A request of a call to one provider. */
export interface AttemptCall extends ProviderCall {
  readonly attempt: AttemptLog;
  readonly progress: Progress;
  /** Looks at the answer while it comes; policies that watch put theirs around it. `undefined`: nobody does. */
  readonly watch: Watch | undefined;
}

/** Told by the transport as bytes arrive; `attempt-timeouts` listens. */
export interface Progress {
  /** Response headers arrived. */
  headers(): void;
  /** Bytes of any kind arrived: the connection lives. */
  bytes(): void;
  /** An answer began to arrive whole: it is on its way, and its first token is not known yet. */
  body(): void;
  /** Something generated arrived. */
  content(): void;
  /** The head was reached. */
  head(): void;
  /** A finish reason arrived; `settle` is called when the server takes too long to end the stream after it. */
  finish(settle: () => void): void;
  /** Whether somebody waits for bytes right now: a slow consumer is no stalled server. */
  reading(isReading: boolean): void;
}

/**
 * An answer that has begun. Reading is split in two so that many chunks of one network read cost one promise:
 * `take` what is there, then wait for `more`.
 *
 * Not a generator on purpose: a generator that was never started does not run its `finally`, and an async layer more
 * costs as much as parsing the chunks.
 */
export interface Reply {
  readonly provider: string;
  /** The model by the provider's own name. */
  readonly model: string;
  /** How this answer follows what was delivered before it. */
  readonly continued: "fresh" | "prefix" | "prefill" | "restart";
  /** What the consumer must know of how the answer went on, in order. Grows during `more` only. */
  readonly breaks: readonly Break[];
  /** Whether pieces of tool calls came, shown or held back: nobody can go on from there. */
  readonly hasToolCalls: boolean;
  /** Whether what it gave out as text may still turn out to have been thinking. */
  readonly isUnsettled?: boolean | undefined;
  /** The thinking of this answer, where that of another run was shown. */
  readonly unshownReasoning?: string | undefined;
  /** The next chunk, if one is there. Never throws. */
  take(): ChatCompletionChunk | undefined;
  /** Waits until `take` has something: `true`; or until the answer is complete: `false`. Rejects when it failed. */
  more(): Promise<boolean>;
  /** Closes the connection and gives everything back. Does nothing after the end. */
  cancel(): void;
  /**
   * Settles, and never rejects, when the answer ended, failed or was cancelled and everything was given back. Of a reply
   * that may go on elsewhere, it is that of the part which is running.
   */
  readonly closed: Promise<Ending>;
}

/** Of a reply that never breaks. */
export const NO_BREAKS: readonly Break[] = [];

/** Whether the answer has started again since so many breaks. */
export function isReset(breaks: readonly Break[], since: number): boolean {
  return breaks.length > since && breaks.slice(since).some(({ type }) => type === "reset");
}

/** Sends a call and resolves at the head. */
export type Send<C = Call> = (call: C) => Promise<Reply>;

/** A step around a `Send`. */
export type Policy<C = Call> = (call: C, next: Send<C>) => Promise<Reply>;

/** Puts policies around `send`; the first one is the outermost. */
export function compose<C = Call>(policies: readonly Policy<C>[], send: Send<C>): Send<C> {
  return policies.reduceRight<Send<C>>((next, policy) => (call) => policy(call, next), send);
}
