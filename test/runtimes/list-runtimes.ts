import { realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromiumRuntime } from "./chromium-runtime.ts";
import { programRuntime } from "./program-runtime.ts";
import type { Runtime } from "./runtime.ts";
import { workerdRuntime } from "./workerd-runtime.ts";

const modules = join(import.meta.dirname, "node_modules");
const node = (alias: string) => join(modules, alias, "bin/node");
const bin = (name: string) => join(modules, ".bin", name);

/** Everything a program needs of Deno: the simulator's addresses, and the variables that are read. */
const DENO_ARGS = ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env"];

/** The oldest date the package works with: before it there is no `new ReadableStream()`. No environment either. */
const OLD_DATE = "2022-11-30";

/** All places the suite runs in. */
export function listRuntimes(): readonly Runtime[] {
  return [
    programRuntime("Node 22, the oldest supported", node("node22-oldest")),
    programRuntime("Node 22", node("node22")),
    programRuntime("Node 24", node("node24")),
    programRuntime("Node 26", node("node26")),
    ...nodesOfThisMachine().map((path) => programRuntime("Node of this machine", path)),
    programRuntime("Bun", bin("bun")),
    programRuntime("Deno", bin("deno"), DENO_ARGS),
    // Since August 2026 workers have Node's modules, and so an environment, unless they were made before.
    workerdRuntime(bin("workerd"), { name: "workerd", compatibilityDate: "2026-11-01", hasEnvironment: true }),
    workerdRuntime(bin("workerd"), {
      name: "workerd of 2022-11-30, the oldest that works",
      compatibilityDate: OLD_DATE,
      hasEnvironment: false,
    }),
    chromiumRuntime("Chromium", "page"),
    chromiumRuntime("Chromium, in a worker", "worker"),
  ];
}

/** The first Node on the PATH that npm did not put there, if there is one. */
function nodesOfThisMachine(): readonly string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return folders
    .map((folder) => join(folder, "node"))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .filter((path) => !realpathSync(path).includes("node_modules"))
    .slice(0, 1);
}
