import { openaiCompatible } from "../../src/index.ts";
import type { Simulator, SimulatorOptions } from "../../src/testing/index.ts";
import { addHost, createWorld, params, type World, type WorldOptions } from "./busy-world.ts";
import { primary } from "./resume-world.ts";

/** Each scenario for a plain call and for a streamed one. */
export const BOTH = ["create", "text"] as const;
/** An answer takes less than that, thinking included. */
export const ANSWER_MS = 4_000;

const BACKUP = "https://backup.example/v1";
/** It can only start again. */
export const backup = openaiCompatible({
  name: "backup",
  baseURL: BACKUP,
  apiKey: "sk-backup-0123456789",
  keepAlives: true,
});
/** A request for about sixty tokens of text and no thinking. */
export const sixty = { params: { ...params, thinking: { type: "disabled" } } } as const;

/** A primary and a fallback that can only start again. */
export function bench(
  { client, ...options }: WorldOptions = {},
  fallback: SimulatorOptions = {},
): { readonly world: World; readonly hosts: readonly [Simulator, Simulator] } {
  const world = createWorld({ answerTokens: 60, ...options, client: { providers: [primary, backup], ...client } });
  const host = addHost(BACKUP, { clock: world.clock, answerTokens: 60, ...fallback });
  return { world, hosts: [world.simulator, host] };
}

/** A primary, and nobody else. */
export const alone = (options: WorldOptions): World => createWorld({ answerTokens: 60, ...options });
