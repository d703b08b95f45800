// Runs one suite against the packed tarball in every runtime there is.
//   npm run test:runtimes                       all of them
//   npm run test:runtimes -- bun deno           those whose name has one of these words
//   npm run test:runtimes -- --notes            also what runtimes say in words of their own
//   npm run test:runtimes -- --silence          only the two cases that take seven minutes, everywhere at once
// A runtime that is not to be had is skipped; with REQUIRE_PROGRAMS=1 that is a failure.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installRuntimes } from "./install-runtimes.ts";
import { listRuntimes } from "./list-runtimes.ts";
import { preparePackage } from "./prepare-package.ts";
import type { Runtime, Stage } from "./runtime.ts";
import { endPrograms } from "./start-program.ts";
import type { CaseResult } from "./suite/conformance.ts";
import { startWorldServer } from "./world-server.ts";

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const isSlow = process.argv.includes("--silence");
const tellsNotes = isSlow || process.argv.includes("--notes");
const isRequired = process.env["REQUIRE_PROGRAMS"] === "1";
const total = { passed: 0, failed: 0, skipped: 0 };
const folder = mkdtempSync(join(tmpdir(), "resilient-deepseek-runtimes-"));

// However this ends, nothing it started goes on, and no folder stays.
process.on("exit", () => {
  endPrograms();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

try {
  // What could not be installed is missed where it is asked for.
  await installRuntimes().catch((error: unknown) => console.error(String(error)));
  const prepared = await preparePackage(folder);
  const worlds = await startWorldServer(prepared.createSimulator);
  const isChosen = ({ name }: Runtime) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word));
  const chosen = listRuntimes().filter(isChosen);
  if (chosen.length === 0) throw new Error(`No runtime is called ${words.join(" or ")}.`);
  const stage = { prepared, control: worlds.url };
  if (isSlow) {
    const slow = { ...stage, names: prepared.slowCaseNames, limitMs: 450_000 };
    await Promise.all(chosen.map((runtime) => tell(runtime, slow)));
  } else {
    const quick = { ...stage, names: prepared.caseNames, limitMs: 60_000 };
    // One after the other: cases that wait must not wait for another runtime.
    for (const runtime of chosen) await tell(runtime, quick);
  }
  await worlds.close();
} catch (error) {
  total.failed += 1;
  console.error(error);
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

async function tell(runtime: Runtime, stage: Stage): Promise<void> {
  let version = "";
  try {
    version = await runtime.version();
  } catch (error) {
    total[isRequired ? "failed" : "skipped"] += 1;
    console.log(`${isRequired ? "MISSING" : "SKIPPED"}  ${runtime.name}: ${messageOf(error)}`);
    return;
  }
  const startedAt = performance.now();
  const results = await runtime
    .run(stage)
    .catch((error: unknown): CaseResult[] => [{ name: "it runs", failure: messageOf(error) }])
    .then((told) => [...told, ...missing(told, stage.names)]);
  const failed = results.filter(({ failure }) => failure !== undefined);
  const passed = results.length - failed.length;
  total.passed += passed;
  total.failed += failed.length;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const sum = `${passed} passed${failed.length > 0 ? `, ${failed.length} FAILED` : ""}`;
  console.log(`${failed.length > 0 ? "FAILED " : "ok     "}  ${runtime.name} (${version}): ${sum}, ${seconds} s`);
  for (const { name, failure } of failed) console.log(`  - ${name}\n      ${failure?.replaceAll("\n", "\n      ")}`);
  if (!tellsNotes) return;
  for (const { name, note } of results) if (note !== undefined) console.log(`  ${name}: ${note}`);
}

/** A runtime that ends in the middle must not pass with the cases it got to. */
function missing(results: readonly CaseResult[], names: readonly string[]): readonly CaseResult[] {
  const told = new Set(results.map(({ name }) => name));
  return names.filter((name) => !told.has(name)).map((name) => ({ name, failure: "It was not run to its end." }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
