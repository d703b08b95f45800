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

const NEVER = Number.POSITIVE_INFINITY;

/** What was seen when, and which limit is therefore due first. */
export class AttemptTimeline {
  readonly #call: AttemptCall;
  readonly #limits: Limits;
  readonly #showsItsQueue: boolean;
  readonly #sentAt: number;
  #stage: Stage = "sent";
  #bytesAt: number;
  #contentAt: number;
  #finishAt = NEVER;
  /** Since when nobody reads. */
  #pausedAt: number | undefined;

  constructor(call: AttemptCall, limits: Limits, keepAlives: boolean) {
    const now = call.clock.now();
    this.#call = call;
    this.#limits = limits;
    this.#showsItsQueue = keepAlives && call.wire === "stream";
    this.#sentAt = now;
    this.#bytesAt = now;
    this.#contentAt = now;
  }

  /** The limit that is over first. Found without a list, because it is asked for every network read. */
  first(): Phase {
    // A slow consumer is no stalled server.
    if (this.#stage === "streaming" && this.#pausedAt !== undefined) return "total";
    let found: Phase = this.#stage === "finishing" ? "finish" : "total";
    for (const phase of RUNNING[this.#stage]) if (this.#dueTime(phase) < this.#dueTime(found)) found = phase;
    return found;
  }

  dueAt(): number {
    return this.#dueTime(this.first());
  }

  headers(): void {
    this.#stage = "queued";
    this.#bytesAt = this.#call.clock.now();
  }

  bytes(): void {
    this.#bytesAt = this.#call.clock.now();
  }

  body(): void {
    if (this.#stage === "queued") this.#stage = "body";
  }

  /** Without a look at the clock: it is called for every chunk, right after `bytes`. */
  content(): void {
    this.#contentAt = this.#bytesAt;
  }

  head(): void {
    if (this.#stage !== "finishing") this.#stage = "streaming";
  }

  finish(): void {
    this.#stage = "finishing";
    this.#finishAt = this.#call.clock.now();
  }

  reading(isReading: boolean): void {
    // Without a look at the clock: it follows right after `bytes`.
    if (!isReading) this.#pausedAt = this.#bytesAt;
    else if (this.#pausedAt !== undefined) this.#goOn(this.#call.clock.now() - this.#pausedAt);
  }

  /** Only the pause is left out of the silence: what was silent before it goes on counting. */
  #goOn(pauseMs: number): void {
    this.#bytesAt += pauseMs;
    this.#contentAt += pauseMs;
    this.#finishAt += pauseMs;
    this.#pausedAt = undefined;
  }

  #dueTime(phase: Phase): number {
    const [call, limits] = [this.#call, this.#limits];
    switch (phase) {
      case "total":
        return call.deadlineAt;
      case "start":
        return call.startBy;
      case "headers":
        return this.#sentAt + limits.headersMs;
      case "queue":
        return this.#sentAt + limits.queueMs;
      case "wire":
        // Before its answer begins, one JSON body may be silent for as long as the answer takes to be written.
        return this.#bytesAt + (this.#stage === "queued" && !this.#showsItsQueue ? NEVER : limits.wireMs);
      case "content":
        return this.#contentAt + limits.contentMs;
      case "finish":
        return this.#pausedAt === undefined
          ? Math.min(this.#finishAt + limits.finishMs, call.deadlineAt)
          : call.deadlineAt;
    }
  }
}
