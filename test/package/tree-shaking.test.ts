import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { expect, inject, test } from "vitest";
import { bundleWithEsbuild, bundleWithRollup, bundleWithVite } from "../support/bundle-app.ts";

const folder = join(inject("installed").app, "tree-shaking");
mkdirSync(folder);

const bundlers = {
  esbuild: bundleWithEsbuild("browser"),
  rollup: bundleWithRollup,
  Vite: bundleWithVite("page"),
} as const;
const names = ["esbuild", "rollup", "Vite"] as const;

/** Brotli bytes. Most of them are the errors, the checks of options and the profiles. */
const AT_MOST = 3_550;

test.each(names)("bundled by %s, a part of the package does not bring the client", async (bundler) => {
  const whole = await sizeOf(bundler, "createResilientClient");
  for (const name of ["ResilientClientError", "describeEvent", "exponential"]) {
    const size = await sizeOf(bundler, name);
    expect(size, name).toBeLessThan(AT_MOST);
    expect(size, name).toBeLessThan(whole / 10);
  }
});

test.each(names)("bundled by %s, tools bring no client of their own", async (bundler) => {
  const whole = await sizeOf(bundler, "createResilientClient");
  for (const name of ["tool", "runTools"]) expect(await sizeOf(bundler, name), name).toBeLessThan(whole / 3);
});

/** Brotli bytes of an app that uses this export alone. */
async function sizeOf(bundler: (typeof names)[number], name: string): Promise<number> {
  const entry = join(folder, `${name}.js`);
  writeFileSync(entry, `import { ${name} } from "resilient-deepseek";\nglobalThis.used = ${name};\n`);
  const outdir = join(folder, `${bundler}-${name}`);
  expect(await bundlers[bundler]({ entry, outdir, shape: "file" })).toEqual([]);
  const [file = ""] = readdirSync(outdir, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".js"));
  return brotliCompressSync(readFileSync(join(outdir, file))).length;
}
