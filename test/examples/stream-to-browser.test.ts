import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createSimulator, type Simulator, type SimulatorOptions } from "../../src/testing/index.ts";
import { findChromium } from "../support/find-chromium.ts";
import { cleanUp } from "../support/leaks.ts";

const file = join(import.meta.dirname, "../../examples/stream-to-browser.ts");
const KEY = "sk-of-the-server-alone";
const QUESTION = "Which words are never logged?";

const executablePath = findChromium();
let browser: Browser;
beforeAll(async () => {
  // Its sandbox cannot be set up in most containers, nor by root.
  if (executablePath) browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(() => browser?.close());

test.skipIf(!executablePath)("an answer appears piece by piece, and is the whole one", async () => {
  const { simulator, url, log } = await serve({ timing: { tokenMs: 10 }, answerTokens: 80, script: ["busy"] });
  const { page, problems } = await open(url);
  await page.evaluate(() => {
    const answer = document.getElementById("answer");
    const lengths: number[] = [];
    new MutationObserver(() => lengths.push(answer?.textContent?.length ?? 0)).observe(answer as Node, {
      childList: true,
    });
    Object.assign(window, { lengths });
  });
  await ask(page);
  await page.getByText("Done.").waitFor();
  const text = (await page.locator("#answer").textContent()) ?? "";
  expect(simulator.isWholeAnswer(text)).toBe(true);
  const lengths = await page.evaluate(() => (window as unknown as { lengths: number[] }).lengths);
  expect(new Set(lengths).size).toBeGreaterThan(10);
  expect(lengths.at(-1)).toBe(text.length);
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
  expect(problems).toEqual([]);
  for (const secret of [KEY, QUESTION, text]) expect(log()).not.toContain(secret);
  expect(await page.content()).not.toContain(KEY);
});

test.skipIf(!executablePath)("Ctrl-Enter asks once, however often it is pressed before the answer ends", async () => {
  const { simulator, url } = await serve({ timing: { tokenMs: 10 }, answerTokens: 80 });
  const { page } = await open(url);
  await page.getByLabel("Your question").fill(QUESTION);
  await page.keyboard.press("Control+Enter");
  await page.locator("#answer", { hasText: /\w/ }).waitFor();
  await page.getByLabel("Your question").press("Control+Enter");
  await page.getByText("Done.").waitFor();
  expect(simulator.isWholeAnswer((await page.locator("#answer").textContent()) ?? "")).toBe(true);
  expect(simulator.requests.length).toBe(1);
});

const SENTENCES = [
  ["authentication", /^This page is not set up right\. Please tell whoever runs it\.$/],
  [{ kind: "rate_limited", retryAfterMs: 900_000 }, /^The model is very busy at the moment\. Please try again/],
  [{ kind: "finish", reason: "content_filter", afterTokens: 60 }, /^The model does not want to answer this\. Please/],
] as const;

test.skipIf(!executablePath).each(SENTENCES)("a failure is a friendly sentence: %j", async (trouble, sentence) => {
  const { url, log } = await serve({ script: [trouble] });
  const { page } = await open(url);
  await ask(page);
  await page.locator("#status.problem").waitFor();
  expect(await page.locator("#status").textContent()).toMatch(sentence);
  expect(await page.locator("#ask").isEnabled()).toBe(true);
  expect(log()).toMatch(/Error: deepseek/);
});

test.skipIf(!executablePath)("a server that has gone is told as well", async () => {
  const { url, stop } = await serve({});
  const { page } = await open(url);
  expect(await stop()).toBe(0);
  await ask(page);
  await page.getByText("The server cannot be reached. Is it still running?").waitFor();
});

test.skipIf(!executablePath)("an answer that ends without [DONE] is not taken for a whole one", async () => {
  const { url } = await serve({});
  const { page } = await open(url);
  // As from a proxy that closes the connection in order.
  const body = `data: ${JSON.stringify({ choices: [{ delta: { content: "Half an" } }] })}\n\n`;
  await page.route("**/chat", (route) => route.fulfill({ contentType: "text/event-stream", body }));
  await ask(page);
  await page.getByText("The answer broke off here. Please ask again.").waitFor();
  expect(await page.locator("#answer").textContent()).toBe("Half an");
});

test.skipIf(!executablePath)("comments that keep the connection alive are no part of the answer", async () => {
  const { url } = await serve({});
  const { page } = await open(url);
  const comment = ": keep-alive\n\n";
  const data = `data: ${JSON.stringify({ choices: [{ delta: { content: "An answer" } }] })}\n\n`;
  const body = `${comment}${comment}${data}${comment}data: [DONE]\n\n`;
  await page.route("**/chat", (route) => route.fulfill({ contentType: "text/event-stream", body }));
  await ask(page);
  await page.getByText("Done.").waitFor();
  expect(await page.locator("#answer").textContent()).toBe("An answer");
});

const LEAVING = {
  "leaving the page": (page: Page) => page.goto("about:blank"),
  "the button Stop": (page: Page) => page.getByRole("button", { name: "Stop" }).click(),
};

test.skipIf(!executablePath).each(Object.keys(LEAVING) as (keyof typeof LEAVING)[])(
  "%s closes the connection to DeepSeek, in the middle of an answer",
  async (how) => {
    const { simulator, url } = await serve({ script: [{ kind: "stall", afterTokens: 60, keepAlives: true }] });
    const { page } = await open(url);
    await ask(page);
    await page.locator("#answer", { hasText: /\w/ }).waitFor();
    expect(simulator.requests[0]?.outcome).toBe("open");
    await LEAVING[how](page);
    await vi.waitFor(() => expect(simulator.requests[0]?.outcome).toBe("left"), { timeout: 10_000 });
  },
);

test("leaving ends a call that still waits for its turn", async () => {
  const { simulator, url } = await serve({ script: [{ kind: "queue", forMs: Number.POSITIVE_INFINITY }] });
  const leave = new AbortController();
  const response = await fetch(`${url}/chat`, { ...post(url), signal: leave.signal });
  expect(response.status).toBe(200);
  await vi.waitFor(() => expect(simulator.requests[0]?.outcome).toBe("open"), { timeout: 10_000 });
  leave.abort();
  await vi.waitFor(() => expect(simulator.requests[0]?.outcome).toBe("left"), { timeout: 10_000 });
});

test("the server works for its own page alone, and never asks DeepSeek for another", async () => {
  const { simulator, url } = await serve({});
  const { host } = new URL(url);
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ question: QUESTION });
  const own = { ...json, host, origin: url };
  const refusals = [
    [405, { method: "PUT", headers: own, body }],
    [404, { path: "/else", headers: own, body }],
    [403, { headers: { ...own, origin: "https://evil.example" }, body }],
    [403, { headers: { ...json, host }, body }],
    [403, { headers: { ...json, host: "evil.example", origin: "http://evil.example" }, body }],
    [415, { headers: { ...own, "content-type": "text/plain" }, body }],
    [413, { headers: own, body: JSON.stringify({ question: "x".repeat(20_000) }) }],
    [400, { headers: own, body: "{" }],
    [400, { headers: own, body: JSON.stringify({ question: ["x"] }) }],
    [400, { headers: own, body: JSON.stringify({ question: "  " }) }],
    [403, { method: "GET", path: "/", headers: { host: "evil.example" } }],
    [404, { method: "GET", path: "/../stream-to-browser.ts", headers: { host } }],
  ] as const;
  for (const [status, order] of refusals) expect([status, order]).toEqual([await statusOf(url, order), order]);
  expect(simulator.requests).toEqual([]);
});

