// What a bundled app loads for one streamed call: bundled by esbuild for browsers, minified, each file brotli-compressed.
// The bundle is run, and the files it really loaded are counted, so that lazy parts count when a call needs them.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { answerPieces } from "./answers.ts";
import { ANSWER_PIECES } from "./client.ts";
import type { Samples } from "./measure-turns.ts";
import { createPeerFolder } from "./peer-folder.ts";

const run = promisify(execFile);

export interface SizeOptions {
  readonly baseURL: string;
  readonly clients: readonly string[];
  /** Files that do not count. */
  readonly apart?: RegExp;
}

/** Kilobytes. */
export async function measureSize({ baseURL, clients, apart }: SizeOptions): Promise<Samples> {
  using folder = createPeerFolder();
  const samples: Samples = new Map();
  const expected = answerPieces(ANSWER_PIECES.small).join("");
  for (const name of clients) {
    // Its streamed call alone: what only its other calls need is shaken off.
    await folder.bundle(`export { chunks } from "./${name}.ts";`, {
      entryNames: name,
      chunkNames: `${name}.[name]-[hash]`,
      splitting: true,
      minify: true,
      platform: "browser",
      target: "es2023",
    });
    const program = folder.write(`${name}.program.mjs`, programOf(name, `${baseURL}/small`));
    const { stdout } = await run(process.execPath, [program]);
    const { text, loaded } = JSON.parse(stdout) as { text: string; loaded: readonly string[] };
    if (text !== expected) throw new Error(`${name}: another text than was sent: ${text}`);
    const files = loaded.map((url) => fileURLToPath(url)).filter((path) => !apart?.test(basename(path)));
    const sizes = files.map((path) => brotliCompressSync(readFileSync(path)).length / 1000);
    samples.set(name, [sizes.reduce((sum, size) => sum + size, 0)]);
  }
  return samples;
}

const programOf = (name: string, url: string) => `import { registerHooks } from "node:module";
const loaded = [];
registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:")) loaded.push(url);
    return next(url, context);
  },
});
const { chunks } = await import("./${name}.js");
let text = "";
await chunks(${JSON.stringify(url)})((part) => { text += part; });
process.stdout.write(JSON.stringify({ text, loaded }));`;
