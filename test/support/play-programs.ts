import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a program said that ended well. Throws what Node tells of one that did not. */
export type Said = () => { readonly stdout: string; readonly stderr: string };

/** Programs that run at once: they wait more than they work. */
const AT_ONCE = 4;

/**
 * Runs JavaScript programs to their end, some at a time, for the tests of a file to read. Not `test.concurrent`: what is
 * open is counted for the whole process, so that each test would be blamed for the programs of the others.
 */
export async function playPrograms(
  programs: Readonly<Record<string, readonly string[]>>,
  options: { readonly env: NodeJS.ProcessEnv; readonly timeout: number },
): Promise<ReadonlyMap<string, Said>> {
  const said = new Map<string, Said>();
  const waiting = Object.entries(programs).values();
  const play = async () => {
    for (const [name, args] of waiting) {
      said.set(
        name,
        await run(process.execPath, args, options).then(
          (outcome) => () => outcome,
          (error: unknown) => () => {
            throw error;
          },
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, play));
  return said;
}
