import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { blocksOf, pages, root } from "../support/read-docs.ts";

const run = promisify(execFile);

const played = [...pages.keys()].flatMap(blocksOf).flatMap(({ language, code, place, next }) => {
  return language === "ts" && next?.language === "text" ? [{ place, code, output: next.code }] : [];
});

test.each(played)("the snippet at $place prints what stands below it", async ({ code, output }) => {
  // As a user runs it: a process of its own, the built package by its name, and no key.
  const { DEEPSEEK_API_KEY: _, DEEPSEEK_BASE_URL: __, ...env } = process.env;
  const options = ["--input-type=module-typescript", "--eval", code];
  const { stdout, stderr } = await run(process.execPath, options, { cwd: root, env, timeout: 60_000 });
  expect([stdout, stderr]).toEqual([output, ""]);
});

test("every fix of the field guide has a snippet that was played", () => {
  const headings = blocksOf("docs/field-guide.md").filter(({ language }) => language === "ts");
  expect(headings.length).toBeGreaterThan(11);
  expect(played.filter(({ place }) => place.startsWith("docs/field-guide.md")).length).toBe(headings.length);
});
