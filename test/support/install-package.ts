import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/** The package as npm would install it in an app. */
export interface InstalledPackage {
  /** The app: a folder with a `node_modules` that holds this package alone. Each test file writes into folders of its own. */
  readonly app: string;
  /** The package inside of it. */
  readonly path: string;
  /** Every file of the tarball, sorted. */
  readonly files: readonly string[];
}

declare module "vitest" {
  interface ProvidedContext {
    readonly installed: InstalledPackage;
  }
}

const root = join(import.meta.dirname, "../..");

/** Packs `dist` and installs the tarball, once for all tests of the project: `inject("installed")` says where. */
export function setup({ provide }: TestProject): () => void {
  if (!existsSync(join(root, "dist/index.d.ts"))) throw new Error("There is nothing to pack yet: npm run build.");
  const app = mkdtempSync(join(tmpdir(), "resilient-deepseek-"));
  const [packed] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", app], root)) as [
    { filename: string; files: { path: string }[] },
  ];
  writeFileSync(join(app, "package.json"), '{ "private": true, "type": "module" }');
  npm(["install", "--offline", "--no-audit", "--no-fund", join(app, packed.filename)], app);
  const path = join(app, "node_modules/resilient-deepseek");
  provide("installed", { app, path, files: packed.files.map((file) => file.path).sort() });
  return () => rmSync(app, { recursive: true });
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