test("the page may run its own script only", async () => {
  const { url } = await serve({});
  const response = await fetch(url);
  expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(await response.text()).not.toMatch(/<script>|<style>|style="|onclick/);
});

test("a port that cannot be had is told in one line that says what to do", async () => {
  const busy = createServer().listen(0, "127.0.0.1");
  cleanUp(() => void busy.close());
  await once(busy, "listening");
  const { port } = busy.address() as AddressInfo;
  for (const [PORT, why] of [
    [String(port), "EADDRINUSE"],
    ["70000", "ERR_SOCKET_BAD_PORT"],
    ["http", "ERR_SOCKET_BAD_PORT"],
  ] as const) {
    const env = { ...process.env, DEEPSEEK_API_KEY: KEY, PORT };
    await expect(promisify(execFile)(process.execPath, [file], { env })).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: `Port ${PORT} cannot be used (${why}). Set PORT to another one, or to 0 for any that is free.\n`,
    });
  }
});

/** Starts the example against a simulator; gives the address it prints. */
async function serve(options: SimulatorOptions) {
  const simulator: Simulator = createSimulator(options);
  const env = { ...process.env, DEEPSEEK_API_KEY: KEY, DEEPSEEK_BASE_URL: (await simulator.listen()).url, PORT: "0" };
  const child = spawn(process.execPath, [file], { env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const stop = async () => {
    if (child.exitCode === null && child.kill("SIGINT")) await once(child, "exit");
    return child.exitCode;
  };
  cleanUp(async () => {
    await stop();
    await simulator.close();
  });
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const url = /http:\/\/[\d.:]+/.exec(line)?.[0] ?? "";
  return { simulator, url, stop, log: () => log };
}

async function open(url: string): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext();
  cleanUp(() => context.close());
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(url);
  return { page, problems };
}

async function ask(page: Page): Promise<void> {
  await page.getByLabel("Your question").fill(QUESTION);
  await page.getByRole("button", { name: "Ask" }).click();
}

function post(url: string): RequestInit {
  const headers = { "content-type": "application/json", origin: url };
  return { method: "POST", headers, body: JSON.stringify({ question: QUESTION }) };
}

interface Order {
  readonly method?: string;
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** By hand: `fetch` would correct the host and the path. */
async function statusOf(url: string, { method = "POST", path = "/chat", headers, body }: Order): Promise<unknown> {
  const { hostname, port } = new URL(url);
  const request = httpRequest({ hostname, port, method, path, headers, agent: false });
  request.end(body);
  const [response] = await once(request, "response");
  response.resume();
  await once(response, "close");
  return response.statusCode;
}
