// What an open stream keeps on the heap, in processes that do nothing else.
import { startChild } from "./child.ts";
import type { Samples } from "./measure-turns.ts";

/** They differ by less than one per cent. */
const RUNS = 3;

export interface HeapOptions {
  readonly baseURL: string;
  readonly clients: readonly string[];
}

/** Kilobytes a stream. */
export async function measureHeap({ baseURL, clients }: HeapOptions): Promise<Samples> {
  const samples: Samples = new Map(clients.map((name) => [name, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const name of clients) {
      const { child } = await startChild("open-streams.ts", [name, baseURL], ["--expose-gc"]);
      try {
        const { heap = Number.NaN } = await child.ask({});
        samples.get(name)?.push(heap / 1000);
      } finally {
        await child.end();
      }
    }
  }
  return samples;
}
