import type { Clock } from "./async/clock.ts";
import type { ClientEvent } from "./events.ts";
import type { AttemptTimeoutOptions, AttemptTimeouts } from "./policies/attempt-timeouts.ts";
import { exponential, schedule } from "./policies/backoff.ts";
import type { DeadlineOptions } from "./policies/deadline.ts";
import type { ResumeDefaults, ResumeOptions } from "./policies/resume.ts";
import type { RetryOptions, RetrySettings } from "./policies/retry.ts";
import { type ApiKey, checkHeaders } from "./providers/host-options.ts";
import type { Provider } from "./providers/provider.ts";
import { withoutUndefined } from "./without-undefined.ts";

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
  /** What sends the requests. @defaultValue `globalThis.fetch`, looked up with each request */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Where time is read and timers are set; a virtual one lets a test wait for hours. @defaultValue the system's clock */
  readonly clock?: Clock | undefined;
  /** Spreads the waits: 0 up to, but not including, 1. @defaultValue `Math.random` */
  readonly random?: (() => number) | undefined;
  /** Permits API keys in a browser, where everybody can read them. @defaultValue false */
  readonly dangerouslyAllowBrowser?: boolean | undefined;
}

/** What a call goes by, with every default filled in. */
export interface Settings {
  readonly timeouts: AttemptTimeouts & { readonly startMs: number; readonly totalMs: number };
  /** The limits somebody set on purpose; they win over a host's own. */
  readonly givenTimeouts: TimeoutOptions;
  readonly retry: RetrySettings;
  readonly resume: ResumeDefaults;
  readonly wire: "stream" | "json";
  readonly toolCalls: "whole" | "live";
  readonly allowEmpty: boolean | undefined;
  readonly allowElsewhere: readonly "content_filter"[];
  readonly headers: Readonly<Record<string, string>>;
  readonly providers: readonly string[] | undefined;
  readonly onEvent: ((event: ClientEvent) => void) | undefined;
}

type ProfileRow = Pick<Settings, "timeouts" | "retry" | "resume" | "wire" | "toolCalls" | "allowElsewhere">;

const INTERACTIVE: ProfileRow = {
  timeouts: {
    startMs: 120_000, // Longer than a busy spell of some rounds, short enough for somebody who watches.
    totalMs: Number.POSITIVE_INFINITY, // A long answer is healthy; the limits below end a dead one.
    headersMs: 30_000, // DeepSeek answers 200 at once, even when it queues the request.
    queueMs: 615_000, // DeepSeek closes the connection itself after 600 s.
    wireMs: 45_000, // Keep-alives come about every 12 s: three in a row are missing.
    contentMs: 180_000, // Silent gaps of 146 to 201 s were seen inside long thinking.
    finishMs: 5_000, // Usage and the end come with the finish reason, or not at all.
  },
  retry: {
    maxRounds: Number.POSITIVE_INFINITY, // The time limit decides, not a count.
    backoff: exponential(), // 0.5 s doubling to 10 s, full jitter.
  },
  resume: {
    maxResumes: 5, // An answer cut more often than that has no connection to live on.
    onUnresumable: "fail", // A consumer that was not made to discard would show an answer twice.
    bestEffort: false, // A wrong answer is worse than an error.
    continueOnLength: 0, // `max_tokens` is a limit somebody set.
  },
  wire: "stream", // Headers come at once and keep-alives hold the connection, also for whole answers.
  toolCalls: "whole", // Half a tool call must never run.
  allowElsewhere: [], // A refusal is the provider's last word unless the app decides otherwise.
};

const PATIENT: ProfileRow = {
  ...INTERACTIVE,
  timeouts: { ...INTERACTIVE.timeouts, startMs: 900_000 }, // One whole stay in DeepSeek's queue (600 s) and more.
  retry: { ...INTERACTIVE.retry, backoff: schedule([5_000, 10_000, 30_000]) }, // What people recommend for "server busy".
};

/** All defaults, each with its reason. */
export const PROFILES: Readonly<Record<Profile, ProfileRow>> = {
  interactive: INTERACTIVE,
  patient: PATIENT,
  batch: { ...PATIENT, timeouts: { ...PATIENT.timeouts, startMs: Number.POSITIVE_INFINITY } }, // Nobody waits.
};

const NO_RESUME: ResumeDefaults = { ...INTERACTIVE.resume, maxResumes: 0 };

/** Headers of an answer that is not streamed come with it, and time must be left to ask somebody else. */
export const JSON_TIMEOUTS = { headersMs: 90_000 } as const;

/** Lays options over each other, later ones over earlier ones, and fills in the profile's defaults. */
export function resolveSettings(...layers: readonly CallOptions[]): Settings {
  const given = layers.reduce<CallOptions>((under, over) => mergeOptions(under, over), {});
  const row = PROFILES[given.profile ?? "interactive"];
  const retry = given.retry === false ? { maxRounds: 1 } : given.retry;
  const listeners = layers.flatMap(({ onEvent }) => onEvent ?? []);
  return {
    timeouts: { ...row.timeouts, ...given.timeouts } as Settings["timeouts"],
    givenTimeouts: given.timeouts ?? {},
    retry: { ...row.retry, ...retry } as RetrySettings,
    resume: given.resume === false ? NO_RESUME : ({ ...row.resume, ...given.resume } as ResumeDefaults),
    wire: given.wire ?? row.wire,
    toolCalls: given.toolCalls ?? row.toolCalls,
    allowEmpty: given.allowEmpty,
    allowElsewhere: given.allowElsewhere ?? row.allowElsewhere,
    headers: given.headers ?? {},
    providers: given.providers,
    onEvent: listeners.length > 0 ? tellAll(listeners) : undefined,
  };
}

function tellAll(listeners: readonly ((event: ClientEvent) => void)[]): (event: ClientEvent) => void {
  return (event) => {
    for (const listener of listeners) listener(event);
  };
}

/** Groups are merged key by key; `false` replaces a group; `undefined` changes nothing. */
function mergeOptions(under: CallOptions, over: CallOptions): CallOptions {
  return {
    ...under,
    ...withoutUndefined(over),
    timeouts: mergeGroup(under.timeouts, over.timeouts) || {},
    headers: { ...under.headers, ...checkHeaders("options", over.headers) },
    retry: mergeGroup(under.retry, over.retry),
    resume: mergeGroup(under.resume, over.resume),
  };
}

function mergeGroup<T extends object>(
  under: T | false | undefined,
  over: T | false | undefined,
): T | false | undefined {
  if (over === undefined || over === false) return over ?? under;
  return { ...(under || undefined), ...withoutUndefined(over) } as T;
}
