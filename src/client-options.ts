import type { Clock } from "./async/clock.ts";
import type { ClientEvent } from "./events.ts";
import type { AttemptTimeoutOptions } from "./policies/attempt-timeouts.ts";
import type { BreakerOptions } from "./policies/circuit-breaker.ts";
import type { LimitOptions } from "./policies/concurrency-limit.ts";
import type { CostWindowOptions } from "./policies/cost-limit.ts";
import type { DeadlineOptions } from "./policies/deadline.ts";
import type { ContextOptions } from "./policies/fit-context.ts";
import type { GuardOptions } from "./policies/guards.ts";
import type { HedgeOptions } from "./policies/hedge.ts";
import type { StartWithinOptions, TimeWindow } from "./policies/off-peak.ts";
import type { Order } from "./policies/order-candidates.ts";
import type { Priority } from "./policies/priority.ts";
import type { ResumeOptions } from "./policies/resume.ts";
import type { RetryOptions } from "./policies/retry.ts";
import type { RetryBudgetOptions } from "./policies/retry-budget.ts";
import type { ApiKey } from "./providers/host-options.ts";
import type { Provider } from "./providers/provider.ts";
import type { StateStore } from "./state/state-store.ts";

/** All time limits, in milliseconds. `Infinity` switches one off. */
export interface TimeoutOptions extends DeadlineOptions, AttemptTimeoutOptions {}

/** A named row of defaults. */
export type Profile = "interactive" | "patient" | "batch";

/** Options of one call. All but `signal` and `providers` may also stand in the client's options. */
export interface CallOptions {
  /** Ends the call. Its reason comes back unchanged, whatever its type. */
  readonly signal?: AbortSignal | undefined;
  /** Names of the providers to use, in this order. @defaultValue all of the client's, in their order */
  readonly providers?: readonly string[] | undefined;
  /**
   * Which row of defaults applies: `interactive` for somebody who waits (2 minutes to the first token), `patient` for
   * somebody who would rather wait than fail (15 minutes; 5, 10, 30 s between rounds), `batch` for nobody (no limit).
   * @defaultValue "interactive"
   */
  readonly profile?: Profile | undefined;
  /**
   * Time limits, in milliseconds: of the call, and of each phase of an attempt. Those left out keep their defaults.
   * @defaultValue 2 minutes to the first token (`startMs`), none for the whole call (`totalMs`); see each
   */
  readonly timeouts?: TimeoutOptions | undefined;
  /**
   * How often all providers are asked again when all of them failed, and how long is waited before. `false`: one round,
   * in which each is asked once. An answer that broke off is `resume`'s business.
   * @defaultValue `{ maxRounds: Infinity, backoff: exponential() }`: until `timeouts.startMs`; 5, 10, 30 s between rounds in the profiles `patient` and `batch`
   */
  readonly retry?: RetryOptions | false | undefined;
  /**
   * How an answer that broke off goes on. `false`: it fails with what had arrived.
   * @defaultValue `{ maxResumes: 5, onUnresumable: "fail", bestEffort: false, continueOnLength: 0 }`
   */
  readonly resume?: ResumeOptions | false | undefined;
  /**
   * Who goes first when calls wait for a slot, or for the retry budget: `high` is 10, `normal` 0, `low` -10; any other number may stand between or
   * beyond. An answer that broke off goes on before all that are not higher than `high`.
   * @defaultValue "normal"; "low" in profile `batch`
   */
  readonly priority?: Priority | undefined;
  /**
   * Asks the next provider while the first one still keeps the call in its queue; whoever begins first is read, and the
   * others are closed. `false`: never.
   * @defaultValue `{ queuedAfterMs: 60_000, afterMs: false }`
   */
  readonly hedge?: HedgeOptions | false | undefined;
  /**
   * Hours in which the call may start: `quietHours()`, `deepseekOffPeak()`, your own, or with limits to the wait. The wait
   * comes before `timeouts.startMs` and `timeouts.totalMs`.
   * @defaultValue at any hour
   */
  readonly startWithin?: TimeWindow | StartWithinOptions | undefined;
  /**
   * Keeps a conversation within the window of each provider's model: a smaller one gets less of it, the others the whole. Where
   * a server says that it was too much, its numbers are believed, and it is asked once more. `{}`: with every default.
   * @defaultValue false: the conversation is sent as it is
   */
  readonly context?: ContextOptions | false | undefined;
  /**
   * What the call may cost with all its attempts, in US dollars. A number above 0, or `Infinity`. A prompt that cannot fit is not
   * sent: a cheaper provider is asked, or the call fails with `cost_limit`. An answer is ended with the chunk that passes the limit, as far
   * as can be estimated, and the error holds what had arrived. A provider whose price is not known is asked without a limit, and
   * an event `warning` says so.
   * @defaultValue none
   */
  readonly maxCostUsd?: number | undefined;
  /**
   * What ends an answer that is under way: it repeats itself, comes too slowly, or is thought about without end.
   * @defaultValue false: none of these
   */
  readonly guards?: GuardOptions | false | undefined;
  /**
   * How the answer travels: `stream` as events, also for calls that want it whole; `json` as one body, for hosts that
   * cannot stream. Such a body comes all at once, so that `timeouts.startMs` bounds the whole answer.
   * @defaultValue "stream"
   */
  readonly wire?: "stream" | "json" | undefined;
  /**
   * `whole`: tool calls come all together once the answer is known to be complete, so none is ever cut. `live`: piece by
   * piece, as the server sends them. @defaultValue "whole"
   */
  readonly toolCalls?: "whole" | "live" | undefined;
  /**
   * Whether an answer without text is an answer.
   * @defaultValue `true` when the request has `stop` or ends with a prefix (which may be the whole answer), else `false`
   */
  readonly allowEmpty?: boolean | undefined;
  /**
   * What becomes of `tool_choice: "required"`, or a named function, while the model thinks, which DeepSeek refuses. `refuse`: it fails before
   * it is sent, and says what helps; `disable_thinking`: thinking is switched off for that request, and `report.changes` tells.
   * @defaultValue "refuse"
   */
  readonly forcedToolChoice?: "refuse" | "disable_thinking" | undefined;
  /** Refusals that may be tried at other providers. @defaultValue [] */
  readonly allowElsewhere?: readonly "content_filter"[] | undefined;
  /** Extra headers, as a plain object; never `authorization`, `cookie`, `host` or `content-*`. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Told everything that happens, synchronously: the client's listener, that of `withOptions` and the call's, all of
   * them. What one throws is swallowed, and warned about once.
   * @defaultValue nobody
   * @example
   * onEvent: (event) => console.error(describeEvent(event)),
   */
  readonly onEvent?: ((event: ClientEvent) => void) | undefined;
}

