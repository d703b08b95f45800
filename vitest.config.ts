import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Sockets, timers and the garbage collector are observed per process.
    pool: "forks",
    projects: [
      project("unit"),
      project("behaviour"),
      project("property", { testTimeout: 120_000 }),
      project("wire", { execArgv: ["--expose-gc"] }),
      project("package", { testTimeout: 120_000 }),
      project("examples", { testTimeout: 60_000 }),
      {
        test: {
          name: "types",
          include: [],
          typecheck: { enabled: true, only: true, include: ["test/types/**/*.test-d.ts"] },
        },
      },
    ],
  },
});

function project(name: string, options: { testTimeout?: number; execArgv?: string[] } = {}) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      setupFiles: ["test/support/no-network.ts", "test/support/load-all.ts"],
      ...options,
    },
  };
}
