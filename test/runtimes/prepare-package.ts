import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { createSimulator } from "resilient-deepseek/testing";
import { cleanEnvironment, startProgram } from "./start-program.ts";

const root = join(import.meta.dirname, "../..");

/** The package as its users get it, and the suite beside it. */
export interface PreparedPackage {
  readonly folder: string;
  /** The package's own modules, as they were installed. */
  readonly dist: string;
  readonly createSimulator: typeof createSimulator;
  /** Every case of the suite by its name, and those that take minutes. */
  readonly caseNames: readonly string[];
  readonly slowCaseNames: readonly string[];
}

/**
 * Builds, packs and installs the package; the suite becomes one module that imports it by name.
 * `folder`: an empty one outside the checkout.
 */
export async function preparePackage(folder: string): Promise<PreparedPackage> {
  // Packing builds it first: `prepack`.
  await npm(["pack", "--pack-destination", folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  await npm(["install", "--offline", "--no-audit", "--no-fund", join(folder, tarball)], folder);
  await bundleSuite(folder);
  cpSync(join(import.meta.dirname, "in-runtime"), folder, { recursive: true });
  const dist = join(folder, "node_modules/resilient-deepseek/dist");
  const testing = await load<Pick<PreparedPackage, "createSimulator">>(join(dist, "testing.js"));
  const suite = await load<Pick<PreparedPackage, "caseNames" | "slowCaseNames">>(join(folder, "conformance.js"));
  const { caseNames, slowCaseNames } = suite;
  return { folder, dist, createSimulator: testing.createSimulator, caseNames, slowCaseNames };
}

function load<T>(path: string): Promise<T> {
  return import(pathToFileURL(path).href) as Promise<T>;
}

/** One module for all: it imports the package by name, or by path where nothing resolves names. */
async function bundleSuite(folder: string): Promise<void> {
  const outfile = join(folder, "conformance.js");
  await build({
    entryPoints: [join(import.meta.dirname, "suite/conformance.ts")],
    outfile,
    bundle: true,
    external: ["resilient-deepseek"],
    format: "esm",
    target: "es2023",
    platform: "neutral",
  });
  const byPath = readFileSync(outfile, "utf8").replaceAll(
    'from "resilient-deepseek"',
    'from "./node_modules/resilient-deepseek/dist/index.js"',
  );
  writeFileSync(join(folder, "conformance-by-path.js"), byPath);
}

/** Runs npm; what it said is told when it fails. */
export async function npm(args: readonly string[], cwd: string): Promise<void> {
  const program = startProgram("npm", args, { cwd, env: cleanEnvironment(), limitMs: 300_000 });
  if ((await program.ended) !== 0) throw new Error(`npm ${args.join(" ")} failed:\n${program.output}`);
}
