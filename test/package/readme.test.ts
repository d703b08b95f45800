import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { blocksOf, codesIn, pages, root, tableOf } from "../support/read-docs.ts";

/** What the snippets take for granted. */
const PRELUDE = `
import { BusyError, ChatStream, conversation, createMemoryStore, createResilientClient, custom, deepseek, describeEvent, findLocalProviders, lmStudio, openaiCompatible, openrouter, parse, RateLimitedError, ResilientClientError, runTools, siliconFlow, tool, type ChatCompletionParams } from "resilient-deepseek";
import * as z from "zod";
declare const apiKey: string;
declare function readWeather(city: string): Promise<string>;
declare const signal: AbortSignal;
declare const messages: ChatCompletionParams["messages"];
declare const params: ChatCompletionParams;
declare const jobs: readonly ChatCompletionParams[];
declare const [keyOfAnna, keyOfBob]: readonly [string, string];
declare function readKey(account?: string): Promise<string>;
declare function lookUp(messages: ChatCompletionParams["messages"], signal: AbortSignal): Promise<string | undefined>;
`;

const snippets = [...pages.keys()].flatMap(blocksOf).filter(({ language }) => language === "ts");

/** Tables that must name all of something and nothing else, as code that compiles only if they do. */
const tables = {
  "the errors of the README": allOf("ErrorCode", firstColumn("README.md", "code")),
  "the errors of errors.md": allOf("ErrorCode", firstColumn("docs/errors.md", "code")),
  "the troubles of testing-your-app.md": allOf('Trouble["kind"]', firstColumn("docs/testing-your-app.md", "trouble")),
  "the options of the README": allOf("Option", firstColumn("README.md", "option")),
};

const problems = compile(
  new Map([...snippets.map(({ code, place }): [string, string] => [place, complete(code)]), ...Object.entries(tables)]),
);

test("every snippet of the README and the docs compiles", () => {
  expect(snippets.flatMap(({ place }) => problems.get(place) ?? [])).toEqual([]);
  expect(snippets.length).toBeGreaterThan(25);
});

test.each(Object.keys(tables))("%s are all there are, each once", (name) => {
  expect(problems.get(name)).toEqual([]);
});

function firstColumn(path: string, header: string): string[] {
  return tableOf(path, header).rows.flatMap(([cell]) => codesIn(cell));
}

function allOf(type: string, names: readonly string[]): string {
  return `
import type { CallOptions, ClientOptions, ErrorCode, TimeoutOptions } from "resilient-deepseek";
import type { Trouble } from "resilient-deepseek/testing";
type Option = Exclude<keyof ClientOptions | keyof CallOptions, "timeouts"> | \`timeouts.\${keyof TimeoutOptions}\`;
export const all: Record<${type}, true> = { ${names.map((name) => `${JSON.stringify(name)}: true`).join(", ")} };
`;
}

/** A snippet that imports stands alone; the others get the imports and a client, unless they make one. */
function complete(code: string): string {
  const client = /const client =/.test(code) ? "" : "declare const client: ReturnType<typeof createResilientClient>;\n";
  const imports = code.includes('from "resilient-deepseek"') ? "" : PRELUDE + client;
  return `${imports}${code}\nexport {};\n`;
}

/** What is wrong with each, by its name. One program for all: most of the time goes into reading the library. */
function compile(codes: ReadonlyMap<string, string>): ReadonlyMap<string, string[]> {
  const names = [...codes.keys()];
  const files = new Map([...codes.values()].map((code, index) => [join(root, `test/docs-${index}.ts`), code]));
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, target) => {
    const code = files.get(name);
    return code === undefined ? getSourceFile(name, target) : ts.createSourceFile(name, code, target);
  };
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return new Map(
    [...files.keys()].map((file, index) => {
      const source = program.getSourceFile(file);
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      const name = names[index] ?? "";
      return [name, found.map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`)];
    }),
  );
}
