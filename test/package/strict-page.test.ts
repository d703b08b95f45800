import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createSimulator } from "../../src/testing/index.ts";
import { bundleWithEsbuild, bundleWithVite } from "../support/bundle-app.ts";
import { findChromium } from "../support/find-chromium.ts";
import { servePage, serveToPages } from "../support/serve-page.ts";

const folder = join(inject("installed").app, "strict-page");
const entry = join(folder, "main.js");
mkdirSync(folder);
writeFileSync(
  entry,
  `
import { createResilientClient, ResilientClientError } from "resilient-deepseek";
const baseURL = new URLSearchParams(location.search).get("api");
const client = createResilientClient({ apiKey: "sk-page", baseURL, dangerouslyAllowBrowser: true });
const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
const { choices } = await client.chat.completions.create(params);
let text = "";
for await (const piece of client.chat.completions.stream(params).textStream()) text += piece;
const error = await client.chat.completions.create({ ...params, temperature: 9 }).catch((thrown) => thrown);
console.log(JSON.stringify([choices[0].message.content, text, ResilientClientError.isInstance(error) && error.name]));
`,
);

const executablePath = findChromium();
let browser: Browser;
beforeAll(async () => {
  // Its sandbox cannot be set up in most containers, nor by root.
  if (executablePath) browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(() => browser?.close());

const bundlers = { Vite: bundleWithVite("page"), esbuild: bundleWithEsbuild("browser") } as const;
const STRICT = "default-src 'none'; script-src 'self'";
const POLICIES = [STRICT, `${STRICT}; require-trusted-types-for 'script'`] as const;
const cases = (["Vite", "esbuild"] as const).flatMap((name) => POLICIES.map((policy) => ({ name, policy })));

test.skipIf(!executablePath).each(cases)("bundled by $name, a call keeps to $policy", async ({ name, policy }) => {
  const outdir = join(folder, `${name}-${POLICIES.indexOf(policy)}`);
  expect(await bundlers[name]({ entry, outdir, shape: "chunks" })).toEqual([]);
  const main = readdirSync(outdir, { recursive: true, encoding: "utf8" }).find((path) => /main[^/]*\.js$/.test(path));
  writeFileSync(join(outdir, "index.html"), page(main ?? ""));
  const simulator = createSimulator();
  const { said, problems } = await visit(outdir, policy, await serveToPages(simulator));
  expect(problems).toEqual([]);
  const [answer, text, error] = JSON.parse(said) as [string, string, string];
  expect([simulator.isWholeAnswer(answer), simulator.isWholeAnswer(text)]).toEqual([true, true]);
  expect([error, simulator.stats.requests]).toEqual(["InvalidRequestError", 2]);
});

test.skipIf(!executablePath).each(POLICIES)(
  "code made out of text is told of under %s, caught or not",
  async (policy) => {
    const outdir = join(folder, `probe-${POLICIES.indexOf(policy)}`);
    mkdirSync(outdir);
    writeFileSync(join(outdir, "index.html"), page("probe.js"));
    // Violations are told a moment later.
    const probe = 'try { new Function(""); } catch { setTimeout(() => console.log("refused"), 100); }';
    writeFileSync(join(outdir, "probe.js"), probe);
    const { said, problems } = await visit(outdir, policy, "http://127.0.0.1:1");
    expect(said).toBe("refused");
    const directive = policy === STRICT ? "script-src" : "require-trusted-types-for";
    expect(problems).toContain(`violation of ${directive}`);
  },
);

function page(script: string): string {
  return `<!doctype html><title>Page</title><script type="module" src="/${script}"></script>`;
}

/** Opens the page; gives the first line it logs, and all that went wrong until then. */
async function visit(
  outdir: string,
  policy: string,
  api: string,
): Promise<{ said: string; problems: readonly string[] }> {
  const origin = await servePage(outdir, `${policy}; connect-src ${api}`);
  const context = await browser.newContext();
  const opened = await context.newPage();
  const problems: string[] = [];
  const said = new Promise<string>((resolve) => {
    opened.on("console", (message) => {
      if (message.type() === "log") resolve(message.text());
      else problems.push(message.text());
    });
    opened.on("pageerror", (error) => {
      problems.push(String(error));
      resolve("");
    });
  });
  await opened.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      console.warn(`violation of ${event.effectiveDirective}`),
    ),
  );
  await opened.goto(`${origin}/?api=${encodeURIComponent(api)}`);
  const line = await said;
  await context.close();
  return { said: line, problems };
}
