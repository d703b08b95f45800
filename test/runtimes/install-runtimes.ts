import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./prepare-package.ts";

const folder = import.meta.dirname;
const lockfile = join(folder, "package-lock.json");
const receipt = join(folder, "node_modules/.installed");

/** Installs the runtimes of `package.json`, unless that was done. They are large; the checkout's own `npm ci` knows nothing of them. */
export async function installRuntimes(): Promise<void> {
  const wanted = readFileSync(lockfile, "utf8");
  if (existsSync(receipt) && readFileSync(receipt, "utf8") === wanted) return;
  await npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], folder);
  writeFileSync(receipt, wanted);
}
