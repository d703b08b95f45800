import { forwardAbort, raceAbort } from "../async/abort.ts";
import type { AttemptCall, Policy, Progress } from "../call.ts";
import type { TimeoutPhase } from "../error-codes.ts";
import { TimeoutError } from "../error-family.ts";
import { AttemptTimeline } from "./attempt-timeline.ts";

/** Time limits of one attempt. Milliseconds from 1; `Infinity` switches one off. */
export interface AttemptTimeoutOptions {
  /** From the request to the response headers. Where another provider can be asked too, 30 s of `startMs` are left for that, or half of what is left of it. @defaultValue 30_000; 600_000 for `openaiCompatible` hosts of the local network, which may load a model first; 90_000 with `wire: "json"` where headers come with the answer */
  readonly headersMs?: number | undefined;
  /**
   * From the request to the first token, while the server only keeps the connection alive: the time in its queue.
   * @defaultValue 615_000: DeepSeek itself gives up after 600 s
   */
  readonly queueMs?: number | undefined;
  /**
   * Without any byte. Before the first token it counts only for streams of hosts that send keep-alives while they queue.
   * @defaultValue 45_000: DeepSeek's keep-alives come about every 12 s
   */
  readonly wireMs?: number | undefined;
  /**
   * Without anything generated, once the answer began; keep-alives do not count.
   * @defaultValue 180_000: silent gaps of 146 to 201 s were seen inside long thinking
   */
  readonly contentMs?: number | undefined;
  /** From the finish reason to the end of the stream; then the answer is taken as complete. @defaultValue 5_000 */
  readonly finishMs?: number | undefined;
}

export type AttemptTimeouts = { readonly [K in keyof AttemptTimeoutOptions]-?: number };

/** Those of one attempt. `headersBy`: what its `headersMs` came from, for messages. */
type Limits = AttemptTimeouts & { readonly headersBy?: string };

/**
 * Ends an attempt that is dead, and only then: each phase has its own limit, so that a queued request may wait for
 * minutes while a silent connection may not. `keepAlives`: whether the host sends them while a request is queued.
 */
export function attemptTimeouts(limits: AttemptTimeouts, keepAlives: boolean): Policy<AttemptCall> {
  return async (call, next) => {
    const controller = new AbortController();
    const { signal } = controller;
    const unlink = forwardAbort(call.signal, controller);
    const own = leavingTime(limits, call);
    const watchdog = new Watchdog(call, own, keepAlives, (error) => controller.abort(error));
    const release = () => {
      watchdog.stop();
      unlink();
    };
    try {
      // A fetch or key function of the user's may ignore the signal; the limit holds all the same.
      const reply = await raceAbort(next({ ...call, signal, progress: watchdog }), signal, (late) => late.cancel());
      void reply.closed.then(release);
      return reply;
    } catch (error) {
      release();
      throw error;
    }
  };
}

/** What is left to the others. Milliseconds: the default for their own headers. */
const LEFT_TO_OTHERS_MS = 30_000;
/** Any host that works sends headers within that. */
const LEAST_HEADERS_MS = 1_000;

/** A host that sends nothing must not use up the call's whole time while others could be asked. */
function leavingTime(limits: AttemptTimeouts, { hasOthers, startBy, clock }: AttemptCall): Limits {
  const leftMs = startBy - clock.now();
  const headersMs = Math.max(LEAST_HEADERS_MS, Math.round(leftMs - Math.min(LEFT_TO_OTHERS_MS, leftMs / 2)));
  return hasOthers && headersMs < limits.headersMs
    ? { ...limits, headersMs, headersBy: "its share of timeouts.startMs" }
    : limits;
}

/** One timer an attempt: it compares time stamps when it fires, instead of being set again with every read. */
class Watchdog implements Progress {
  readonly #call: AttemptCall;
  readonly #limits: Limits;
  readonly #expire: (error: TimeoutError) => void;
  readonly #seen: AttemptTimeline;
  #armedFor = Number.POSITIVE_INFINITY;
  #disarm: (() => void) | undefined;
  #settle: (() => void) | undefined;
  #isStopped = false;
  #hasPaused = false;

  constructor(call: AttemptCall, limits: Limits, keepAlives: boolean, expire: (error: TimeoutError) => void) {
    this.#call = call;
    this.#limits = limits;
    this.#expire = expire;
    this.#seen = new AttemptTimeline(call, limits, keepAlives);
    this.#arm();
  }

  headers(): void {
    this.#seen.headers();
    this.#arm();
  }

  bytes(): void {
    this.#seen.bytes();
  }

  content(): void {
    this.#seen.content();
  }

  body(): void {
    this.#seen.body();
    this.#arm();
  }

  head(): void {
    this.#seen.head();
    this.#arm();
  }

  finish(settle: () => void): void {
    this.#settle = settle;
    this.#seen.finish();
    this.#arm();
  }

  reading(isReading: boolean): void {
    this.#seen.reading(isReading);
    // Opened and never read, a stream must not hold its process; later, setting a timer for every read costs too much.
    if (isReading || !this.#hasPaused) this.#arm();
    this.#hasPaused ||= !isReading;
  }

  stop(): void {
    this.#isStopped = true;
    this.#disarm?.();
  }

  #arm(): void {
    const at = this.#seen.dueAt();
    // A later time needs no new timer.
    if (this.#isStopped || (at >= this.#armedFor && at < Number.POSITIVE_INFINITY)) return;
    this.#disarm?.();
    this.#armedFor = at;
    this.#disarm = this.#call.clock.after(at - this.#call.clock.now(), this.#check);
  }

  readonly #check = (): void => {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const phase = this.#seen.first();
    if (this.#call.clock.now() < this.#seen.dueAt()) this.#arm();
    else if (phase === "finish") this.#settle?.();
    else this.#expire(timeoutError(phase, this.#call, this.#limits));
  };
}

function timeoutError(phase: TimeoutPhase, call: AttemptCall, limits: Limits): TimeoutError {
  const { provider, attempt } = call;
  const model = attempt.asked();
  return new TimeoutError(`${provider} (${model}) ${explain(phase, limits)}`, { provider, model, phase });
}

function explain(phase: TimeoutPhase, limits: Limits): string {
  switch (phase) {
    case "headers":
      return `sent no response within ${limits.headersMs} ms (${limits.headersBy ?? "timeouts.headersMs"}).`;
    case "queue":
      return `had not begun to answer after ${limits.queueMs} ms (timeouts.queueMs).`;
    case "wire":
      return `sent nothing, not even a keep-alive, for ${limits.wireMs} ms (timeouts.wireMs).`;
    case "content":
      return `generated nothing for ${limits.contentMs} ms (timeouts.contentMs).`;
    case "start":
      return "had not begun to answer when the time for the first token was over (timeouts.startMs).";
    case "total":
      return "was still answering when the time for the whole call was over (timeouts.totalMs).";
  }
}
