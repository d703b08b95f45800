import { execFile } from "node:child_process";
import { join } from "node:path";
import { createSimulator, type Simulator } from "resilient-deepseek/testing";
import { afterEach, expect, test } from "vitest";

const script = join(import.meta.dirname, "../../probe/probe-live.ts");
const KEY = "sk-probe-key-AbCdEf123456";
const running: Simulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function serve(options: Parameters<typeof createSimulator>[0] = {}) {
  const simulator = createSimulator(options);
  running.push(simulator);
  return { simulator, url: (await simulator.listen()).url };
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function probe(args: readonly string[], key = KEY, onStart?: (stop: () => void) => void): Promise<Ended> {
  const env = { ...process.env, DEEPSEEK_API_KEY: key };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], { env, timeout: 45_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    onStart?.(() => child.kill("SIGINT"));
  });
}

const findings = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; name: string; verdict: string; [field: string]: unknown });

test("every fact is asked of the simulator: what it does not know differs, or could not be told", async () => {
  const { simulator, url } = await serve({ apiKey: KEY });
  const { code, stdout, stderr } = await probe(["--json", "--base-url", url, "--pause-ms", "0"]);
  const lines = findings(stdout);
  const named = (verdict: string) => lines.filter((line) => line.verdict === verdict).map(({ name }) => name);
  expect(named("differs")).toEqual(["empty-tools"]);
  expect(named("unknown")).toEqual([
    "effort-mapping",
    "prefix",
    "prefix-with-thinking",
    "prefix-with-tools",
    "prefix-with-json",
    "cache-unit",
    "retry-after",
    "keep-alive",
  ]);
  expect(named("holds").length).toBeGreaterThan(40);
  expect(lines.at(-1)).toMatchObject({ type: "summary", requests: simulator.requests.length });
  expect(stderr).toMatch(/^\d+ facts, \d+ requests to 127\.0\.0\.1:\d+\. At most \$0\.0\d+ .* could cost \$0\.0500\. /);
  expect(code).toBe(1);
});

test("people get the fact, what is done about it, where, what was seen, and what to change", async () => {
  const { url } = await serve();
  const { code, stdout } = await probe(["--only", "stop-17, empty-tools", "--base-url", url]);
  expect(stdout).toBe(`✓ holds: stop-17
  fact    Seventeen stop sequences are refused with 400.
  today   Sends any number; the simulator refuses more than 16.
  where   src/chat/chat-request.ts, src/testing/parameter-rules.ts
  seen    400 "Invalid stop value, at most 16 sequences"

✗ differs: empty-tools
  fact    An empty list of tools is refused with 400.
  today   Refuses it before it is sent; the simulator takes it.
  where   src/chat/validate-request.ts, src/testing/parameter-rules.ts
  seen    It was accepted (200).
  change  validate-request.ts may let it pass: DeepSeek takes it.

1 hold, 1 differ, 0 could not be told. By the tokens that were counted it cost $0.0000 at most; your account page has the real sum.
To change: empty-tools.
`);
  expect(code).toBe(1);
});

test("a busy server leaves facts open, and Retry-After is seen where it is sent", async () => {
  const { url } = await serve({ faults: [{ kind: "busy", retryAfterMs: 2_000, form: "seconds" }] });
  const { code, stdout } = await probe(["--json", "--only", "stop-16,prefix,retry-after", "--base-url", url]);
  expect(findings(stdout).map(({ name, verdict }) => [name, verdict])).toEqual([
    ["prefix", "unknown"],
    ["stop-16", "unknown"],
    ["retry-after", "differs"],
    [undefined, undefined],
  ]);
  expect(stdout).toContain("retry-after: 2");
  expect(code).toBe(1);
});

test("a key that is refused ends the run, and stands nowhere", async () => {
  const { simulator, url } = await serve({ apiKey: "sk-another-key" });
  const { code, stdout, stderr } = await probe(["--base-url", url]);
  expect(stderr).toContain("The run ends here. The key was refused: 401");
  expect(stdout + stderr).not.toContain(KEY);
  expect(simulator.requests).toHaveLength(1);
  expect(code).toBe(1);
});

test("without a key nothing is asked; the list needs none", async () => {
  const { simulator, url } = await serve();
  expect(await probe(["--base-url", url], "")).toEqual({
    code: 2,
    stdout: "",
    stderr: "Nothing was asked: DEEPSEEK_API_KEY is not set. --list says what would be asked, without a key.\n",
  });
  const { code, stdout } = await probe(["--list"], "");
  expect(stdout).toMatch(/^models-list \(1 request\)\n {2}GET \/models lists /);
  expect(stdout).toContain("\nmax-tokens-default (1 request, only when named)\n");
  expect(stdout).toContain("\nNot asked, because no cheap request can tell:\n- ");
  expect(code).toBe(0);
  expect(findings((await probe(["--list", "--json"], "")).stdout).length).toBeGreaterThan(50);
  expect(simulator.requests).toHaveLength(0);
});

test.each([
  [["--what"], "Unknown option '--what'"],
  [["--only", "nothing"], "There is no probe called nothing: see --list."],
  [["--base-url", "http://elsewhere.example"], "refusing to send an API key over http://"],
  [["--pause-ms", "soon"], "--pause-ms takes a whole number of milliseconds."],
])("%j is refused with a word of what is known", async (args, message) => {
  const { code, stdout, stderr } = await probe(args);
  expect(stderr).toContain(message);
  expect(stderr).toContain("Usage: npm run probe:live");
  expect([code, stdout]).toEqual([2, ""]);
});

test("Ctrl-C ends it in order, with what was found so far", async () => {
  const { simulator, url } = await serve({ script: ["ok", "black_hole"] });
  const ended = probe(["--only", "models-list,stop-16", "--base-url", url], KEY, (stop) => {
    const whenAsked = setInterval(() => {
      if (simulator.requests.length < 2) return;
      clearInterval(whenAsked);
      stop();
    }, 10);
  });
  const { code, stdout, stderr } = await ended;
  expect(stdout).toMatch(/^✓ holds: models-list\n[\s\S]*1 hold, 0 differ, 0 could not be told, 1 not reached\./);
  expect(stderr).toMatch(/\nStopped\.\n$/);
  expect(code).toBe(130);
});
