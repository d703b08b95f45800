import type { AttemptCall } from "../call.ts";
import type { TimeoutPhase } from "../error-codes.ts";

type Limits = Readonly<Record<"headersMs" | "queueMs" | "wireMs" | "contentMs" | "finishMs", number>>;
type Due = readonly [at: number, phase: TimeoutPhase | "finish"];

/** What was seen when, and which limit is therefore due first. */
export function createTimeline(call: AttemptCall, limits: Limits, keepAlives: boolean) {
  const { clock } = call;
  const sentAt = clock.now();
  let stage: "sent" | "queued" | "body" | "streaming" | "finishing" = "sent";
  let bytesAt = sentAt;
  let contentAt = sentAt;
  let finishAt = Number.POSITIVE_INFINITY;
  let pausedAt: number | undefined;
  let settle = () => {};

  const dues = (): Due[] => {
    const always: Due = [call.deadlineAt, "total"];
    switch (stage) {
      case "sent":
        return [always, [call.startBy, "start"], [sentAt + limits.headersMs, "headers"]];
      case "queued": {
        // One JSON body may be silent for as long as the answer takes to be written.
        const wireMs = keepAlives && call.wire === "stream" ? limits.wireMs : Number.POSITIVE_INFINITY;
        return [always, [call.startBy, "start"], [sentAt + limits.queueMs, "queue"], [bytesAt + wireMs, "wire"]];
      }
      case "body":
        return [always, [call.startBy, "start"], [bytesAt + limits.wireMs, "wire"]];
      case "streaming":
        // A slow consumer is no stalled server.
        if (pausedAt !== undefined) return [always];
        return [always, [bytesAt + limits.wireMs, "wire"], [contentAt + limits.contentMs, "content"]];
      case "finishing":
        // The answer is known; the end of all time ends only the wait for the rest.
        if (pausedAt !== undefined) return [[call.deadlineAt, "finish"]];
        return [[Math.min(finishAt + limits.finishMs, call.deadlineAt), "finish"]];
    }
  };

  return {
    due: () => dues().reduce((first, other) => (other[0] < first[0] ? other : first)),
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
