import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { chooseTrouble } from "../../examples/runner/choose-trouble.ts";
import { findExamples, listExamples } from "../../examples/runner/find-examples.ts";

const run = promisify(execFile);
const runner = join(import.meta.dirname, "../../examples/run-example.ts");
const examples = findExamples();

test("without a name, every example is listed with its idea", async () => {
  const { stdout } = await run(process.execPath, [runner]);
  const told = stdout.replace(/\s+/g, " ");
  for (const { name, idea } of examples) expect(told).toContain(`${name} ${idea}`);
});

test("a wrong name is told which ones exist", async () => {
  const names = examples.map(({ name }) => `  ${name}\n`).join("");
  await expect(run(process.execPath, [runner, "../src/index"])).rejects.toMatchObject({
    code: 2,
    stderr: `There is no example "../src/index". There are:\n${names}`,
  });
});

test("the list fits a narrow terminal", () => {
  const lines = listExamples(examples, 50).split("\n");
  expect(lines.filter((line) => line.length > 50)).toEqual([]);
});

test("a failure is told in a sentence, without a stack", async () => {
  const env = { ...process.env, DEEPSEEK_API_KEY: "sk-any", DEEPSEEK_BASE_URL: "ftp://nowhere" };
  await expect(run(process.execPath, [runner, "first-message"], { env })).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^invalid_options: .+\n$/),
  });
});

test.each(examples)("$name is one idea: a header that tells it and how to run it, in 40 lines", ({ name, file }) => {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(lines[0]).toMatch(/^\/\/ .{10,73}\.$/);
  expect(lines[1]).toBe(`//   npm run example ${name}`);
});

test.each(examples)("what the simulator does wrong to $name is said in one line of 80", ({ name }) => {
  const line = `No DEEPSEEK_API_KEY: a simulated DeepSeek answers; ${chooseTrouble(name).notice}.`;
  expect(line.length).toBeLessThanOrEqual(80);
});
