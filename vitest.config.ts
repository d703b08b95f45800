import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

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

export default defineConfig({
  test: {
    // Type tests (test/types) are checked by the compiler: `npm test` runs it first.
    // Sockets, timers and the garbage collector are observed per process.
    pool: "forks",
    projects: [
      // Longer than any test takes: what takes no time to speak of must not fail on a slow machine.
      project("unit", { testTimeout: 30_000 }),
      project("behaviour", { testTimeout: 30_000 }),
      project("property", { testTimeout: 1_800_000 }),
      project("recordings"),
      project("wire", { testTimeout: 60_000, execArgv: ["--expose-gc"] }),
      project("package", { testTimeout: 120_000, globalSetup: "test/support/install-package.ts" }),
      project("examples", { testTimeout: 60_000 }),
    ],
  },
});

function project(name: string, options: { testTimeout?: number; execArgv?: string[]; globalSetup?: string } = {}) {
  const setupFiles = ["test/support/load-all.ts", "test/support/leaks.ts"];
  // In `behaviour`, msw stands between the tests and the network, and fails what nobody handles.
  if (name !== "behaviour") setupFiles.push("test/support/no-network.ts");
  return { plugins: [watchMakers], test: { name, include: [`test/${name}/**/*.test.ts`], setupFiles, ...options } };
}
