import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** What changes modules for the whole process, and so for the files after it. */
const MODULE_CHANGE = /\bvi\.(?:mock|doMock|resetModules)\(/;
const keepModules = {
  name: "keep-modules",
  enforce: "pre" as const,
  transform(code: string, id: string) {
    if (/\/test\/.+\.ts$/.test(id) && MODULE_CHANGE.test(code))
      throw new Error(`${id} changes modules: call it *.isolated.test.ts.`);
  },
};

/** Where the makers are whose products `test/support/leaks.ts` looks at when a test ends: they are wrapped on loading. */
const MAKERS = /\/src\/(?:testing\/virtual-clock|state\/provider-state)\.ts$/;
const MAKER = /^export function (createVirtualClock|createProviderState)\(/m;
const WATCHED = fileURLToPath(new URL("test/support/watched.ts", import.meta.url));
const watchMakers = {
  name: "watch-makers",
  enforce: "pre" as const,
  transform(code: string, id: string) {
    if (!MAKERS.test(id)) return;
    if (!MAKER.test(code)) throw new Error(`No maker to watch in ${id}: see vitest.config.ts.`);
    // On the same line, so that places in error messages stay true.
    const watched = code.replace(MAKER, "export const $1 = watchMaker(make); function make(");
    return `${watched}\nimport { watchMaker } from ${JSON.stringify(WATCHED)};\n`;
  },
};

/** Unit tests that need a process of their own. */
const ISOLATED = "test/unit/**/*.isolated.test.ts";

export default defineConfig({
  test: {
    // Type tests (test/types) are checked by the compiler: `npm test` runs it first.
    // Sockets, timers and the garbage collector are observed per process.
    pool: "forks",
    projects: [
      // Longer than any test takes: what takes no time to speak of must not fail on a slow machine.
      // Files share two processes: starting one for each took three quarters of their time.
      project("unit", { testTimeout: 30_000, isolate: false, exclude: [ISOLATED], plugins: [keepModules] }),
      project("unit-isolated", { testTimeout: 30_000, include: [ISOLATED] }),
      project("behaviour", { testTimeout: 30_000 }),
      project("property", { testTimeout: 1_800_000 }),
      project("recordings"),
      project("wire", { testTimeout: 60_000, execArgv: ["--expose-gc"] }),
      project("package", { testTimeout: 120_000, globalSetup: "test/support/install-package.ts" }),
      project("examples", { testTimeout: 60_000 }),
    ],
  },
});

interface ProjectOptions {
  readonly testTimeout?: number;
  readonly execArgv?: string[];
  readonly globalSetup?: string;
  readonly isolate?: boolean;
  readonly include?: string[];
  readonly exclude?: string[];
  readonly plugins?: readonly Plugin[];
}

function project(name: string, { plugins = [], ...options }: ProjectOptions = {}) {
  const setupFiles = ["test/support/load-all.ts", "test/support/watch-leaks.ts"];
  // In `behaviour`, msw stands between the tests and the network, and fails what nobody handles.
  if (name !== "behaviour") setupFiles.push("test/support/no-network.ts");
  const test = { name, include: [`test/${name}/**/*.test.ts`], setupFiles, ...options };
  return { plugins: [watchMakers, ...plugins], test };
}
