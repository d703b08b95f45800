import type { AttemptCall } from "../call.ts";
import type { TimeoutPhase } from "../error-codes.ts";

type Limits = Readonly<Record<"headersMs" | "queueMs" | "wireMs" | "contentMs" | "finishMs", number>>;
type Stage = "sent" | "queued" | "body" | "streaming" | "finishing";
type Phase = TimeoutPhase | "finish";

/** Which limits run in which stage. */
const RUNNING: Readonly<Record<Stage, readonly Phase[]>> = {
  sent: ["total", "start", "headers"],
  queued: ["total", "start", "queue", "wire"],
  body: ["total", "start", "wire"],
  streaming: ["total", "wire", "content"],
  // The answer is known; the end of all time ends only the wait for the rest.
  finishing: ["finish"],
};

/** What was seen when, and which limit is therefore due first. */
export function createTimeline(call: AttemptCall, limits: Limits, keepAlives: boolean) {
  const { clock } = call;
  const sentAt = clock.now();
  const never = Number.POSITIVE_INFINITY;
  const showsItsQueue = keepAlives && call.wire === "stream";
  let stage: Stage = "sent";
  let bytesAt = sentAt;
  let contentAt = sentAt;
  let finishAt = Number.POSITIVE_INFINITY;
  let pausedAt: number | undefined;
  let settle = () => {};

  const dueAt = (phase: Phase): number => {
    switch (phase) {
      case "total":
        return call.deadlineAt;
      case "start":
        return call.startBy;
      case "headers":
        return sentAt + limits.headersMs;
      case "queue":
        return sentAt + limits.queueMs;
      case "wire":
        // Before its answer begins, one JSON body may be silent for as long as the answer takes to be written.
        return bytesAt + (stage === "queued" && !showsItsQueue ? never : limits.wireMs);
      case "content":
        return contentAt + limits.contentMs;
      case "finish":
        return pausedAt === undefined ? Math.min(finishAt + limits.finishMs, call.deadlineAt) : call.deadlineAt;
    }
  };
  /** Made without a list, because it runs for every network read. */
  const first = (): Phase => {
    // A slow consumer is no stalled server.
    if (stage === "streaming" && pausedAt !== undefined) return "total";
    let found: Phase | undefined;
    for (const phase of RUNNING[stage]) if (found === undefined || dueAt(phase) < dueAt(found)) found = phase;
    return found ?? "total";
  };

  return {
    /** The limit that is over first. */
    first,
    dueAt: () => dueAt(first()),
    settle: () => settle(),
    headers() {
      stage = "queued";
      bytesAt = clock.now();
    },
    bytes() {
      bytesAt = clock.now();
    },
    body() {
      if (stage === "queued") stage = "body";
    },
    // Without a look at the clock: it is called for every chunk, right after `bytes`.
    content() {
      contentAt = bytesAt;
    },
    head() {
      if (stage !== "finishing") stage = "streaming";
    },
    finish(onSettle: () => void) {
      stage = "finishing";
      finishAt = clock.now();
      settle = onSettle;
    },
    reading(isReading: boolean) {
      const now = clock.now();
      // Only the pause is left out: what was silent before it goes on counting.
      const pauseMs = isReading && pausedAt !== undefined ? now - pausedAt : 0;
      bytesAt += pauseMs;
      contentAt += pauseMs;
      finishAt += pauseMs;
      pausedAt = isReading ? undefined : now;
    },
  };
}
