import type { Clock } from "../async/clock.ts";
import { createTokenCorrection, type TokenCorrection } from "../context/token-correction.ts";
import type { Complaint } from "../prepare/read-complaint.ts";
import type { Circuit } from "./circuit.ts";
import { createPeakAverage } from "./peak-average.ts";
import type { Slots } from "./slots.ts";

/** What is known of one model of a provider, as plain data. */
export interface ModelHealth {
  /** The model by the provider's own name. */
  readonly model: string;
  /** `open`: it is not asked, or every 10 s where there is nobody else; `half-open`: one request decides whether others may follow. */
  readonly circuit: "closed" | "open" | "half-open";
  /** Of an open circuit: until when; milliseconds since the epoch. */
  readonly openUntil?: number;
  /** How many requests may be under way at once; absent without a limit. */
  readonly limit?: number;
  /** Requests under way, and those that have a slot but not their turn of a rate limit. */
  readonly inFlight: number;
  /** Calls that wait for a slot. */
  readonly waiting: number;
  /** Time to the first token, lately: it rises at once and falls slowly. Absent until the first answer. */
  readonly headMs?: number;
}

/** What all calls of a client share about one model of a provider. */
export interface ModelState {
  /** By the provider's own name. */
  readonly name: string;
  readonly circuit: Circuit;
  readonly slots: Slots;
  /**
   * What `fastest` goes by: the time to the first token, which counts less the longer ago it was; `undefined` until it was
   * asked. A failure counts as a long one.
   */
  readonly slownessMs: number | undefined;
  /** The 95th percentile of the last times to the first token; `undefined` before there are enough of them. */
  readonly p95HeadMs: number | undefined;
  /** Its window in tokens, as its server said. */
  readonly window: number | undefined;
  learnWindow(tokens: number): void;
  /** What was wrong with requests here, and helped to repair; by rule. */
  readonly repairs: ReadonlyMap<string, Complaint>;
  learnRepair(complaint: Complaint): void;
  /** How far estimates of its prompts are off. */
  readonly correction: TokenCorrection;
  /** A first token came after that time. */
  sawHead(ms: number): void;
  /** None came: it failed, or was not waited for any longer. */
  sawNone(ms: number, hasFailed: boolean): void;
  health(): ModelHealth;
}

/** Of a request that failed: its user had to wait for another answer. */
const FAILED_MS = 10_000;
/** So many times are kept, and so many needed before a percentile means anything. */
const [KEPT, NEEDED] = [100, 20];

export function createModelState(model: string, circuit: Circuit, slots: Slots, clock: Clock): ModelState {
  const heads = createPeakAverage(clock);
  const waits = createPeakAverage(clock);
  const times: number[] = [];
  let written = 0;
  let window: number | undefined;
  const repairs = new Map<string, Complaint>();
  return {
    name: model,
    circuit,
    slots,
    correction: createTokenCorrection(),
    repairs,
    learnRepair: (complaint) => repairs.set(complaint.rule, complaint),
    get window() {
      return window;
    },
    learnWindow(tokens) {
      window = tokens;
    },
    get slownessMs() {
      return waits.now();
    },
    get p95HeadMs() {
      if (times.length < NEEDED) return undefined;
      const sorted = times.toSorted((a, b) => a - b);
      return sorted[Math.floor(sorted.length * 0.95)];
    },
    sawHead(ms) {
      heads.add(ms);
      waits.add(ms);
      times[written % KEPT] = ms;
      written += 1;
    },
    sawNone(ms, hasFailed) {
      // It would have taken longer than that.
      waits.add(hasFailed ? Math.max(ms, FAILED_MS) : Math.max(ms, waits.now() ?? 0));
    },
    health() {
      const { state, until } = circuit.health();
      const { limit, inFlight, waiting } = slots.health();
      const headMs = heads.last();
      return {
        model,
        circuit: state,
        ...(until !== undefined && { openUntil: until }),
        ...(Number.isFinite(limit) && { limit }),
        inFlight,
        waiting,
        ...(headMs !== undefined && { headMs: Math.round(headMs) }),
      };
    },
  };
}
