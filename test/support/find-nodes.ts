import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The Node of the project, those of the machine, and those a caller names in EXTRA_NODES: one path a version. */
export function findNodes(): ReadonlyMap<string, string> {
  const named = (process.env["EXTRA_NODES"] ?? "").split(delimiter);
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((entry) => join(entry, "node"));
  const found = [process.execPath, ...onPath, ...named].filter(
    (path) => path && statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
  return new Map(found.map((path) => [execFileSync(path, ["--version"], { encoding: "utf8" }).trim(), path]));
}
