import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** What the snippets take for granted. */
const PRELUDE = `
import { BusyError, ChatStream, createResilientClient, custom, deepseek, describeEvent, lmStudio, openaiCompatible, openrouter, RateLimitedError, ResilientClientError, type ChatCompletionParams } from "resilient-deepseek";
declare const apiKey: string;
declare const signal: AbortSignal;
declare const messages: ChatCompletionParams["messages"];
declare const params: ChatCompletionParams;
`;

const snippets = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code]) => code ?? "",
);

test("every snippet of the README compiles", () => {
  const files = new Map(snippets.map((code, index) => [join(root, `test/readme-${index}.ts`), complete(code)]));
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
  const problems = [...files.keys()].flatMap((name) => {
    const source = program.getSourceFile(name);
    return [...program.getSemanticDiagnostics(source), ...program.getSyntacticDiagnostics(source)];
  });
  expect(
    problems.map(
      ({ file, messageText }) =>
        `${file?.text.slice(PRELUDE.length, 400)}\n${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    ),
  ).toEqual([]);
  expect(snippets.length).toBeGreaterThan(5);
});

/** A snippet that imports stands alone; the others get the imports and a client, unless they make one. */
function complete(code: string): string {
  const client = /const client =/.test(code) ? "" : "declare const client: ReturnType<typeof createResilientClient>;\n";
  const imports = code.includes('from "resilient-deepseek"') ? "" : PRELUDE;
  return `${imports}${client}${code}\nexport {};\n`;
}
