import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { findNodes } from "../support/find-nodes.ts";

const { app, path: installed, files } = inject("installed");
const folder = join(app, "tarball");
mkdirSync(folder);

/** What an app does: a plain call and a stream against a busy server, an error, and nothing left that holds the process. */
const APP = `
import { createResilientClient, ResilientClientError } from "resilient-deepseek";
import { createSimulator } from "resilient-deepseek/testing";
const simulator = createSimulator({ script: ["busy"] });
const { url } = await simulator.listen();
const client = createResilientClient({ apiKey: "sk-app", baseURL: url });
const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
const { choices } = await client.chat.completions.create(params);
let text = "";
for await (const piece of client.chat.completions.stream(params).textStream()) text += piece;
const error = await client.chat.completions.create({ ...params, temperature: 9 }).catch((thrown) => thrown);
await client.close();
await simulator.close();
console.log(JSON.stringify([
  simulator.isWholeAnswer(choices[0].message.content),
  simulator.isWholeAnswer(text),
  ResilientClientError.isInstance(error) && error.code,
]));
`;

test("the tarball holds the built code, its types, the notices and what changed, and depends on nothing", () => {
  expect(files.filter((path) => !path.startsWith("dist/"))).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "THIRD-PARTY-NOTICES.md",
    "package.json",
  ]);
  expect(files.filter((path) => path.startsWith("dist/") && !/\.(?:js|d\.ts)$/.test(path))).toEqual([]);
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  expect([manifest.dependencies, manifest.peerDependencies]).toEqual([undefined, undefined]);
  expect(readdirSync(join(app, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
    "resilient-deepseek",
  ]);
});

test("no type of a bundled library is part of the public types", () => {
  const types = files
    .filter((path) => path.endsWith(".d.ts"))
    .map((path) => readFileSync(join(installed, path), "utf8"));
  const imports = types.join("\n").match(/from ['"][^.'"][^'"]*['"]/g) ?? [];
  expect(imports).toEqual([]);
});

test("every library in dist has its notice", () => {
  const notices = readFileSync(join(installed, "THIRD-PARTY-NOTICES.md"), "utf8");
  const code = files.filter((path) => path.endsWith(".js")).map((path) => readFileSync(join(installed, path), "utf8"));
  const bundled = new Set(
    [...code.join("\n").matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(([, name]) => name),
  );
  expect(bundled.size).toBeGreaterThan(3);
  for (const name of bundled) expect(notices).toContain(`\n## ${name}\n`);
});

test.each([...findNodes()])("an app made of the tarball works on Node %s", (_, node) => {
  const file = join(folder, "app.js");
  writeFileSync(file, APP);
  expect(JSON.parse(execFileSync(node, [file], { cwd: folder, encoding: "utf8", timeout: 20_000 }))).toEqual([
    true,
    true,
    "invalid_request",
  ]);
});

test("importing starts nothing and does not load Node's HTTP client", () => {
  const code = `await import("resilient-deepseek"); console.log(JSON.stringify([process.getActiveResourcesInfo(), process.moduleLoadList.filter((name) => name.includes("undici"))]));`;
  const file = join(folder, "import.js");
  writeFileSync(file, code);
  expect(JSON.parse(execFileSync(process.execPath, [file], { cwd: folder, encoding: "utf8" }))).toEqual([[], []]);
});
