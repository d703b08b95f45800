import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { findExamples } from "../../examples/runner/find-examples.ts";
import { playPrograms, type Said } from "../support/play-programs.ts";

const run = promisify(execFile);
const examples = join(import.meta.dirname, "../../examples");
/** As on a machine without a key. */
const env = { ...process.env, DEEPSEEK_API_KEY: "", NO_COLOR: "1" };

/** Runs it to its end, whatever that is, or presses Ctrl-C as soon as it has said so much. */
async function runExample(
  name: string,
  { stopAt = {} }: { stopAt?: { readonly stdout?: RegExp; readonly stderr?: RegExp } } = {},
): Promise<{ code: unknown; stdout: string }> {
  const child = spawn(process.execPath, [join(examples, "run-example.ts"), name], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 30_000,
  });
  for (const where of ["stdout", "stderr"] as const) {
    child[where].setEncoding("utf8").on("data", (text: string) => {
      if (!child.killed && stopAt[where]?.test(text)) child.kill("SIGINT"); // once: a second one would end it at once
    });
  }
  let stdout = "";
  for await (const text of child.stdout) stdout += text;
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return { code: child.exitCode, stdout };
}

const OUTPUTS: readonly (readonly [string, RegExp])[] = [
  ["first-message", /that is all\.\n\d+ tokens\n$/],
  ["stream-to-terminal", /that is all\.\n\(stop, \d+ tokens\)\n$/],
  [
    "cost-of-a-day",
    /requests: 2 {2}.+\ndeepseek \(deepseek-flash\) {2}4 requests {2}\d+ tokens {2}\$0\.\d{6}, \$0\.0000(?!00)\d\d of it wasted\n\nNot asked: .+ maxCostUsd is \$0\.000001\. .+\n$/s,
  ],
  ["fallback-provider", /that is all\.\nanswered by openrouter, attempt 2\n$/],
  [
    "handle-errors",
    /> What is a queue\?\n.+ \[broke off after \d+ characters; .+\n\n> .+\nThe key is .+\n\n> .+\nThe account .+\n\n> .+\nToo many questions\. Please come back at .+\.\n$/s,
  ],
  [
    "custom-provider",
    /> What are your opening hours\?\nWe are open from .+ \(faq\)\n\n> Who was Ada Lovelace\?\nSorry, we are overloaded\. .+\n$/,
  ],
  [
    "last-resort",
    /> What is a quasar\?\nThe bright .+ \(deepseek\)\n\n> What is a quasar\?\nWe are busy; here is what we know of .+: The bright .+ \(lastResort\)\n\n> What is a pulsar\?\nAll models are busy\. .+\n$/,
  ],
  ["test-your-app", /✔ a summary survives ten minutes of outage .+ pass 2\n.+ fail 0\n/s],
  ["timeouts", /that is all\.\nNo answer in time: the limit of "start" ran out\.\n$/],
  [
    "fill-in-the-middle",
    /^\(typed on: the first text was left\)\n\n {8}return n\n {4}return fib\(n - 1\) \+ fib\(n - 2\)\n\(52 characters at the cursor\)\n\(left: 2\.30 USD\)\n$/s,
  ],
  ["endless-chat", /1: the prompt had \d+ tokens\n.+-- \d+ messages went: .+all answered; \d+ messages are left\n$/s],
  [
    "flush-after-busy",
    /> Which one flows backwards\?\n {2}busy for too long: 5 messages are 3, .+\n.+that is all\.\n$/s,
  ],
  [
    "summarize-chat",
    /^7 messages, about \d+ tokens\n4 messages, .+ 4 became the summary:\nSummary .+that is all\.\n$/s,
  ],
  ["save-and-restore", /^restored 3 messages; now there are 5\n.+that is all\.\n$/],
  ["long-answer", /that is all\.\n\nwhole, in 6 requests with 5 seams, \d+ tokens\n$/],
  [
    "weather-tool",
    /^weather: Error: Unknown city\. .+\nweather of Oslo: -3 °C\nweather of Cairo: 31 °C\nCairo is 34 degrees warmer\.\n\(3 answers, \d+ tokens\)\n$/,
  ],
  [
    "approve-tool",
    /^Delete old\.log\? \(nobody to ask: no\)\nI have left it where it is\.\nleft: notes\.txt, old\.log, thesis\.md\n$/,
  ],
  [
    "extract-data",
    /^2 x engine, 1200\.00 EUR each\n1 x box of .+\nAda Lovelace pays by 2026-11-30 \(asked 2 times\)\n$/,
  ],
  [
    "streaming-form",
    /^ +name \| Grace\n company \| Cobol Ltd\n +topic \| support\n +needs \| mend the compiler, a manual\n$/,
  ],
  ["patient-backoff", /that is all\.\nwaited 4[5-9] s, asked 4 times\n$/],
];

/** Those that nobody interrupts. */
let played: ReadonlyMap<string, Said>;
const saidBy = (name: string) => (played.get(name) as Said)();

beforeAll(async () => {
  const names = [...OUTPUTS.map(([name]) => name), "log-events"];
  const programs = names.map((name) => [name, [join(examples, "run-example.ts"), name]] as const);
  const demo = [join(examples, "demo/main.ts")];
  played = await playPrograms({ demo, ...Object.fromEntries(programs) }, { env, timeout: 50_000 });
}, 300_000);

test.each(OUTPUTS)("the example %s runs without a key, against the simulator", (name, output) => {
  expect(saidBy(name).stdout).toMatch(output);
});

test("no example is left out", () => {
  const named = [...OUTPUTS.map(([name]) => name), "cancel", "log-events", "stream-to-browser"];
  expect(findExamples().map(({ name }) => name)).toEqual(named.sort());
});

test("the example patient-backoff stops waiting on Ctrl-C", async () => {
  expect(await runExample("patient-backoff", { stopAt: { stderr: /waits/ } })).toEqual({ code: 130, stdout: "" });
});

test("the example cancel ends at its time limit, and keeps what had arrived", async () => {
  const { code, stdout } = await runExample("cancel");
  const [, text, kept] = /^(.+)\n\nStopped: it took longer than three seconds\.\n(\d+) characters/s.exec(stdout) ?? [];
  expect([code, Number(kept)]).toEqual([0, text?.length]);
  expect(text?.length).toBeGreaterThan(0);
});

test("the example cancel ends at once on Ctrl-C, and tells it from its time limit", async () => {
  const { code, stdout } = await runExample("cancel", { stopAt: { stdout: /\w/ } });
  expect(stdout).toMatch(/.+\n\nYou stopped it\.\n\d+ characters had arrived/s);
  expect(code).toBe(130);
});

test("the example stream-to-browser says where its page is, and ends well on Ctrl-C", async () => {
  const { code, stdout } = await runExample("stream-to-browser", { stopAt: { stdout: /\w/ } });
  expect(stdout).toMatch(/^Open http:\/\/127\.0\.0\.1:\d+ in your browser\. Ctrl-C ends it\.\n$/);
  expect(code).toBe(0);
});

test("the example log-events writes a line of JSON for each event, without a word of the conversation", () => {
  const { stdout, stderr } = saidBy("log-events");
  const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
  expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
    ...["attempt-start", "attempt-end", "wait", "attempt-start", "attempt-head", "attempt-end", "call-end"],
  ]);
  expect(stdout).toMatch(/that is all\.\n$/);
  for (const secret of [...stdout.trim().split("\n").filter(Boolean), "worth logging", "too busy", "sk-simulated"]) {
    expect(lines.join("\n")).not.toContain(secret);
  }
});

test("the demo shows nine scenes, each as it must be, as lines where there is no terminal", () => {
  const { stdout } = saidBy("demo");
  expect(stdout.match(/^\d\/9 {2}/gm)?.length).toBe(9);
  expect(stdout.match(/^✓ {2}/gm)?.length).toBe(9);
  expect(stdout).toContain("Every answer was what it must be.");
  expect(stdout).not.toContain("\u001b");
});

test("the demo prints every event as a line of JSON when asked to, and ends in order on Ctrl-C", async () => {
  const child = execFile(process.execPath, [join(examples, "demo/main.ts"), "--json"], { env });
  const lines: string[] = [];
  child.stdout?.on("data", (text: string) => {
    const isFirst = lines.length === 0;
    lines.push(...text.split("\n").filter(Boolean));
    if (isFirst) child.kill("SIGINT");
  });
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect(code).toBe(130);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ scene: "A healthy answer", type: "attempt-start" });
});

test("the demo refuses an option it does not know", async () => {
  await expect(run(process.execPath, [join(examples, "demo/main.ts"), "--what"], { env })).rejects.toMatchObject({
    code: 2,
    stderr: "Unknown option --what. Known are --json and --live.\n",
  });
});
