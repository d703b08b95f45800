import { existsSync, readFileSync, statSync } from "node:fs";
import http from "node:http";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { closeServer, listen } from "./loopback.ts";
import { versionOf } from "./program-runtime.ts";
import { RUNTIME_LIMIT_MS, type Runtime } from "./runtime.ts";
import type { CaseResult } from "./suite/conformance.ts";

/** The system's Chromium: `apt-get install chromium`, or CHROMIUM with its path. */
export function chromiumRuntime(name: string, place: Place): Runtime {
  return {
    name,
    version: () => versionOf(findChromium()),
    run: ({ prepared, control }) => runInChromium(prepared.folder, control, place),
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

async function runInChromium(folder: string, control: string, place: Place): Promise<readonly CaseResult[]> {
  const server = http.createServer((request, response) => serveFile(folder, request.url ?? "/", response));
  const address = await listen(server);
  let browser: Browser | undefined;
  try {
    // The sandbox needs a user other than root. Ctrl-C is the runner's business.
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
    browser = await chromium.launch({ executablePath: findChromium(), args, timeout: 30_000, ...signals });
    return await inTime(openAndRun(browser, address, control, place));
  } finally {
    await browser?.close();
    await closeServer(server);
  }
}

async function openAndRun(
  browser: Browser,
  address: string,
  control: string,
  place: Place,
): Promise<readonly CaseResult[]> {
  const page = await browser.newPage();
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  await page.goto(address);
  const results = await page.evaluate(runFrom, { control, entry: place === "page" ? "runInPage" : "runInWorker" });
  const name = "the page has no error nobody caught";
  return [...results, troubles.length === 0 ? { name } : { name, failure: troubles.join("\n") }];
}

/** Runs in the page, which alone knows this module. */
async function runFrom(given: { control: string; entry: string }): Promise<CaseResult[]> {
  const path = "/page.js";
  const entries = (await import(path)) as Record<string, (control: string) => Promise<CaseResult[]>>;
  return entries[given.entry]?.(given.control) ?? [];
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done after ${RUNTIME_LIMIT_MS} ms.`)), RUNTIME_LIMIT_MS);
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
