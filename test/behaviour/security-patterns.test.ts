import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { analyse } from "scslre";
import ts from "typescript";
import { expect, test } from "vitest";

const SRC = path.resolve(import.meta.dirname, "../../src");

/** Every regular expression that is written down in the sources. */
function patterns(): { readonly where: string; readonly pattern: RegExp }[] {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return files.flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(path.join(SRC, file), "utf8"), ts.ScriptTarget.Latest, true);
    const found: { where: string; pattern: RegExp }[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const [, body = "", flags] = /^\/(.*)\/([a-z]*)$/s.exec(node.text) ?? [];
        found.push({ where: `${file}: ${node.text}`, pattern: new RegExp(body, flags) });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

/** The literal pieces of a pattern, and one character of every kind: what a run has to be made of to hurt. */
function seeds({ source }: RegExp): string[] {
  const words = source.match(/[A-Za-z]{2,}(?: [A-Za-z]+)*/g) ?? [];
  const marks = source.match(/[^\w\s\\]/g) ?? [];
  const kinds = [" ", "\n", "\t", "0", "9", "a", "A", "-", "_", ".", "/", ":", "<", "\0", "\u200b", "é", "1,", "a "];
  return [...new Set([...words, ...words.map((word) => `${word} `), ...marks, ...kinds])];
}

const ENDS = ["", "x", "\n", "\n!", "!", "深"];

const found = patterns();

test("the search finds the patterns of the sources, and sees those that blow up", () => {
  expect(found.length).toBeGreaterThan(35);
  expect(analyse(/ +$/).reports).not.toEqual([]);
  expect(analyse(/^\s*[^x]*\s*y/).reports).not.toEqual([]);
  expect(analyse(/^(a+)+$/).reports).not.toEqual([]);
  expect(analyse(/(?<! ) +$/).reports).toEqual([]);
});

test.each(found)("$where takes time in proportion to its text", ({ pattern }) => {
  expect(analyse(pattern).reports.map(({ type, character }) => `${type}: ${character.pick}`)).toEqual([]);
});

// What the analysis does not see, such as `(?:a|b|ab)*`, would never come to an end here.
test.each(found)("$where comes to an end on long runs of what it is made of", ({ pattern }) => {
  const all = seeds(pattern);
  const words = all.filter((seed) => /^[A-Za-z]{2}/.test(seed));
  for (const begin of ["", ...words]) {
    for (const seed of all) {
      for (const end of ENDS) (begin + seed.repeat(1_000) + end).replace(pattern, "");
    }
  }
});
