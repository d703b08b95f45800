import { expect } from "vitest";
import { deepseek } from "../../src/index.ts";
import type { Simulator } from "../../src/testing/index.ts";
import { KEY, type World } from "./busy-world.ts";

export const SECOND = "https://second.example";
export const primary = deepseek({ apiKey: KEY });
/** Another host of the same kind: it goes on with answers, whoever began them. */
export const second = deepseek({ name: "second", apiKey: "sk-second-0123456789", baseURL: SECOND });

/** Nothing is open any more: no request, no timer, no slot. */
export async function expectClosed({ client, clock }: World, ...hosts: readonly Simulator[]): Promise<void> {
  await clock.advance(200);
  for (const host of hosts) expect(host.stats.inFlight).toBe(0);
  for (const { inFlight } of client.health().providers) expect(inFlight).toBe(0);
  expect(clock.pending).toBe(0);
}
