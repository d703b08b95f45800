import type { AttemptReport, ClientEvent } from "resilient-deepseek";

/** One line of the timeline: who, what sort of thing, and what. */
export interface Line {
  readonly who: string;
  readonly mark: "ok" | "failed" | "waiting" | "note";
  readonly what: string;
}

/** What is going on right now: it changes until its line is final. */
export interface Activity {
  readonly who: string;
  readonly since: number;
  readonly doing: "asking" | "queued" | "answering" | "waiting";
  readonly forMs?: number;
}

/** Turns the client's events into final lines and the one activity that is still going on. */
export interface Timeline {
  readonly activity: Activity | undefined;
  /** The lines that became final with this event. */
  add(event: ClientEvent): readonly Line[];
}

export function createTimeline(): Timeline {
  let activity: Activity | undefined;
  const begin = (next: Activity) => {
    activity = next;
    return [];
  };
  return {
    get activity() {
      return activity;
    },
    add(event) {
      switch (event.type) {
        case "attempt-start":
          return begin({ who: event.attempt.provider, since: event.at, doing: "asking" });
        case "attempt-queued":
          return begin({ who: event.provider, since: event.at - event.elapsedMs, doing: "queued" });
        case "attempt-head": {
          const waited = activity?.doing === "queued" ? [queueLine(event.attempt)] : [];
          activity = { who: event.attempt.provider, since: event.at, doing: "answering" };
          return waited;
        }
        case "wait":
          activity = { who: "", since: event.at, doing: "waiting", forMs: event.forMs };
          return [{ who: "", mark: "waiting", what: `waits ${seconds(event.forMs)} (${event.why})` }];
        case "attempt-end":
          activity = undefined;
          return [attemptLine(event.attempt)];
        case "resume":
          return [
            { who: "", mark: "note", what: event.atChar > 0 ? `goes on at character ${event.atChar}` : "asks again" },
          ];
        case "limit":
          return [{ who: event.provider, mark: "note", what: `takes ${event.limit} at once` }];
        case "breaker":
          return [{ who: event.provider, mark: "note", what: `its circuit is ${event.state}` }];
        case "provider-skipped":
          return [{ who: event.provider, mark: "note", what: `is not asked: ${event.reason}` }];
        case "warning":
          return [{ who: "", mark: "note", what: event.message }];
        default:
          return [];
      }
    },
  };
}

function queueLine({ provider, headMs }: AttemptReport): Line {
  return { who: provider, mark: "waiting", what: `kept the call in its queue for ${seconds(headMs)}` };
}

function attemptLine({ provider, outcome, error, status, headMs, endedMs, tokens }: AttemptReport): Line {
  if (outcome === "succeeded") {
    const count = tokens ? `${tokens.completionTokens} tokens, ` : "";
    return {
      who: provider,
      mark: "ok",
      what: `answered: ${count}the first after ${seconds(headMs)}, the last after ${seconds(endedMs)}`,
    };
  }
  if (outcome === "cancelled") return { who: provider, mark: "note", what: `was left after ${seconds(endedMs)}` };
  const how = outcome === "interrupted" ? "broke off" : "failed";
  return { who: provider, mark: "failed", what: `${how} after ${seconds(endedMs)}: ${reason(error, status)}` };
}

function reason(error: AttemptReport["error"], status = 0): string {
  if (!error) return "unknown";
  // The cause stands in brackets: ECONNREFUSED, ECONNRESET.
  if (error.code === "connection") return `no connection (${/\(([A-Z_]+)\)/.exec(error.message)?.[1] ?? "unknown"})`;
  return error.code === "busy" || error.code === "rate_limited" ? `${status} ${error.code}` : error.code;
}

export function seconds(ms = 0): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
