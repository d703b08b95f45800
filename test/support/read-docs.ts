import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

/** Every page people read, by its path from the root: those at the root, and those of the folders that have some. */
export const pages: ReadonlyMap<string, string> = new Map(
  [...markdownIn("", false), ...["docs", "bench", "examples"].flatMap((folder) => markdownIn(folder, true))].map(
    (path) => [path, readFileSync(join(root, path), "utf8")],
  ),
);

function markdownIn(folder: string, isDeep: boolean): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // The reference is made, and what is installed is somebody else's.
    if (entry.isDirectory())
      return isDeep && path !== "docs/api" && entry.name !== "node_modules" ? markdownIn(path, true) : [];
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

export function page(path: string): string {
  const text = pages.get(path);
  if (text === undefined) throw new Error(`There is no ${path}.`);
  return text;
}

export interface Block {
  readonly language: string;
  readonly code: string;
  /** Where it begins, as in `README.md:5`. */
  readonly place: string;
  /** The block that follows it with nothing but a blank line in between. */
  readonly next: Block | undefined;
}

/** The fenced blocks of a page. */
export function blocksOf(path: string): readonly Block[] {
  const text = page(path);
  const blocks: Block[] = [];
  // From the end, so that each knows the one that follows it.
  for (const { index, 0: all, 1: language = "", 2: code = "" } of [...text.matchAll(FENCED)].reverse()) {
    const place = `${path}:${text.slice(0, index).split("\n").length}`;
    const isFollowed = text.slice(index + all.length).startsWith("\n\n```");
    blocks.unshift({ language, code, place, next: isFollowed ? blocks[0] : undefined });
  }
  return blocks;
}

const FENCED = /^```(\w*)\n([\s\S]*?)^```$/gm;

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The table of a page whose header begins with this cell, and has so many columns where that is needed to tell. */
export function tableOf(path: string, firstCell: string): Table {
  const tables = page(path)
    .split(/\n{2,}/)
    .filter((block) => block.startsWith("|"))
    .map((block) => block.split("\n").map(cellsOf));
  const [header, , ...rows] = tables.find(([first]) => first?.[0] === firstCell) ?? [];
  if (!header) throw new Error(`${path} has no table whose header begins with "${firstCell}".`);
  return { header, rows };
}

function cellsOf(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** What stands between backticks. */
export function codesIn(cell = ""): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");
}
