import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
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

/** The least of some runs: what else the machine does only ever adds. */
function msOf(pattern: RegExp, text: string): number {
  let least = Number.POSITIVE_INFINITY;
  // What is done at once needs no second look.
  for (let run = 0; run < 3 && least > 2; run++) {
    pattern.lastIndex = 0;
    const startedAt = performance.now();
    text.replace(pattern, "");
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}

/** Whether four times the text takes far more than four times the time. */
function blowsUp(pattern: RegExp, begin: string, seed: string, end: string): boolean {
  const make = (length: number) => begin + seed.repeat(Math.ceil(length / seed.length)) + end;
  const isSteep = () => {
    const large = msOf(pattern, make(12_000));
    return large > 2 && large > 9 * msOf(pattern, make(3_000));
  };
  // Once more, for it may have been chance.
  return isSteep() && isSteep();
}

const found = patterns();

test("the search finds the patterns of the sources, and sees one that blows up", { timeout: 30_000 }, () => {
  expect(found.length).toBeGreaterThan(35);
  expect(blowsUp(/ +$/, "", " ", "x")).toBe(true);
  expect(blowsUp(/(?<! ) +$/, "", " ", "x")).toBe(false);
});

test.each(found)("$where takes time in proportion to its text", { timeout: 30_000 }, ({ pattern }) => {
  const all = seeds(pattern);
  const words = all.filter((seed) => /^[A-Za-z]{2}/.test(seed));
  const texts = ["", ...words].flatMap((begin) =>
    all.flatMap((seed) => ENDS.map((end) => [begin, seed, end] as const)),
  );
  expect(texts.find(([begin, seed, end]) => blowsUp(pattern, begin, seed, end))).toBeUndefined();
});
