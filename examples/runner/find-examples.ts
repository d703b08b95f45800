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
  const indent = Math.max(...examples.map(({ name }) => name.length)) + 2;
  const piece = new RegExp(`(.{1,${Math.max(20, width - indent)}})(?: |$)`, "g");
  return examples
    .map(({ name, idea }) => {
      const lines = idea
        .replace(piece, "$1\n")
        .trimEnd()
        .replaceAll("\n", `\n${" ".repeat(indent)}`);
      return `${name.padEnd(indent)}${lines}\n`;
    })
    .join("");
}
