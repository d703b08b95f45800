// The rows of the table: what is measured, of whom, and what we hold ourselves to.
import type { Child } from "./child.ts";
import { ANSWER_PIECES } from "./client.ts";
import { measureHeap } from "./measure-heap.ts";
import { measureSize } from "./measure-size.ts";
import { measureFirstAnswer, measureImport } from "./measure-startup.ts";
import { measureTurns, type Samples } from "./measure-turns.ts";

export interface Setting {
  readonly server: Child;
  readonly baseURL: string;
  readonly runs: number;
}

export interface Row {
  readonly name: string;
  /** The work, and what the floor is. */
  readonly what: string;
  readonly unit: string;
  /** How the numbers are told: as a multiple of the floor, as what comes on top of it, or as they are. */
  readonly told: "ratio" | "on top" | "as is";
  /** What we stay under, and what we would like to. */
  readonly hold?: number;
  readonly hard?: number;
  measure(setting: Setting): Promise<Samples>;
}

const LONG = { turn: { calls: 10, atOnce: 1 }, units: 10 * ANSWER_PIECES.long, answer: "long", warmUp: 5 };
const PACED = { turn: { calls: 100, atOnce: 100 }, units: 100 * ANSWER_PIECES.paced, answer: "paced", warmUp: 3 };
const SMALL = { turn: { calls: 320, atOnce: 16 }, units: 320, answer: "small", warmUp: 10 };

/** `clients`: "name.way", as in `peers/<name>.ts`. */
const turns = (work: typeof LONG, clients: string) => (setting: Setting) =>
  measureTurns({ ...setting, ...work, clients: clients.split(" ") });

const STREAMING = ["fetch", "ours", "openai", "langchain", "ai"];

export const rows: readonly Row[] = [
  {
    name: "stream",
    what: "CPU per chunk, answers of 5,000 chunks, about seventy a read. Floor: fetch + eventsource-parser + JSON.parse",
    unit: "us/chunk",
    told: "ratio",
    hold: 1.25,
    hard: 1,
    measure: turns(LONG, "fetch.chunks ours.chunks openai.chunks langchain.chunks ai.chunks"),
  },
  {
    name: "paced",
    what: "the same, 100 streams at once, one event a read",
    unit: "us/chunk",
    told: "ratio",
    hold: 1.25,
    hard: 1.15,
    measure: turns(PACED, "fetch.chunks ours.chunks openai.chunks langchain.chunks ai.chunks"),
  },
  {
    name: "text",
    what: "`stream`, read with `textStream()`; the AI SDK's `textStream`",
    unit: "us/chunk",
    told: "ratio",
    hold: 1.25,
    hard: 1,
    measure: turns(LONG, "fetch.chunks ours.text ai.text"),
  },
  {
    name: "bytes",
    what: "`stream`, read with `toReadableStream()`: encoded again, one JSON chunk a line",
    unit: "us/chunk",
    told: "ratio",
    hold: 1.5,
    hard: 1.25,
    measure: turns(LONG, "fetch.chunks ours.bytes openai.bytes"),
  },
  {
    name: "small",
    what: "CPU per plain call of 20 tokens, 16 at once; ours through the stream pipeline. Floor: fetch + JSON",
    unit: "us/call",
    told: "ratio",
    hold: 2,
    hard: 1.7,
    measure: turns(SMALL, "fetch.plain ours.plain openai.plain langchain.plain ai.plain ky.plain"),
  },
  {
    name: "small-stream",
    what: "the same answer, streamed by everybody. Floor: fetch + JSON, as before",
    unit: "us/call",
    told: "ratio",
    measure: turns(SMALL, "fetch.plain ours.chunks openai.chunks langchain.chunks ai.chunks"),
  },
  {
    name: "small-json",
    what: '`small` with our option `wire: "json"`',
    unit: "us/call",
    told: "ratio",
    measure: turns(SMALL, "fetch.plain ours.json"),
  },
  {
    name: "size",
    what: "what a bundled app loads for one streamed call, minified and brotli; our validation, a lazy file, apart",
    unit: "kB",
    told: "as is",
    hold: 25,
    hard: 22,
    measure: (setting) => measureSize({ ...setting, clients: STREAMING, apart: /validate-request/ }),
  },
  {
    name: "size-all",
    what: "the same with every file that was loaded",
    unit: "kB",
    told: "as is",
    measure: (setting) => measureSize({ ...setting, clients: STREAMING }),
  },
  {
    name: "import",
    what: "CPU of a whole process that imports the main entry. Floor: an empty module",
    unit: "ms",
    told: "ratio",
    hold: 1.5,
    hard: 1.2,
    measure: (setting) => measureImport({ ...setting, clients: [...STREAMING, "ky"] }),
  },
  {
    name: "first",
    what: "CPU of a whole process that imports and streams one answer. Floor: plain fetch, nothing imported",
    unit: "ms",
    told: "ratio",
    hold: 1.5,
    hard: 1.25,
    measure: (setting) => measureFirstAnswer({ ...setting, clients: STREAMING }),
  },
  {
    name: "heap",
    what: "heap of an open stream on top of plain fetch's, 1,000 held open in the middle of the answer",
    unit: "kB",
    told: "on top",
    hold: 8,
    hard: 5,
    measure: (setting) => measureHeap({ ...setting, clients: STREAMING }),
  },
];
