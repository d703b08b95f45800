import ts from "typescript";

/** What an editor would show for a file: the same language service stands behind it. */
export interface Editor {
  /** Hovering over the place marked `name`. */
  hover(mark: string): Hover;
  /** The names offered at the mark. */
  completions(mark: string): readonly string[];
  /** What is underlined, as text. */
  problems(): readonly string[];
}

interface Hover {
  /** The line of code on top. */
  readonly type: string;
  /** The sentences under it. */
  readonly text: string;
  /** The tags under these, as in `@defaultValue "stream"`. */
  readonly tags: readonly string[];
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
  types: [],
};

/** Opens `code` as the file `path`. A mark is written before the place: `/*name*\/`. */
export function openInEditor(path: string, code: string): Editor {
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getCompilationSettings: () => OPTIONS,
    getScriptFileNames: () => [path],
    getScriptVersion: () => "1",
    getScriptSnapshot: (file) => {
      const text = file === path ? code : ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    fileExists: (file) => file === path || ts.sys.fileExists(file),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
  const find = (mark: string) => {
    const written = `/*${mark}*/`;
    const at = code.indexOf(written);
    if (at < 0) throw new Error(`Nothing is marked ${mark}.`);
    return at + written.length;
  };
  return {
    hover(mark) {
      const info = service.getQuickInfoAtPosition(path, find(mark));
      return {
        type: ts.displayPartsToString(info?.displayParts),
        text: ts.displayPartsToString(info?.documentation),
        tags: (info?.tags ?? []).map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`),
      };
    },
    completions: (mark) =>
      service.getCompletionsAtPosition(path, find(mark), {})?.entries.map(({ name }) => name) ?? [],
    problems: () =>
      service.getSemanticDiagnostics(path).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
  };
}
