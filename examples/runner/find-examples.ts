import { readdirSync, readFileSync } from "node:fs";

/** One file of the folder, and what its first line says it is about. */
export interface Example {
  readonly name: string;
  readonly idea: string;
  readonly file: URL;
}

const folder = new URL("../", import.meta.url);

/** Every file of `examples` but the one that runs them. */
export function findExamples(): readonly Example[] {
  return readdirSync(folder)
    .filter((entry) => entry.endsWith(".ts") && entry !== "run-example.ts")
    .sort()
    .map((entry) => {
      const file = new URL(entry, folder);
      const idea = /^\/\/ (.+)/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
      return { name: entry.slice(0, -".ts".length), idea, file };
    });
}

/** The list a newcomer reads, no line longer than `width`. */
export function listExamples(examples: readonly Example[], width: number): string {
  const indent = "    ";
  const line = new RegExp(`(.{1,${Math.max(20, width - indent.length)}})(?: |$)`, "g");
  return examples.map(({ name, idea }) => `${name}\n${idea.replace(line, `${indent}$1\n`)}`).join("");
}
