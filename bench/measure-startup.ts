// What a short program costs from its start to its end: CPU time of the whole process, programs in turns.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { answerPieces } from "./answers.ts";
import { ANSWER_PIECES, API_KEY, MESSAGES, MODEL } from "./client.ts";
import type { Samples } from "./measure-turns.ts";
import { createPeerFolder } from "./peer-folder.ts";

const run = promisify(execFile);
const dist = join(import.meta.dirname, "../dist/index.js");
const packages: Record<string, readonly string[]> = {
  fetch: [],
  ours: [pathToFileURL(dist).href],
  openai: ["openai"],
  langchain: ["@langchain/deepseek"],
  ai: ["ai", "@ai-sdk/deepseek"],
  ky: ["ky"],
};

const REPORT = `process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000, text }));
});`;

export interface StartupOptions {
  readonly baseURL: string;
  readonly runs: number;
  readonly clients: readonly string[];
}

/** Milliseconds of an import of the main entry. The floor is an empty module. */
export async function measureImport({ clients, runs }: StartupOptions): Promise<Samples> {
  using folder = createPeerFolder();
  const programs = clients.map((name) => {
    const imports = (packages[name] ?? []).map((from) => `import ${JSON.stringify(from)};`);
    return folder.write(`${name}.program.mjs`, [...imports, 'const text = "";', REPORT].join("\n"));
  });
  return await measurePrograms(clients, programs, runs, "");
}

/** Milliseconds of an import and the first streamed answer. The floor is plain fetch, with nothing imported. */
export async function measureFirstAnswer({ clients, runs, baseURL }: StartupOptions): Promise<Samples> {
  using folder = createPeerFolder();
  const programs: string[] = [];
  for (const name of clients) {
    await folder.bundle(`export * from "./${name}.ts";`, { entryNames: name, packages: "external", external: [dist] });
    const program = name === "fetch" ? plainFetch(`${baseURL}/small`) : firstAnswer(name, `${baseURL}/small`);
    programs.push(folder.write(`${name}.program.mjs`, program));
  }
  return await measurePrograms(clients, programs, runs, answerPieces(ANSWER_PIECES.small).join(""));
}

const firstAnswer = (name: string, url: string) => `import { chunks } from "./${name}.js";
let text = "";
${REPORT}
await chunks("${url}")((part) => { text += part; });`;

const plainFetch = (url: string) => `let text = "";
${REPORT}
const response = await fetch("${url}/chat/completions", {
  method: "POST",
  headers: { authorization: "Bearer ${API_KEY}", "content-type": "application/json" },
  body: JSON.stringify({ model: "${MODEL}", messages: ${JSON.stringify(MESSAGES)}, stream: true }),
});
for (const event of (await response.text()).split("\\n\\n")) {
  if (event.startsWith("data: {")) text += JSON.parse(event.slice(6)).choices[0].delta.content;
}`;

async function measurePrograms(
  clients: readonly string[],
  programs: readonly string[],
  runs: number,
  expected: string,
): Promise<Samples> {
  const samples: Samples = new Map(clients.map((name) => [name, []]));
  // The first round fills the disk's cache.
  for (let round = -1; round < runs; round++) {
    for (const [index, program] of programs.entries()) {
      const { stdout } = await run(process.execPath, [program]);
      const { cpuMs, text } = JSON.parse(stdout) as { cpuMs: number; text: string };
      if (text !== expected) throw new Error(`${clients[index]}: another text than was sent: ${text}`);
      if (round >= 0) samples.get(clients[index] ?? "")?.push(cpuMs);
    }
  }
  return samples;
}
