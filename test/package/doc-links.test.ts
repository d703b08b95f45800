import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { page, pages, root } from "../support/read-docs.ts";

test.each([...pages.keys()])("every link of %s leads somewhere", (path) => {
  const broken = linksOf(path).filter((link) => !leadsSomewhere(link, path));
  expect(broken).toEqual([]);
});

test("pages link to each other", () => {
  expect([...pages.keys()].flatMap(linksOf).filter((link) => !isOutside(link)).length).toBeGreaterThan(30);
});

/** Where the links of a page point to; what stands in code is none. */
function linksOf(path: string): string[] {
  const text = page(path)
    .replace(/^```[\s\S]*?^```$/gm, "")
    .replace(/`[^`\n]*`/g, "code");
  return [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link ?? "");
}

/** Not on this machine: only its form can be judged. */
function isOutside(link: string): boolean {
  return /^[a-z]+:/.test(link);
}

function leadsSomewhere(link: string, from: string): boolean {
  if (isOutside(link)) return /^(?:https:\/\/|mailto:)/.test(link) && URL.canParse(link);
  const [file = "", anchor] = link.split("#");
  const path = file === "" ? from : join(dirname(from), file);
  if (!existsSync(join(root, path))) return false;
  if (anchor === undefined) return true;
  return statSync(join(root, path)).isFile() && pages.has(path) && anchorsOf(path).includes(anchor);
}

/** The names headings can be reached by, as GitHub makes them. */
function anchorsOf(path: string): string[] {
  const text = page(path).replace(/^```[\s\S]*?^```$/gm, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}
