import type { AttemptReport, Report, SkipReason } from "./report.ts";

/**
 * Why a call is waiting: `backoff` between two rounds; `retry-after`: a server asked for it; `budget`: too many retries of all
 * calls lately; `slot`: the provider has as many requests as it takes, at once or in a minute; `breaker`: every provider is
 * left alone; `off-peak`: its hours have not begun.
 */
export type WaitReason = "backoff" | "retry-after" | "budget" | "slot" | "breaker" | "off-peak";

/**
 * What the client tells while it works, through `onEvent`. Events hold numbers and names, no key and no conversation, so
 * they may be logged as they are. The message of a failed attempt may quote 300 characters of what the server said.
 */
export type ClientEvent = {
  readonly callId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
} & (
  | { readonly type: "attempt-start" | "attempt-head" | "attempt-end"; readonly attempt: AttemptReport }
  /** The server keeps the connection alive but has not begun to answer. At most one a second. */
  | { readonly type: "attempt-queued"; readonly provider: string; readonly elapsedMs: number }
  | { readonly type: "provider-skipped"; readonly provider: string; readonly reason: SkipReason }
  /** For `slot` and `budget`, how long is a guess: it depends on the other calls. */
  | { readonly type: "wait"; readonly forMs: number; readonly why: WaitReason }
  /** An answer that broke off, or reached its length, is to go on. 0: its text had not begun, or is to start again. */
  | { readonly type: "resume"; readonly from: string; readonly atChar: number }
  /** The answer started again, and its reader was told to discard what it had. */
  | { readonly type: "reset" }
  | {
      readonly type: "flush";
      readonly provider: string;
      readonly tokensBefore: number;
      readonly tokensAfter: number;
    }
  | {
      readonly type: "breaker";
      readonly provider: string;
      /** The model by the provider's own name. */
      readonly model: string;
      readonly state: "closed" | "open" | "half-open";
      /** Of an open one: when the next request may go; milliseconds since the epoch. */
      readonly until?: number;
    }
  /** How many requests may be under way at once from now on. */
  | { readonly type: "limit"; readonly provider: string; readonly model: string; readonly limit: number }
  | { readonly type: "warning"; readonly code: string; readonly message: string }
  | { readonly type: "call-end"; readonly report: Report }
);

// Distributes over the union, so that each event keeps its own fields.
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An event before it knows its call and time. */
export type EventBody = Without<ClientEvent, "callId" | "at">;

/** A listener whose own mistakes cannot harm the call: what it throws is swallowed, and warned about once. */
export function guardListener<T = ClientEvent>(listener: (event: T) => void, name = "onEvent"): (event: T) => void {
  let hasWarned = false;
  const warn = (error: unknown) => {
    if (!hasWarned) console.warn(`resilient-deepseek: ${name} threw; what it throws is ignored.`, error);
    hasWarned = true;
  };
  return (event) => {
    try {
      // An async function is a listener too; its type says that nobody waits for it.
      const result = listener(event) as unknown;
      if (result instanceof Promise) result.catch(warn);
    } catch (error) {
      warn(error);
    }
  };
}

/**
 * One line for a log. It does not name the call: where several run at once, put `event.callId` before it.
 *
 * @example
 * createResilientClient({ onEvent: (event) => console.error(event.callId, describeEvent(event)) });
 */
export function describeEvent(event: ClientEvent): string {
  return describe(event).replace(/\s+/g, " ");
}

function describe(event: ClientEvent): string {
  switch (event.type) {
    case "attempt-start":
      return `asks ${place(event.attempt)}`;
    case "attempt-head":
      return `${place(event.attempt)} began to answer after ${seconds(event.attempt.headMs)}`;
    case "attempt-end":
      return `${place(event.attempt)} ${event.attempt.outcome} after ${seconds(event.attempt.endedMs)}${reason(event.attempt)}`;
    case "attempt-queued":
      return `${event.provider} keeps the call in its queue, ${seconds(event.elapsedMs)} so far`;
    case "provider-skipped":
      return `${event.provider} is not asked (${WHY_SKIPPED[event.reason]})`;
    case "wait":
      return ESTIMATED.has(event.why) ? guess(event) : `waits ${seconds(event.forMs)} (${event.why})`;
    case "resume":
      return event.atChar > 0
        ? `goes on at character ${event.atChar}, where ${event.from} stopped`
        : `asks again, because ${event.from} broke off`;
    case "reset":
      return "starts the answer again: discard what was shown";
    case "flush":
      return `shortened the context for ${event.provider} from ${event.tokensBefore} to ${event.tokensAfter} tokens`;
    case "breaker":
      return `circuit of ${event.provider} (${event.model}) is ${event.state}${event.until ? `, for ${seconds(event.until - event.at)}` : ""}`;
    case "limit":
      return `at most ${event.limit} requests at once to ${event.provider} (${event.model})`;
    case "warning":
      return event.message;
    case "call-end":
      return `call ${event.report.outcome} after ${seconds(event.report.endedMs)}, ${count(event.report.attempts.length)}${code(event.report)}`;
  }
}

const WHY_SKIPPED: Readonly<Record<SkipReason, string>> = {
  circuit_open: "left alone, for it kept failing",
  not_before: "asked for a pause",
  queue_full: "no slot came free",
  window: "window too small",
  tools: "cannot use such tools",
  images: "takes no such images",
  json: "no JSON mode",
  thinking: "does not think",
  prefix: "would begin the answer anew",
  endpoint: "no such endpoint",
  no_key: "no API key",
  cost_limit: "too expensive",
};

/** Others decide when these waits end. */
const ESTIMATED: ReadonlySet<WaitReason> = new Set<WaitReason>(["slot", "budget"]);

/** 0: nobody knows yet. */
function guess({ forMs, why }: { readonly forMs: number; readonly why: WaitReason }): string {
  return forMs < 1 ? `waits (${why})` : `waits about ${seconds(forMs)} (${why})`;
}

function place(attempt: AttemptReport): string {
  return `${who(attempt)}, attempt ${attempt.index + 1}`;
}

function who({ provider, model }: AttemptReport): string {
  return `${provider} (${model})`;
}

/** Most messages begin with who failed, which the line has said. */
function reason(attempt: AttemptReport): string {
  const { message } = attempt.error ?? {};
  if (message === undefined) return "";
  const said = `${who(attempt)} `;
  return `: ${message.startsWith(said) ? message.slice(said.length) : message}`;
}

/** The message was told by the attempts already. */
function code({ error }: Report): string {
  if (!error) return "";
  return `: ${error.code}${error.phase ? ` (${error.phase})` : ""}`;
}

function count(attempts: number): string {
  return attempts === 1 ? "1 attempt" : `${attempts} attempts`;
}

function seconds(ms = 0): string {
  if (ms >= 7_200_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
