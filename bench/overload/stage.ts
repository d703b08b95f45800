// One run: a server, its clients and what they did; on the virtual clock in memory, or in real time over loopback.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { systemClock } from "../../src/async/clock.ts";
import { createVirtualClock, type Fault, seededRandom, type VirtualClock } from "../../src/testing/index.ts";
import type { CallRecord } from "./load.ts";
import type { Begin, Told } from "./server.ts";
import { createStudyServer, type Requests, requestsOf, type World } from "./world.ts";

export interface Run {
  readonly name: string;
  readonly calls: readonly CallRecord[];
  readonly requests: Requests;
}

export interface Setting extends Begin {
  readonly faults: readonly Fault[];
  readonly isReal: boolean;
}

/** Asks a server of such a kind; `random` is the load's own, so that all clients get the same arrivals. */
export type Load = (world: World, random: () => number) => Promise<CallRecord[]>;

export async function stage(name: string, setting: Setting, load: Load): Promise<Run> {
  const random = seededRandom(setting.seed + 100);
  const result = setting.isReal ? await inRealTime(setting, load, random) : await inMemory(setting, load, random);
  return { name, ...result };
}

async function inMemory({ queue, faults, seed }: Setting, load: Load, random: () => number) {
  const clock = createVirtualClock();
  const server = createStudyServer(queue, faults, seed, clock);
  const world = { clock, fetch: server.fetch, baseURL: "https://api.deepseek.com", random: seededRandom(seed) };
  using _ = borrowTimers(clock);
  const calls = await clock.run(load(world, random));
  return { calls, requests: requestsOf(server) };
}

/** The OpenAI SDK takes no clock: as long as a run lasts, `setTimeout` is the virtual one's. */
function borrowTimers(clock: VirtualClock): Disposable {
  const { setTimeout, clearTimeout } = globalThis;
  const cancels = new Map<number, () => void>();
  let lastId = 0;
  const set = (action: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]) => {
    lastId += 1;
    const id = lastId;
    const fire = () => {
      cancels.delete(id);
      action(...given);
    };
    cancels.set(id, clock.after(delayMs, fire));
    return id;
  };
  const clear = (id: number) => {
    cancels.get(id)?.();
    cancels.delete(id);
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  return { [Symbol.dispose]: () => void Object.assign(globalThis, { setTimeout, clearTimeout }) };
}

async function inRealTime({ queue, faults, seed }: Setting, load: Load, random: () => number) {
  const server = fork(join(import.meta.dirname, "server.ts"));
  const ask = async (message: object): Promise<Told> => {
    const told = once(server, "message");
    server.send(message);
    return (await told)[0] as Told;
  };
  const began = await ask({ queue, faults, seed });
  const baseURL = "url" in began ? began.url : "";
  const world = { clock: systemClock, fetch: globalThis.fetch, baseURL, random: seededRandom(seed) };
  const calls = await load(world, random);
  const seen = await ask({ tell: "requests" });
  server.disconnect();
  return { calls, requests: "requests" in seen ? seen.requests : [] };
}
