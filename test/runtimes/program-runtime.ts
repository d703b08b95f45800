import { join } from "node:path";
import type { Runtime, Stage } from "./runtime.ts";
import { cleanEnvironment, startProgram } from "./start-program.ts";
import type { CaseResult } from "./suite/conformance.ts";
import { KEY } from "./suite/key.ts";

/** Node, Bun or Deno: a program that runs a file. `args` come before the file. */
export function programRuntime(name: string, command: string, args: readonly string[] = []): Runtime {
  return {
    name,
    version: () => versionOf(command),
    run: (stage) => runProgram(command, args, stage),
  };
}

/** What a program says of its version, in its first line. */
export async function versionOf(command: string): Promise<string> {
  const program = startProgram(command, ["--version"], { cwd: import.meta.dirname, limitMs: 20_000 });
  if ((await program.ended) !== 0) throw new Error(program.output.trim() || "it does not start");
  return /\d+([.-]\d+){2,}/.exec(program.output)?.[0] ?? program.output.trim();
}

async function runProgram(command: string, args: readonly string[], stage: Stage): Promise<readonly CaseResult[]> {
  const { folder } = stage.prepared;
  const env = {
    ...cleanEnvironment(),
    CONTROL: stage.control,
    CASES: JSON.stringify(stage.names),
    OPENROUTER_API_KEY: KEY,
  };
  const file = join(folder, "program.js");
  const program = startProgram(command, [...args, file], { cwd: folder, env, limitMs: stage.limitMs });
  const results: CaseResult[] = [];
  program.onLine(1, (line) => {
    if (line.startsWith("{")) results.push(JSON.parse(line) as CaseResult);
  });
  const code = await program.ended;
  // A timer, a listener or a socket of the client's that holds the process shows here.
  const name = "the program ends by itself, in order";
  const words = program.output.split("\n").filter((line) => !line.startsWith("{"));
  results.push(code === 0 ? { name } : { name, failure: [`Exit code ${code}.`, ...words].join("\n") });
  return results;
}
