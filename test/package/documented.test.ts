import { join } from "node:path";
import ts from "typescript";
import { expect, inject, test } from "vitest";

const { path } = inject("installed");
const entries = ["index", "testing"] as const;
const files = entries.map((entry) => join(path, `dist/${entry}.d.ts`));
const program = ts.createProgram(files, {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  types: [],
});
const checker = program.getTypeChecker();

test.each(entries)("the types of %s promise the values that are there, and no others", async (entry) => {
  const promised = exportsOf(entry).filter(({ flags }) => flags & ts.SymbolFlags.Value);
  const there: object = entry === "index" ? await import("../../dist/index.js") : await import("../../dist/testing.js");
  expect(promised.map(({ name }) => name).sort()).toEqual(Object.keys(there).sort());
});

/** Their properties have each a sentence and a default, which says more than one of their own could. */
const SPEAK_FOR_THEMSELVES = ["DecorrelatedOptions", "ExponentialOptions", "ResumeOptions", "RetryOptions"];

test.each(entries)("every export of %s says what it is for", (entry) => {
  const silent = exportsOf(entry).filter((symbol) => !isDocumented(symbol));
  expect(silent.map(({ name }) => name).filter((name) => !SPEAK_FOR_THEMSELVES.includes(name))).toEqual([]);
});

/** What a user writes, beside all that is called options. */
const WRITTEN = [
  "Abilities",
  "Capacity",
  "ChatCompletionParams",
  "FaultTrigger",
  "Framing",
  "HostTimeouts",
  "RetryHint",
  "Timing",
];

test.each(entries)("every option of %s says what it does", (entry) => {
  const written = exportsOf(entry).filter(({ name }) => name.endsWith("Options") || WRITTEN.includes(name));
  const options = written.flatMap((symbol) =>
    checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).map((option) => ({ symbol, option })),
  );
  const silent = options.filter(({ option }) => !isDocumented(option));
  expect(silent.map(({ symbol, option }) => `${symbol.name}.${option.name}`)).toEqual([]);
  expect(options.length).toBeGreaterThan(30);
});

function exportsOf(entry: (typeof entries)[number]): readonly ts.Symbol[] {
  const source = program.getSourceFile(join(path, `dist/${entry}.d.ts`));
  const module = source && checker.getSymbolAtLocation(source);
  const symbols = module ? checker.getExportsOfModule(module) : [];
  return symbols.map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
}

/** A sentence, not only a tag. */
function isDocumented(symbol: ts.Symbol): boolean {
  return /\w/.test(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
}
