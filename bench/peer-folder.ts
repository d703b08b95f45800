// Programs made of the files in `peers/`, in a folder beside them, where their packages are found.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

export interface PeerFolder extends Disposable {
  readonly path: string;
  /** Bundles a module that imports the files in `peers/` as "./name.ts". */
  bundle(code: string, options: BuildOptions): Promise<void>;
  /** Returns the path of the new file. */
  write(file: string, code: string): string;
}

export function createPeerFolder(): PeerFolder {
  const peers = join(import.meta.dirname, "peers");
  const path = mkdtempSync(join(peers, ".built-"));
  return {
    path,
    async bundle(code, options) {
      const stdin = { contents: code, resolveDir: peers };
      await build({ stdin, bundle: true, format: "esm", outdir: path, logLevel: "error", ...options });
    },
    write(file, code) {
      writeFileSync(join(path, file), code);
      return join(path, file);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
