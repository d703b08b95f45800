import { KEEP_ALIVE_MS, keepAliveStep } from "./answer-exchange.ts";
import { outputTokens } from "./answer-plan.ts";
import { breakOff, type Exchange, type Step } from "./exchange.ts";
import type { Trouble } from "./faults.ts";
import type { Written } from "./spoil-exchange.ts";

/** DeepSeek ends a request that waited this long in its queue. */
const QUEUE_LIMIT_MS = 600_000;
const QUEUE_MS = 30_000;

/** What a disturbance must know of the answer it disturbs. */
export interface Undisturbed extends Written {
  readonly keepAliveMs: number | undefined;
}

/** A queue goes before the answer: nothing of it is said until its turn comes. */
export function queueExchange(undisturbed: Undisturbed, turn: Promise<void> | undefined): Exchange {
  const { exchange, isStream, dialect, keepAliveMs = KEEP_ALIVE_MS } = undisturbed;
  const patience = keepAliveStep(isStream, keepAliveMs, QUEUE_LIMIT_MS, dialect);
  if (!turn || patience.type !== "keep-alive") return exchange;
  return { ...exchange, body: [{ ...patience, type: "queue", turn }, ...exchange.body] };
}

/** Puts the trouble into an answer. `chance` decides where it breaks, if nobody said. */
export function disturbExchange(
  undisturbed: Undisturbed,
  trouble: Trouble | undefined,
  chance: () => number,
): Exchange {
  const { exchange, isStream, dialect, keepAliveMs = KEEP_ALIVE_MS } = undisturbed;
  const broken = (place: Place, ending: Step) => ({
    ...exchange,
    body: breakOff(exchange.body, placeOf(place, undisturbed, chance), [ending]),
  });
  switch (trouble?.kind) {
    case "queue": {
      const { forMs = QUEUE_MS } = trouble;
      const queued = keepAliveStep(isStream, keepAliveMs, Math.min(forMs, QUEUE_LIMIT_MS), dialect);
      return { ...exchange, body: forMs > QUEUE_LIMIT_MS ? [queued, { type: "close" }] : [queued, ...exchange.body] };
    }
    case "cut":
      return isBeyond(trouble, undisturbed) ? exchange : broken(trouble, { type: "cut" });
    case "stall":
      if (!trouble.keepAlives) return broken(trouble, { type: "hang" });
      return broken(
        atEvent(trouble, undisturbed, chance),
        keepAliveStep(isStream, keepAliveMs, Number.POSITIVE_INFINITY, dialect),
      );
    default:
      return exchange;
  }
}

interface Place {
  readonly afterTokens?: number | undefined;
  readonly afterBytes?: number | undefined;
}

/** A server that goes on with its keep-alives has not stopped in the middle of an event. */
function atEvent({ afterTokens }: Place, { plan, isStream }: Undisturbed, chance: () => number): Place {
  const tokens = outputTokens(plan);
  if (!isStream || tokens === 0 || afterTokens !== undefined) return { afterTokens };
  return { afterTokens: 1 + Math.floor(chance() * tokens) };
}

function isBeyond({ afterTokens = 0, afterBytes = 0 }: Place, { exchange, plan }: Undisturbed): boolean {
  return afterTokens > outputTokens(plan) || afterBytes > sizeOf(exchange.body);
}

function sizeOf(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.type === "write" ? step.bytes.length : 0), 0);
}

/** Where it breaks: where it was told to, or anywhere between the first token and the last byte. */
function placeOf(
  { afterTokens, afterBytes }: Place,
  { exchange, plan, isStream }: Undisturbed,
  chance: () => number,
): Place {
  const writes = exchange.body.filter((step) => step.type === "write");
  const bytes = sizeOf(writes);
  const tokens = outputTokens(plan);
  if (afterBytes !== undefined) return { afterBytes };
  if (afterTokens !== undefined) {
    // One JSON body is written at once: it breaks at that share of its bytes.
    return isStream
      ? { afterTokens }
      : { afterBytes: Math.floor((bytes - 1) * Math.min(1, afterTokens / Math.max(1, tokens))) };
  }
  if (tokens === 0 || !isStream) return { afterBytes: 1 + Math.floor(chance() * (bytes - 1)) };
  const first = writes.findIndex((step) => step.tokens > 0);
  const head = sizeOf(writes.slice(0, first + 1));
  return { afterBytes: head + 1 + Math.floor(chance() * (bytes - head - 1)) };
}
