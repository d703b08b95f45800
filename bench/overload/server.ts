// The server in a process of its own, for the runs in real time: begins when it is told how, and tells what it saw.
import type { Fault } from "../../src/testing/index.ts";
import { createStudyServer, type Requests, requestsOf } from "./world.ts";

export interface Begin {
  readonly queue: number;
  readonly faults: readonly Fault[];
  readonly seed: number;
}

export type Told = { readonly url: string } | { readonly requests: Requests };

const tell = (told: Told) => process.send?.(told);

process.once("message", async ({ queue, faults, seed }: Begin) => {
  const simulator = createStudyServer(queue, faults, seed);
  const { url } = await simulator.listen();
  process.on("message", () => tell({ requests: requestsOf(simulator) }));
  tell({ url });
});
process.on("disconnect", () => process.exit());
