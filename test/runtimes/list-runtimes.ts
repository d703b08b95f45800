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

/** All places the suite runs in. */
export function listRuntimes(): readonly Runtime[] {
  const worker = { compatibilityDate: "2026-11-01", flags: [], hasEnvironment: false };
  return [
    programRuntime("Node 22, the oldest supported", node("node22-oldest")),
    programRuntime("Node 22", node("node22")),
    programRuntime("Node 24", node("node24")),
    programRuntime("Node 26", node("node26")),
    programRuntime("Node of this machine", nodeOfThisMachine() ?? "node"),
    programRuntime("Bun", bin("bun")),
    programRuntime("Deno", bin("deno"), DENO_ARGS),
    workerdRuntime(bin("workerd"), { name: "workerd", ...worker }),
    workerdRuntime(bin("workerd"), {
      ...worker,
      name: "workerd with nodejs_compat",
      flags: ["nodejs_compat"],
      hasEnvironment: true,
    }),
    chromiumRuntime(),
  ];
}

/** The first Node on the PATH that npm did not put there. */
function nodeOfThisMachine(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return folders
    .map((folder) => join(folder, "node"))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .find((path) => !realpathSync(path).includes("node_modules"));
}
