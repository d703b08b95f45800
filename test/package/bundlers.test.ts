import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { createSimulator } from "../../src/testing/index.ts";
import { type Bundler, bundleWithEsbuild, bundleWithRollup, bundleWithVite } from "../support/bundle-app.ts";
import { cleanUp } from "../support/leaks.ts";

const folder = join(inject("installed").app, "bundlers");
const entry = join(folder, "main.js");
mkdirSync(folder);

/**
 * A plain call, a stream, and a mistake that is found before it is sent. Not with `await` at the top: there rollup, told
 * to make one file, places what is loaded on first use after the app that waits for it, whatever the package.
 */
const APP = `
import { createResilientClient, ResilientClientError } from "resilient-deepseek";
async function main() {
  const client = createResilientClient({ apiKey: "sk-app", baseURL: process.argv[2] });
  const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
  const { choices } = await client.chat.completions.create(params);
  let text = "";
  for await (const piece of client.chat.completions.stream(params).textStream()) text += piece;
  const error = await client.chat.completions.create({ ...params, temperature: 9 }).catch((thrown) => thrown);
  console.log(JSON.stringify([choices[0].message.content, text, ResilientClientError.isInstance(error) && error.name]));
}
main();
`;
writeFileSync(entry, APP);

/** The same with no server: for stories and tests in a page. */
const SIMULATED = `
import { createResilientClient } from "resilient-deepseek";
import { createSimulator } from "resilient-deepseek/testing";
const simulator = createSimulator();
const client = createResilientClient({ apiKey: "sk-app", fetch: simulator.fetch });
client.chat.completions
  .create({ model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] })
  .then(({ choices }) => console.log(simulator.isWholeAnswer(choices[0].message.content)));
`;

const bundlers: Readonly<Record<string, Bundler>> = {
  "esbuild for browsers": bundleWithEsbuild("browser"),
  "esbuild for Node": bundleWithEsbuild("node"),
  rollup: bundleWithRollup,
  // Its preloading needs a document: browser.test.ts has one.
  "Vite for browsers": bundleWithVite("page", { modulePreload: false }),
  "Vite for Node": bundleWithVite("server"),
};

const cases = Object.entries(bundlers).flatMap(([name, bundle]) =>
  (["chunks", "file"] as const).map((shape) => ({ name, shape, bundle })),
);

// Chunks need ES modules.
const commonJs = { name: "esbuild to CommonJS", shape: "file" as const, bundle: bundleWithEsbuild("node", "cjs") };

test.each([...cases, commonJs])(
  "an app bundled by $name as $shape answers as before",
  async ({ name, shape, bundle }) => {
    const outdir = join(folder, `${name}-${shape}`.replaceAll(" ", "-"));
    expect(await bundle({ entry, outdir, shape })).toEqual([]);
    const files = findCode(outdir);
    // The entry, and what the first call loads: the check of requests and the HTTP client.
    if (shape === "chunks") expect(files.length).toBeGreaterThanOrEqual(3);
    else expect(files).toHaveLength(1);
    // Nothing is left to find for whoever runs it, not even of Node.
    const code = files.map((path) => readFileSync(join(outdir, path), "utf8")).join("\n");
    expect(code.match(/(?:\bfrom|\bimport|\brequire) ?\(? ?["'`](?!\.)[^"'`]*["'`]/g) ?? []).toEqual([]);
    const main = files.find((path) => /(?:^|\/)main[^/]*\.c?js$/.test(path)) ?? "";
    expect(await run(join(outdir, main))).toEqual([true, true, "InvalidRequestError"]);
  },
);

test.each(["esbuild for browsers", "Vite for browsers"])(
  "the simulator, bundled by %s, answers in memory",
  async (name) => {
    const input = join(folder, "simulated.js");
    writeFileSync(input, SIMULATED);
    const outdir = join(folder, `${name}-simulated`.replaceAll(" ", "-"));
    expect(await bundlers[name]?.({ entry: input, outdir, shape: "file" })).toEqual([]);
    const [file = ""] = findCode(outdir);
    const { stdout } = await promisify(execFile)(process.execPath, [join(outdir, file)], { timeout: 20_000 });
    expect(stdout).toBe("true\n");
  },
);

async function run(file: string): Promise<unknown[]> {
  const simulator = createSimulator();
  const { url } = await simulator.listen();
  cleanUp(() => simulator.close());
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, url], { timeout: 20_000 });
  expect([stderr, simulator.stats.requests]).toEqual(["", 2]);
  const [answer, text, error] = JSON.parse(stdout) as [string, string, string];
  return [simulator.isWholeAnswer(answer), simulator.isWholeAnswer(text), error];
}

function findCode(outdir: string): readonly string[] {
  return readdirSync(outdir, { recursive: true, encoding: "utf8" }).filter((path) => /\.c?js$/.test(path));
}
