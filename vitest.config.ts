import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Type tests (test/types) are checked by the compiler: `npm test` runs it first.
    // Sockets, timers and the garbage collector are observed per process.
    pool: "forks",
    projects: [
      project("unit"),
      project("behaviour"),
      project("property", { testTimeout: 120_000 }),
      project("recordings"),
      project("wire", { execArgv: ["--expose-gc"] }),
      project("package", { testTimeout: 120_000 }),
      project("examples", { testTimeout: 60_000 }),
    ],
  },
});

function project(name: string, options: { testTimeout?: number; execArgv?: string[] } = {}) {
  // In `behaviour`, msw stands between the tests and the network, and fails what nobody handles.
  const setupFiles = ["test/support/load-all.ts", ...(name === "behaviour" ? [] : ["test/support/no-network.ts"])];
  return { test: { name, include: [`test/${name}/**/*.test.ts`], setupFiles, ...options } };
}
