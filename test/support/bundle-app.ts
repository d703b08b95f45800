import { createRequire } from "node:module";
import { dirname } from "node:path";
import { buildSync } from "esbuild";
import { type Plugin, rollup } from "rollup";
import { build, createLogger, type InlineConfig } from "vite";

/** What a bundler is asked for. */
interface BundleOrder {
  /** The file of the app, in a folder from which the package can be found. */
  readonly entry: string;
  readonly outdir: string;
  /** `chunks`: what is loaded on first use stays apart. `file`: all in one. */
  readonly shape: "chunks" | "file";
}

/** Bundles, and gives back what was warned about. */
export type Bundler = (order: BundleOrder) => Promise<readonly string[]>;

export function bundleWithEsbuild(platform: "browser" | "node", format: "esm" | "cjs" = "esm"): Bundler {
  return async ({ entry, outdir, shape }) => {
    // Synchronously, for else it would leave a service running.
    const { warnings } = buildSync({
      entryPoints: [entry],
      outdir,
      platform,
      bundle: true,
      format,
      outExtension: { ".js": format === "cjs" ? ".cjs" : ".js" },
      target: "es2023",
      minify: true,
      splitting: shape === "chunks",
      logLevel: "silent",
    });
    return warnings.map(({ text }) => text);
  };
}

export const bundleWithRollup: Bundler = async ({ entry, outdir, shape }) => {
  const warnings: string[] = [];
  const bundle = await rollup({
    input: entry,
    plugins: [findPackages],
    onLog: (level, { message }) => void (level === "debug" || warnings.push(message)),
  });
  await bundle.write({ dir: outdir, format: "es", inlineDynamicImports: shape === "file" });
  await bundle.close();
  return warnings;
};

/** All that rollup lacks: what a bare name stands for. */
const findPackages: Plugin = {
  name: "find-packages",
  resolveId(id, importer) {
    if (!importer || /^[./]/.test(id)) return null;
    return { id: createRequire(importer).resolve(id), moduleSideEffects: false };
  },
};

/** `page`: for browsers. `server`: for Node, with the package in it. `modulePreload`: in a page, as Vite does it. */
export function bundleWithVite(place: "page" | "server", { modulePreload = true } = {}): Bundler {
  return async ({ entry, outdir, shape }) => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const config: InlineConfig = {
      root: dirname(entry),
      configFile: false,
      logLevel: "silent",
      customLogger: { ...createLogger("silent"), warn, warnOnce: warn, error: warn },
      build: {
        outDir: outdir,
        target: "es2023",
        ssr: place === "server",
        modulePreload,
        rollupOptions: { input: entry, output: shape === "file" ? { codeSplitting: false } : {} },
      },
      ssr: { noExternal: true },
    };
    await build(config);
    return warnings;
  };
}
