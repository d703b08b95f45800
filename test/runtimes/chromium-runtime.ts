import { existsSync, readFileSync, statSync } from "node:fs";
import http from "node:http";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { closeServer, listen } from "./loopback.ts";
import { versionOf } from "./program-runtime.ts";
import type { Runtime, Stage } from "./runtime.ts";
import type { CaseResult } from "./suite/conformance.ts";

/** The system's Chromium: `apt-get install chromium`, or CHROMIUM with its path. */
export function chromiumRuntime(name: string, place: Place): Runtime {
  return {
    name,
    version: () => versionOf(findChromium()),
    run: (stage) => runInChromium(stage, place),
  };
}

function findChromium(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const candidates = [process.env["CHROMIUM"], ...folders.flatMap((folder) => names.map((name) => join(folder, name)))];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) throw new Error("no Chromium on the PATH, and none named by CHROMIUM");
  return found;
}

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "resilient-deepseek": "/node_modules/resilient-deepseek/dist/index.js" } }</script>`;

type Place = "page" | "worker";

async function runInChromium(stage: Stage, place: Place): Promise<readonly CaseResult[]> {
  const server = http.createServer((request, response) =>
    serveFile(stage.prepared.folder, request.url ?? "/", response),
  );
  const address = await listen(server);
  let browser: Browser | undefined;
  try {
    // The sandbox needs a user other than root. Ctrl-C is the runner's business.
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
    browser = await chromium.launch({ executablePath: findChromium(), args, timeout: 30_000, ...signals });
    return await inTime(openAndRun(browser, address, stage, place), stage.limitMs);
  } finally {
    await browser?.close();
    await closeServer(server);
  }
}

async function openAndRun(
  browser: Browser,
  address: string,
  { names, control }: Stage,
  place: Place,
): Promise<readonly CaseResult[]> {
  const page = await browser.newPage();
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  await page.goto(address);
  const results = await page.evaluate(runFrom, {
    order: { names, control },
    entry: place === "page" ? "runInPage" : "runInWorker",
  });
  const name = "the page has no error nobody caught";
  return [...results, troubles.length === 0 ? { name } : { name, failure: troubles.join("\n") }];
}

/** Runs in the page, which alone knows this module. */
async function runFrom({ order, entry }: { order: object; entry: string }): Promise<CaseResult[]> {
  const path = "/page.js";
  const entries = (await import(path)) as Record<string, (order: object) => Promise<CaseResult[]>>;
  return entries[entry]?.(order) ?? [];
}

async function inTime<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done after ${limitMs} ms.`)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function serveFile(folder: string, url: string, response: http.ServerResponse): void {
  if (url === "/") {
    response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    return;
  }
  const path = join(folder, url);
  const isThere = path.startsWith(folder) && statSync(path, { throwIfNoEntry: false })?.isFile();
  if (isThere) response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(path));
  else response.writeHead(404).end();
}
