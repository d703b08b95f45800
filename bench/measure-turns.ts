// CPU time of calls to the server, client by client in turns.
//
// Each client has a process of its own: in one process they would share a heap, and pay for each other's garbage and for
// code that was compiled for somebody else's objects; a program has one client. The processes take turns, one works at a
// time, so a machine that slows down slows all of them down. Who waits for its turn costs nothing.
import { type Child, startChild } from "./child.ts";
import type { Turn } from "./worker.ts";

/** By the name of the client: a value each run. */
export type Samples = Map<string, number[]>;

export interface TurnsOptions {
  readonly server: Child;
  readonly baseURL: string;
  /** Which answers the server gives. */
  readonly answer: string;
  /** Whom to measure, and how it asks: "openai.chunks" is `chunks` of `peers/openai.ts`. */
  readonly clients: readonly string[];
  readonly turn: Turn;
  /** What one turn makes, for the price of one of them: chunks, or calls. */
  readonly units: number;
  readonly runs: number;
  /** Turns until all code is compiled. */
  readonly warmUp: number;
}

/** Microseconds of CPU a unit. */
export async function measureTurns(options: TurnsOptions): Promise<Samples> {
  const { server, baseURL, answer, clients, turn, units, runs, warmUp } = options;
  const samples: Samples = new Map();
  const children: { name: string; child: Child }[] = [];
  try {
    for (const client of clients) {
      const [name = "", way = ""] = client.split(".");
      const { child } = await startChild("worker.ts", [name, way, answer, baseURL]);
      children.push({ name, child });
      samples.set(name, []);
    }
    for (let run = -warmUp; run < runs; run++) {
      // Nobody is always measured behind the same neighbour.
      for (const { name, child } of rotate(children, run + warmUp)) {
        await server.ask({});
        const { cpuMs = Number.NaN } = await child.ask(turn);
        const { requests } = await server.ask({});
        if (requests !== turn.calls) throw new Error(`${name} made ${requests} requests in ${turn.calls} calls`);
        if (run >= 0) samples.get(name)?.push((cpuMs * 1000) / units);
      }
    }
  } finally {
    for (const { child } of children) await child.end();
  }
  return samples;
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const from = by % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}
