import type { AttemptCall } from "../call.ts";
import type { TimeoutPhase } from "../error-codes.ts";

type Limits = Readonly<Record<"headersMs" | "queueMs" | "wireMs" | "contentMs" | "finishMs", number>>;
type Stage = "sent" | "queued" | "body" | "streaming" | "finishing";
type Phase = TimeoutPhase | "finish";

/** Which limits run in which stage, beside the one for the whole call. */
const RUNNING: Readonly<Record<Stage, readonly Phase[]>> = {
  sent: ["start", "headers"],
  queued: ["start", "queue", "wire"],
  body: ["start", "wire"],
  streaming: ["wire", "content"],
  // The answer is known: the end of all time ends only the wait for the rest, and is part of `finish`.
  finishing: [],
};

/** What was seen when, and which limit is therefore due first. */
export function createTimeline(call: AttemptCall, limits: Limits, keepAlives: boolean) {
  const { clock } = call;
  const sentAt = clock.now();
  const seen: Seen = {
    stage: "sent",
    sentAt,
    bytesAt: sentAt,
    contentAt: sentAt,
    finishAt: NEVER,
    pausedAt: undefined,
  };
  const showsItsQueue = keepAlives && call.wire === "stream";
  let settle = () => {};
  const dueAt = (phase: Phase) => dueTime(phase, seen, call, limits, showsItsQueue);
  /** Made without a list, because it runs for every network read. */
  const first = (): Phase => {
    // A slow consumer is no stalled server.
    if (seen.stage === "streaming" && seen.pausedAt !== undefined) return "total";
    let found: Phase = seen.stage === "finishing" ? "finish" : "total";
    for (const phase of RUNNING[seen.stage]) if (dueAt(phase) < dueAt(found)) found = phase;
    return found;
  };
  return {
    /** The limit that is over first. */
    first,
    dueAt: () => dueAt(first()),
    settle: () => settle(),
    headers() {
      seen.stage = "queued";
      seen.bytesAt = clock.now();
    },
    bytes() {
      seen.bytesAt = clock.now();
    },
    body() {
      if (seen.stage === "queued") seen.stage = "body";
    },
    // Without a look at the clock: it is called for every chunk, right after `bytes`.
    content() {
      seen.contentAt = seen.bytesAt;
    },
    head() {
      if (seen.stage !== "finishing") seen.stage = "streaming";
    },
    finish(onSettle: () => void) {
      seen.stage = "finishing";
      seen.finishAt = clock.now();
      settle = onSettle;
    },
    reading(isReading: boolean) {
      // Without a look at the clock: it follows right after `bytes`.
      if (!isReading) seen.pausedAt = seen.bytesAt;
      else if (seen.pausedAt !== undefined) goOn(seen, clock.now());
    },
  };
}

interface Seen {
  stage: Stage;
  readonly sentAt: number;
  bytesAt: number;
  contentAt: number;
  finishAt: number;
  /** Since when nobody reads. */
  pausedAt: number | undefined;
}

const NEVER = Number.POSITIVE_INFINITY;

function dueTime(phase: Phase, seen: Seen, call: AttemptCall, limits: Limits, showsItsQueue: boolean): number {
  switch (phase) {
    case "total":
      return call.deadlineAt;
    case "start":
      return call.startBy;
    case "headers":
      return seen.sentAt + limits.headersMs;
    case "queue":
      return seen.sentAt + limits.queueMs;
    case "wire":
      // Before its answer begins, one JSON body may be silent for as long as the answer takes to be written.
      return seen.bytesAt + (seen.stage === "queued" && !showsItsQueue ? NEVER : limits.wireMs);
    case "content":
      return seen.contentAt + limits.contentMs;
    case "finish":
      return seen.pausedAt === undefined ? Math.min(seen.finishAt + limits.finishMs, call.deadlineAt) : call.deadlineAt;
  }
}

/** Only the pause is left out of the silence: what was silent before it goes on counting. */
function goOn(seen: Seen, now: number): void {
  const pauseMs = now - (seen.pausedAt ?? now);
  seen.bytesAt += pauseMs;
  seen.contentAt += pauseMs;
  seen.finishAt += pauseMs;
  seen.pausedAt = undefined;
}
