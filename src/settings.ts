import type { CallOptions, Profile, TimeoutOptions } from "./client-options.ts";
import type { ClientEvent } from "./events.ts";
import type { AttemptTimeouts } from "./policies/attempt-timeouts.ts";
import { exponential, schedule } from "./policies/backoff.ts";
import type { ContextOptions } from "./policies/fit-context.ts";
import type { GuardOptions } from "./policies/guards.ts";
import type { HedgeSettings } from "./policies/hedge.ts";
import { type StartWithinSettings, startWithinSettings } from "./policies/off-peak.ts";
import { priorityNumber } from "./policies/priority.ts";
import type { ResumeDefaults } from "./policies/resume.ts";
import type { RetrySettings } from "./policies/retry.ts";
import type { ForcedToolChoice } from "./prepare/tool-rules.ts";
import { checkHeaders } from "./providers/host-options.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** What a call goes by, with every default filled in. */
export interface Settings {
  readonly timeouts: AttemptTimeouts & { readonly startMs: number; readonly totalMs: number };
  /** The limits somebody set on purpose; they win over a host's own. */
  readonly givenTimeouts: TimeoutOptions;
  readonly retry: RetrySettings;
  readonly resume: ResumeDefaults;
  readonly priority: number;
  readonly hedge: HedgeSettings | undefined;
  readonly startWithin: StartWithinSettings | undefined;
  readonly context: ContextOptions | undefined;
  readonly maxCostUsd: number | undefined;
  readonly guards: GuardOptions | undefined;
  readonly wire: "stream" | "json";
  readonly toolCalls: "whole" | "live";
  readonly allowEmpty: boolean | undefined;
  readonly forcedToolChoice: ForcedToolChoice;
  readonly allowElsewhere: readonly "content_filter"[];
  readonly headers: Readonly<Record<string, string>>;
  readonly providers: readonly string[] | undefined;
  readonly onEvent: ((event: ClientEvent) => void) | undefined;
}

type ProfileRow = Pick<
  Settings,
  "timeouts" | "retry" | "resume" | "priority" | "hedge" | "wire" | "toolCalls" | "allowElsewhere"
>;

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
  priority: 0, // Everybody alike.
  hedge: {
    queuedAfterMs: 60_000, // Leaving a queue loses the place in it, so both are waited in.
    afterMs: false, // A second request costs the prompt a second time.
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
  // Nobody waits.
  batch: { ...PATIENT, timeouts: { ...PATIENT.timeouts, startMs: Number.POSITIVE_INFINITY }, priority: -10 },
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
    priority: given.priority === undefined ? row.priority : priorityNumber(given.priority),
    hedge: given.hedge === false ? undefined : ({ ...row.hedge, ...given.hedge } as HedgeSettings),
    startWithin: given.startWithin && startWithinSettings(given.startWithin),
    context: given.context || undefined,
    // A later layer lifts an earlier one's limit so.
    maxCostUsd: given.maxCostUsd === Number.POSITIVE_INFINITY ? undefined : given.maxCostUsd,
    guards: given.guards || undefined,
    wire: given.wire ?? row.wire,
    toolCalls: given.toolCalls ?? row.toolCalls,
    allowEmpty: given.allowEmpty,
    // Never silently weakened, and thinking is what was asked for.
    forcedToolChoice: given.forcedToolChoice ?? "refuse",
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
    hedge: mergeGroup(under.hedge, over.hedge),
    context: mergeGroup(under.context, over.context),
    guards: mergeGroup(under.guards, over.guards),
  };
}

function mergeGroup<T extends object>(
  under: T | false | undefined,
  over: T | false | undefined,
): T | false | undefined {
  if (over === undefined || over === false) return over ?? under;
  return { ...(under || undefined), ...withoutUndefined(over) } as T;
}
