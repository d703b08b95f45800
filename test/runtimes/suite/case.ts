import type { World, WorldPlan } from "./world.ts";

/** What a case must know of where it runs. */
export interface Surroundings {
  /** Whether there are environment variables, `OPENROUTER_API_KEY` among them and `DEEPSEEK_API_KEY` not. */
  readonly hasEnvironment: boolean;
  /** A page or a worker of one: no key without permission, redirects hidden, answers behind CORS. */
  readonly isBrowser: boolean;
}

interface Scene extends Surroundings {
  /** A fresh simulator, for this case alone. */
  open(plan?: WorldPlan): Promise<World>;
  /** An address where nobody listens. */
  closedAddress(): Promise<string>;
}

/** One thing the client does, the same everywhere. */
export interface ConformanceCase {
  readonly name: string;
  /** Throws when it does not. What it returns is told beside the result: what runtimes say in words of their own. */
  run(scene: Scene): Promise<string | undefined>;
}

type Behaviour = (scene: Scene) => Promise<string | undefined>;

/** A case for each behaviour, by its name. */
export function casesOf(behaviours: Readonly<Record<string, Behaviour>>): readonly ConformanceCase[] {
  return Object.entries(behaviours).map(([name, run]) => ({ name, run }));
}

export function check(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new Error(`Not so: ${claim}.`);
}

/** Equal as JSON says it: enough for numbers, texts and lists. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [was, due] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (was !== due) throw new Error(`${what}: expected ${due}, got ${was}.`);
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (reason: unknown) => ({ reason }),
  );
  if ("reason" in outcome) return outcome.reason;
  throw new Error(`Expected a rejection, got ${JSON.stringify(outcome.value)}.`);
}

/** Waits until something is so, asking again and again: how long it takes is no part of any claim. */
export async function eventually(isSo: () => Promise<boolean>, claim: string): Promise<void> {
  for (let tries = 0; tries < 250; tries++) {
    if (await isSo()) return;
    await pause(20);
  }
  throw new Error(`Not in time: ${claim}.`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
