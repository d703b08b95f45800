// The rows of the table: what is measured, of whom, and what we hold ourselves to.
import type { Child } from "./child.ts";
import { ANSWER_PIECES } from "./client.ts";
import { measureTurns, type Samples } from "./measure-turns.ts";

export interface Setting {
  readonly server: Child;
  readonly baseURL: string;
  readonly runs: number;
}

export interface Row {
  readonly name: string;
  readonly what: string;
  readonly unit: string;
  /** How the numbers are told: as a multiple of the floor, as what comes on top of it, or as they are. */
  readonly told: "ratio" | "on top" | "as is";
  /** What we stay under, and what we would like to. */
  readonly hold?: number;
  readonly hard?: number;
  measure(setting: Setting): Promise<Samples>;
}

type Clients = Parameters<typeof measureTurns>[0]["clients"];

const LONG = { turn: { calls: 10, atOnce: 1 }, units: 10 * ANSWER_PIECES.long, answer: "long", warmUp: 5 };
const PACED = { turn: { calls: 100, atOnce: 100 }, units: 100 * ANSWER_PIECES.paced, answer: "paced", warmUp: 3 };
const SMALL = { turn: { calls: 320, atOnce: 16 }, units: 320, answer: "small", warmUp: 10 };

const turns = (work: typeof LONG, clients: Clients) => (setting: Setting) =>
  measureTurns({ ...setting, ...work, clients });

export const rows: readonly Row[] = [
  {
    name: "stream",
    what: "CPU per chunk, answers of 5,000 chunks, about seventy a read",
    unit: "us/chunk",
    told: "ratio",
    hold: 1.25,
    hard: 1,
    measure: turns(LONG, [
      ["fetch", "chunks"],
      ["ours", "chunks"],
      ["openai", "chunks"],
    ]),
  },
  {
    name: "paced",
    what: "the same, 100 streams at once, one event a read",
    unit: "us/chunk",
    told: "ratio",
    hold: 1.25,
    hard: 1.15,
    measure: turns(PACED, [
      ["fetch", "chunks"],
      ["ours", "chunks"],
      ["openai", "chunks"],
    ]),
  },
  {
    name: "small",
    what: "CPU per whole answer of 20 tokens, 16 at once; ours through the stream pipeline",
    unit: "us/call",
    told: "ratio",
    hold: 2,
    hard: 1.7,
    measure: turns(SMALL, [
      ["fetch", "plain"],
      ["ours", "plain"],
      ["openai", "plain"],
    ]),
  },
];
