// What is asked of the server in each of the two loops.
import type { Outage } from "./figures.ts";
import { closedLoop, openLoop } from "./load.ts";
import { type Load, type Run, stage } from "./stage.ts";
import { CAPACITY, type CreateClient } from "./world.ts";

export const OVERLOAD_MS = 5_000;
const PHASES = [
  { perSecond: 2 * CAPACITY, forMs: OVERLOAD_MS },
  { perSecond: CAPACITY / 2, forMs: 10_000 },
];
export const OPEN_MS = 15_000;
export const CLIENTS = 200;
const THINK_MS = 1_000;

export interface How {
  readonly isReal: boolean;
  readonly queue: number;
  readonly seed: number;
}

/** One client, asked twice too much and then too little. */
export function runOpen(create: CreateClient, how: How, name = ""): Promise<Run> {
  const load: Load = (world, random) => openLoop({ clock: world.clock, random }, create(world), PHASES);
  return stage(name, { ...how, faults: [] }, load);
}

/** Many clients that share nothing, and an outage. */
export function runClosed(create: CreateClient, { fromMs, untilMs, endMs }: Outage, how: How, name = ""): Promise<Run> {
  const load: Load = (world, random) => {
    const asks = Array.from({ length: CLIENTS }, () => create(world));
    return closedLoop({ clock: world.clock, random }, asks, { thinkMs: THINK_MS, forMs: endMs });
  };
  return stage(name, { ...how, faults: [{ kind: "busy", fromMs, untilMs }] }, load);
}
