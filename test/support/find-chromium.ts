import { statSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Where the machine has Chromium (Debian: `apt-get install chromium`). Without it the tests that need it are skipped, and
 * say so; with REQUIRE_PROGRAMS=1 that is a failure.
 */
export function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (found) return found;
  if (process.env["REQUIRE_PROGRAMS"] === "1") throw new Error("Chromium is required, and not on the PATH.");
  console.warn("Skipped what needs Chromium: it is not on the PATH.");
  return undefined;
}
