// What importing costs, whole process, dependencies in `dist` against dependencies beside it.
//   npm run bench:import
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "tsup";

const RUNS = 31;
const folder = mkdtempSync(join(import.meta.dirname, ".import-time-"));
const outDir = join(folder, "external");
await build({
  entry: { index: "src/index.ts" },
  format: "esm",
  target: "es2023",
  platform: "neutral",
  external: ["ky", "p-retry", "zod", "eventsource-parser"],
  outDir,
  config: false,
  silent: true,
});

const call = `const client = createResilientClient({ apiKey: "sk-x", retry: false, fetch: async () => new Response("data: {\\"choices\\":[{\\"index\\":0,\\"delta\\":{\\"content\\":\\"x\\"},\\"finish_reason\\":\\"stop\\"}]}\\n\\ndata: [DONE]\\n\\n", { headers: { "content-type": "text/event-stream" } }) });
await client.chat.completions.create({ model: "deepseek-flash", messages: [{ role: "user", content: "x" }] });`;
const from = (path: string) => `import { createResilientClient } from ${JSON.stringify(path)};\n`;
const bundled = join(import.meta.dirname, "../dist/index.js");
const external = join(outDir, "index.js");
const programs: Record<string, string> = {
  "empty module": "",
  "import, bundled": from(bundled),
  "import, external": from(external),
  "fetch's own cost (one Response)": "new Response('x');",
  "import + first call, bundled": from(bundled) + call,
  "import + first call, external": from(external) + call,
};

const report =
  "process.on('exit', () => { const { userCPUTime, systemCPUTime } = process.resourceUsage(); process.stdout.write(String((userCPUTime + systemCPUTime) / 1000)); });\n";
const files = Object.entries(programs).map(([name, code], index) => {
  const path = join(folder, `${index}.mjs`);
  const [imports, rest] = code.startsWith("import")
    ? [code.slice(0, code.indexOf("\n") + 1), code.slice(code.indexOf("\n") + 1)]
    : ["", code];
  writeFileSync(path, imports + report + rest);
  return { name, path, times: [] as number[] };
});

// Interleaved, so that a machine that slows down slows all of them down.
for (let run = 0; run <= RUNS; run++) {
  for (const { path, times } of files) {
    const time = Number(execFileSync(process.execPath, [path], { encoding: "utf8" }));
    if (run > 0) times.push(time);
  }
}
rmSync(folder, { recursive: true });

const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
const base = median(files[0]?.times ?? []);
console.log(`Node ${process.version}, CPU time of the whole process, median of ${RUNS} interleaved runs`);
for (const { name, times } of files) {
  console.log(`${name.padEnd(34)} ${median(times).toFixed(1).padStart(7)} ms  ${(median(times) / base).toFixed(2)} x`);
}