/** Options of a client. */
export interface ClientOptions extends Omit<CallOptions, "signal" | "providers"> {
  /** DeepSeek's key; short for `providers: [deepseek({ apiKey })]`. @defaultValue `DEEPSEEK_API_KEY` */
  readonly apiKey?: ApiKey | undefined;
  /** DeepSeek's address; short for `providers: [deepseek({ baseURL })]`. @defaultValue `https://api.deepseek.com` */
  readonly baseURL?: string | undefined;
  /** Who is asked, in order; at least one. @defaultValue [deepseek()] */
  readonly providers?: readonly Provider[] | undefined;
  /**
   * In which order providers are asked: `ordered` as given; `fastest` by their time to the first token lately and what they
   * have under way; `cheapest` by their price; or names, as a function of what is known.
   * @defaultValue "ordered"
   */
  readonly order?: Order | undefined;
  /** When a provider that keeps failing is left alone, for each model by itself. `false`: never. @defaultValue opens at half of 10 or 5 in a row */
  readonly breaker?: BreakerOptions | false | undefined;
  /** How many requests may be under way at once, for each provider and model by itself. `false`: no limit. @defaultValue 20 to begin with, then as the server takes them */
  readonly limits?: LimitOptions | false | undefined;
  /** How many retries all calls of the client may send together; beyond it they wait. `false`: no limit. @defaultValue a fifth of the requests of the last 10 s, and 10 */
  readonly retryBudget?: RetryBudgetOptions | false | undefined;
  /**
   * What all calls of the client, and of its copies, may spend together within a sliding window. When it is used up, calls fail with
   * `cost_limit`, and `retryAt` says when enough of it is free again. Answers under way are not ended by it.
   * @defaultValue none; the window is a day, where `windowMs` is left out
   */
  readonly costWindow?: CostWindowOptions | undefined;
  /** Shares what is known of providers with other clients, here or elsewhere: `createMemoryStore()`, or your own. @defaultValue none */
  readonly state?: StateStore | undefined;
  /** What sends the requests. @defaultValue `globalThis.fetch`, looked up with each request */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Where time is read and timers are set; a virtual one lets a test wait for hours. @defaultValue the system's clock */
  readonly clock?: Clock | undefined;
  /** Spreads the waits: 0 up to, but not including, 1. @defaultValue `Math.random` */
  readonly random?: (() => number) | undefined;
  /** Permits API keys in a browser, where everybody can read them. @defaultValue false */
  readonly dangerouslyAllowBrowser?: boolean | undefined;
}
