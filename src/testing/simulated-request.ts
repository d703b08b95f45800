import type { SimulatedAnswer } from "./compose-answer.ts";
import type { Played } from "./exchange.ts";
import type { Fault } from "./faults.ts";
import type { WireBody } from "./wire-body.ts";

/** One request the simulator was asked. */
export interface SimulatedRequest {
  /** The `x-ds-trace-id` of its response. */
  readonly traceId: string;
  readonly method: string;
  /** Milliseconds since the simulator was made. */
  readonly atMs: number;
  readonly path: string;
  /** As it should be: what was refused may be otherwise, and what was no JSON is empty. */
  readonly body: Partial<WireBody>;
  /** What went wrong with it on purpose. */
  readonly fault: Fault["kind"] | undefined;
  /** `undefined`: there was no response. */
  readonly status: number | undefined;
  /** What the server set out to say in this response; `undefined` when it said no. */
  readonly answer: SimulatedAnswer | undefined;
  /** Tokens sent so far. */
  readonly tokens: number;
  /** `finished`: all was sent. `cut`: the server broke it off, or closed its queue. `left`: the client did, or `close()`. */
  readonly outcome: "open" | Played;
}

/** What the simulator has done so far. */
export interface SimulatorStats {
  /** Requests in all. */
  readonly requests: number;
  /** Requests whose answer is not over. */
  readonly inFlight: number;
  /** Tokens sent in all. */
  readonly tokensMade: number;
  /** Tokens of answers that were not sent to their end. */
  readonly tokensWasted: number;
}

/** A record while it is written. */
export type RequestRecord = { -readonly [K in keyof SimulatedRequest]: SimulatedRequest[K] };

export function addUp(requests: readonly SimulatedRequest[]): SimulatorStats {
  const sum = (list: readonly SimulatedRequest[]) => list.reduce((total, { tokens }) => total + tokens, 0);
  return {
    requests: requests.length,
    inFlight: requests.filter(({ outcome }) => outcome === "open").length,
    tokensMade: sum(requests),
    tokensWasted: sum(requests.filter(({ outcome }) => outcome === "cut" || outcome === "left")),
  };
}
