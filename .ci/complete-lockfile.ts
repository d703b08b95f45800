// After `npm install`: adds the optional packages of other platforms that npm left out of package-lock.json.
// After `changeset version`: says the new version there too.
//
// Tools like Biome and rollup come as one optional package for each platform. npm leaves those out of the lockfile that
// the registry at hand does not have (a mirror need not hold every platform's), and `npm ci` then refuses the lockfile.
//   npm run lockfile
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

const path = "package-lock.json";
const lock = JSON.parse(readFileSync(path, "utf8")) as { version: string; packages: Record<string, Entry> };
const { packages } = lock;
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
lock.version = version;
packages[""] = { ...packages[""], version };
const before = Object.keys(packages).length;

for (const [parent, { optionalDependencies = {} }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const isThere = `node_modules/${name}` in packages || `${parent}/node_modules/${name}` in packages;
    if (!isThere) packages[`node_modules/${name}`] = { version, dev: true, optional: true, ...platformOf(name) };
  }
}

const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(path, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
console.log(`${Object.keys(packages).length - before} packages of other platforms added.`);

/** `@rollup/rollup-linux-arm64-musl` -> linux, arm64, musl. */
function platformOf(name: string): { os?: string[]; cpu?: string[]; libc?: string[] } {
  const system = /android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32/.exec(name)?.[0];
  const processor = /arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64|wasm32/.exec(name)?.[0];
  const library = /musl/.test(name) ? "musl" : /gnu/.test(name) && system === "linux" ? "glibc" : undefined;
  return {
    ...(system && { os: [system] }),
    ...(processor && { cpu: [processor] }),
    ...(library && { libc: [library] }),
  };
}
