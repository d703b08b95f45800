import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { findNodes } from "../support/find-nodes.ts";

const folder = join(inject("installed").app, "require");
mkdirSync(folder);

/** An app of CommonJS: no `import`, no `await` outside of functions. */
const APP = `
const { BusyError, createResilientClient } = require("resilient-deepseek");
const { createSimulator } = require("resilient-deepseek/testing");
async function main() {
  const simulator = createSimulator({ script: ["busy"] });
  const { url } = await simulator.listen();
  const client = createResilientClient({ apiKey: "sk-app", baseURL: url });
  const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
  const { choices } = await client.chat.completions.create(params);
  let text = "";
  for await (const piece of client.chat.completions.stream(params).textStream()) text += piece;
  await client.close();
  await simulator.close();
  const imported = await import("resilient-deepseek");
  console.log(JSON.stringify([
    simulator.isWholeAnswer(choices[0].message.content),
    simulator.isWholeAnswer(text),
    imported.BusyError === BusyError,
  ]));
}
main();
`;

/** Those that can: the oldest Node the package promises, and an older one of the machine's where it learned it later. */
const nodes = [...findNodes()].filter(
  ([, node]) => execFileSync(node, ["-p", "process.features.require_module"], { encoding: "utf8" }).trim() === "true",
);

/** The versions that warned of `require()` of an ES module, whatever its author did. */
const WARNS = /^v(?:22\.12\.|23\.[0-4]\.)/;

// Which Node has it: https://nodejs.org/api/modules.html#loading-ecmascript-modules-using-require
test.each(nodes)("CommonJS on Node %s gets the package with require()", async (version, node) => {
  const file = join(folder, "app.cjs");
  writeFileSync(file, APP);
  const { stdout, stderr } = await promisify(execFile)(node, [file], { cwd: folder, timeout: 20_000 });
  expect(JSON.parse(stdout)).toEqual([true, true, true]);
  expect(stderr.match(/\w+Warning:.*/g) ?? []).toEqual(
    WARNS.test(version) ? [expect.stringContaining("is loading ES Module")] : [],
  );
});
