// What each part of the package weighs: the bundle of one streamed call, minified and brotli, without that part.
//   npm run bench:size
// The numbers of two parts do not add up to that of both: what they have in common is compressed once.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");

const PARTS: Readonly<Record<string, RegExp>> = {
  ky: /\/ky\/distribution\//,
  "p-retry": /\/(?:p-retry|is-network-error)\//,
  "eventsource-parser": /\/eventsource-parser\//,
  "what a failure means: http-errors, classify-failure, retry-after": /http-errors|classify-failure|retry-after/,
  "masking keys and quotes": /mask-(?:quotes|secrets)|safe-cause/,
  "checks of options": /check-options|check-shape|host-options/,
  "reading answers: open-reply, hold-back, evidence, bounds": /open-reply|hold-back|gather-evidence|hostile-answer/,
  "checking chunks: wire-format": /wire-format/,
  "the learned template": /learn-template|find-text/,
  "the stream and its iterators": /chat-stream|iterate-chunks/,
  "handing streams on: toResponse, toReadableStream": /stream-body|write-chunk/,
  "adding chunks up": /assemble-completion|collect-tool-calls/,
  "bodies of JSON": /read-json-body/,
  "fallback, retry, resume, backoff": /policies\/(?:fallback|retry|resume|backoff|round|ends)/,
  "time limits": /attempt-time/,
  "report and events": /call-log|src\/events/,
  "what a call costs": /src\/money|cost-(?:limit|account)|spend-within|spent-tokens|told-cost|estimate-prompt/,
  "requests made right": /src\/prepare|repair-request/,
  "filling gaps, and looking up": /src\/endpoints|text-completion|look-up|endpoint-decoder/,
  guards: /policies\/guard|throughput-meter|detect-repetition/,
};

/** Left out for all, as in the table of `npm run bench`: it is a file of its own. */
const VALIDATION = /validate-request/;

const whole = await sizeWithout();
console.log(`${(whole / 1000).toFixed(1).padStart(6)} kB  all of it, validation apart`);
const sizes = await Promise.all(
  Object.entries(PARTS).map(async ([name, files]) => [name, whole - (await sizeWithout(files))] as const),
);
for (const [name, bytes] of sizes.toSorted(([, a], [, b]) => b - a)) {
  console.log(`${(bytes / 1000).toFixed(1).padStart(6)} kB  ${name}`);
}

async function sizeWithout(part?: RegExp): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: 'export { createResilientClient } from "./src/index.ts"', resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2023",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*"],
    plugins: [
      {
        name: "without",
        setup({ onLoad }) {
          onLoad({ filter: /\.[jt]s$/ }, ({ path }) =>
            VALIDATION.test(path) || part?.test(path) ? { contents: emptied(path), loader: "ts" } : undefined,
          );
        },
      },
    ],
  });
  return brotliCompressSync(outputFiles[0]?.contents ?? "").length;
}

/** The same exports with nothing behind them. */
function emptied(path: string): string {
  const code = readFileSync(path, "utf8");
  const names = [...code.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(([, name]) => name);
  const lists = [...code.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = ""]) => list.split(","));
  const listed = lists
    .map((entry) =>
      entry
        .trim()
        .split(/\s+as\s+/)
        .at(-1),
    )
    .filter((name) => name && name !== "default");
  const isDefault = /^export default|as default/m.test(code);
  return [...names, ...listed]
    .map((name) => `export const ${name} = globalThis.nothing;`)
    .concat(isDefault ? "export default globalThis.nothing;" : [])
    .join("\n");
}
