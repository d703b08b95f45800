import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = join(inject("installed").app, "types");
mkdirSync(folder);

/** An app that touches most types of both entries. */
const APP = `
import {
  BusyError, createResilientClient, custom, deepseek, describeEvent, exponential, openrouter, ResilientClientError,
  type ChatCompletionParams, type ClientOptions,
} from "resilient-deepseek";
import { createSimulator, createVirtualClock } from "resilient-deepseek/testing";

const options: ClientOptions = {
  providers: [deepseek({ apiKey: async () => "key" }), openrouter(), custom({ name: "sorry", send: () => "Later." })],
  timeouts: { startMs: 1_000, wireMs: undefined },
  retry: { backoff: exponential({ baseMs: 10 }) },
  onEvent: (event) => void describeEvent(event),
};

export async function ask(params: ChatCompletionParams): Promise<string> {
  await using client = createResilientClient(options);
  const { choices, usage } = await client.chat.completions.create({ ...params, stream: false });
  const stream = client.chat.completions.stream(params);
  let text = choices[0]?.message.content ?? "";
  try {
    for await (const piece of stream.textStream()) text += piece;
  } catch (error) {
    if (!ResilientClientError.isInstance(error)) throw error;
    if (error.code === "timeout") text += error.phase;
    if (BusyError.isInstance(error)) text += error.retryAt?.toFixed();
  }
  const clock = createVirtualClock();
  const { fetch } = createSimulator({ clock, script: ["busy", { kind: "rate_limited", retryAfterMs: 10 }] });
  createResilientClient({ apiKey: "sk", clock, fetch });
  return text + usage?.total_tokens + stream.toResponse().status;
}
`;

/** A model of the app's own, and requests that hold what a model does not take. */
const ABILITIES = `
import { type ChatCompletionParams, createResilientClient } from "resilient-deepseek";
declare module "resilient-deepseek" {
  interface ModelAbilities {
    "sonar-pro": { images: false; tools: false };
  }
}
const { completions } = createResilientClient().chat;
const image = { type: "image_url", image_url: { url: "https://host.example/a.png" } } as const;
const tools = [{ type: "function" as const, function: { name: "now" } }];
export async function ask(params: ChatCompletionParams): Promise<string | null | undefined> {
  // @ts-expect-error: no pictures
  completions.stream({ model: "deepseek-v4-pro", messages: [{ role: "user", content: [image] }] });
  // @ts-expect-error: no tools
  completions.stream({ model: "sonar-pro", messages: [{ role: "user", content: "hi" }], tools });
  completions.stream({ ...params, model: "sonar-pro" });
  const { choices } = await completions.create({ model: "deepseek-flash", messages: [{ role: "user", content: [image] }], tools });
  const stream = await completions.create({ ...params, stream: true });
  const either = await completions.create(params);
  return "choices" in either ? stream.partial.content : choices[0]?.message.content;
}
`;

/** CommonJS, in both ways to write it. */
const REQUIRES = `
import deepseek = require("resilient-deepseek");
import testing = require("resilient-deepseek/testing");
const client: deepseek.ResilientClient = deepseek.createResilientClient({ fetch: testing.createSimulator().fetch });
export = client;
`;
const IMPORTS = `
import { type ClientOptions, createResilientClient } from "resilient-deepseek";
import { createSimulator } from "resilient-deepseek/testing";
const options: ClientOptions = { fetch: createSimulator().fetch };
export const client = createResilientClient(options);
`;
/** For compilers that do not know `require()` of ES modules. */
const LOADS_LATE = `
import type { ResilientClient } from "resilient-deepseek" with { "resolution-mode": "import" };
export async function connect(): Promise<ResilientClient> {
  const { createResilientClient } = await import("resilient-deepseek");
  return createResilientClient();
}
`;

for (const [name, code] of Object.entries({
  "app.ts": APP,
  "abilities.ts": ABILITIES,
  "requires.cts": REQUIRES,
  "imports.cts": IMPORTS,
  "late.cts": LOADS_LATE,
}))
  writeFileSync(join(folder, name), code);

/** As strict as can be; nothing of our own types is left unchecked. */
const STRICT = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  isolatedModules: true,
  skipLibCheck: false,
  target: "es2023",
  lib: ["es2023"],
  types: [],
};
const WITH_NODE = { typeRoots: [join(root, "node_modules/@types")], types: ["node"] };

const COMPILERS = { 6: "typescript/bin/tsc", 7: "typescript7/bin/tsc" } as const;
const compilers = [6, 7] as const;

test.each(compilers)("TypeScript %s accepts an app for a bundler, with the types of the DOM alone", async (version) => {
  const options = { module: "esnext", moduleResolution: "bundler", lib: ["es2023", "dom"] };
  expect(await check(version, ["app.ts"], options)).toEqual([]);
});

test.each(compilers)("TypeScript %s knows what models do not take, with every strictness", async (version) => {
  const options = { module: "nodenext", ...WITH_NODE };
  for (const exactOptionalPropertyTypes of [true, false])
    expect(await check(version, ["abilities.ts"], { ...options, exactOptionalPropertyTypes })).toEqual([]);
});

test.each(compilers)("TypeScript %s accepts ES modules and CommonJS, with @types/node alone", async (version) => {
  const files = ["app.ts", "requires.cts", "imports.cts", "late.cts"];
  expect(await check(version, files, { module: "nodenext", ...WITH_NODE })).toEqual([]);
});

test.each(compilers)("TypeScript %s, told that Node is 16, takes import() alone from CommonJS", async (version) => {
  const files = ["app.ts", "imports.cts", "late.cts"];
  // Both imports of `imports.cts`: "... cannot be imported with 'require'", for Node 16 could not.
  const refused = ["imports.cts TS1479", "imports.cts TS1479"];
  expect(await check(version, files, { module: "node16", ...WITH_NODE })).toEqual(refused);
});

test.each(compilers)("for TypeScript %s the types need those of fetch, and no more", async (version) => {
  const missing = await check(version, ["app.ts"], { module: "nodenext" }, /(?:Cannot find name|type) '([\w ]+)'/);
  // The DOM has all of them, and so has @types/node.
  const needed = ["AbortSignal", "ReadableStream", "Request", "Response", "ResponseInit", "typeof globalThis"];
  expect([...new Set(missing)].sort()).toEqual(needed);
});

let projects = 0;

/** What the compiler finds wrong: in which file, and the code of the error or what `pattern` finds in its text. */
async function check(version: 6 | 7, files: readonly string[], options: object, pattern?: RegExp): Promise<string[]> {
  const project = join(folder, `${projects++}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files }));
  const command = [join(root, "node_modules", COMPILERS[version]), "-p", project, "--pretty", "false"];
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 60_000 }).catch(
    (failed: { stdout: string }) => {
      // It ends with an error when it found one.
      if (!failed.stdout) throw failed;
      return failed;
    },
  );
  return [...stdout.matchAll(/^(?:[^\n(]*?([^\n(/]+)\(\d+,\d+\): )?error (TS\d+): (.*)/gm)].map(
    ([, file = "", code = "", text = ""]) => (pattern ? (pattern.exec(text)?.[1] ?? text) : `${file} ${code}`),
  );
}
