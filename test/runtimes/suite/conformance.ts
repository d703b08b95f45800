// What the client does, the same in every runtime. No test framework, nothing of Node's: web standards only.
import { answerCases } from "./answers.ts";
import { type ConformanceCase, eventually, type Surroundings } from "./case.ts";
import { endingCases } from "./endings.ts";
import { failureCases } from "./failures.ts";
import { silenceCases } from "./silence.ts";
import { surroundingCases } from "./surroundings.ts";
import { createWorlds, type World } from "./world.ts";

const quickCases: readonly ConformanceCase[] = [...answerCases, ...failureCases, ...endingCases, ...surroundingCases];

export const caseNames: readonly string[] = quickCases.map(({ name }) => name);
/** Run on demand: they take minutes. */
export const slowCaseNames: readonly string[] = silenceCases.map(({ name }) => name);

/** More than any case takes on a slow machine. */
const CASE_LIMIT_MS = 20_000;
const SLOW_CASE_LIMIT_MS = 420_000;
/** Cases that run at once, where one place runs them all. */
const AT_ONCE = 6;

export interface CaseResult {
  readonly name: string;
  /** What went wrong; absent when nothing did. */
  readonly failure?: string;
  readonly note?: string;
}

/** Runs one case. `control`: the address of the runner, which makes the simulators. */
export async function runCase(name: string, control: string, surroundings: Surroundings): Promise<CaseResult> {
  const found = [...quickCases, ...silenceCases].find((candidate) => candidate.name === name);
  if (!found) return { name, failure: "There is no such case." };
  const worlds: World[] = [];
  const { open, closedAddress } = createWorlds(control);
  const scene = {
    ...surroundings,
    closedAddress,
    async open(...plan: Parameters<typeof open>) {
      const world = await open(...plan);
      worlds.push(world);
      return world;
    },
  };
  const run = async () => {
    const note = await found.run(scene);
    for (const world of worlds) await leavesNothing(world);
    return note;
  };
  try {
    const note = await inTime(run(), slowCaseNames.includes(name) ? SLOW_CASE_LIMIT_MS : CASE_LIMIT_MS);
    return { name, ...(note !== undefined && { note }) };
  } catch (error) {
    return { name, failure: explain(error) };
  }
}

/** The message, and the first places of the stack: engines differ in whether the one begins the other. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const places = (error.stack ?? "")
    .replace(error.message, "")
    .split("\n")
    .filter((line) => /:\d+:\d+/.test(line));
  return [error.message, ...places.slice(0, 3)].join("\n");
}

/** Runs cases, some at once. */
export async function runCases(
  names: readonly string[],
  control: string,
  surroundings: Surroundings,
  onResult: (result: CaseResult) => void,
): Promise<void> {
  const waiting = [...names];
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      onResult(await runCase(name, control, surroundings));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** A fault nobody met proves nothing, and a request still open after the case is a leak. */
async function leavesNothing(world: World): Promise<void> {
  const { unused } = await world.seen();
  if (unused.length > 0) throw new Error(`Steps of the script were not asked for: ${JSON.stringify(unused)}.`);
  await eventually(
    async () => (await world.seen()).requests.every(({ outcome }) => outcome !== "open"),
    "no request is open after the case",
  );
}

/** Leaves no timer behind: a program that ran all cases must end by itself. */
async function inTime<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done after ${limitMs} ms.`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
