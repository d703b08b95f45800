import { afterEach, expect, test, vi } from "vitest";
import { ClientClosedError, createResilientClient, deepseek, lmStudio, openaiCompatible } from "../../src/index.ts";
import { createSimulator, createVirtualClock } from "../../src/testing/index.ts";
import { failure, KEY, params, timing } from "../support/busy-world.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A fetch where one host never answers and all others are healthy. */
function world(deadHost: string) {
  const clock = createVirtualClock();
  const healthy = createSimulator({ clock });
  const dead = createSimulator({ clock, faults: [{ kind: "black_hole" }] });
  const fetch: typeof globalThis.fetch = (url, init) =>
    (new URL(String(url)).hostname === deadHost ? dead : healthy).fetch(url, init);
  return { clock, fetch };
}

const dead = (baseURL: string) => openaiCompatible({ name: "dead", baseURL, apiKey: KEY });
const backup = openaiCompatible({ name: "backup", baseURL: "https://backup.example", apiKey: KEY });

test.each([
  ["of somebody else's, streamed", "https://dead.example", {}, 30_000],
  ["that sends its answer as one body", "https://dead.example", { wire: "json" }, 90_000],
  [
    "as one body, with a limit of the caller's own",
    "https://dead.example",
    { wire: "json", timeouts: { headersMs: 5_000 } },
    5_000,
  ],
  ["of one's own, which may load a model first", "http://127.0.0.1:1234", { timeouts: { startMs: 700_000 } }, 600_000],
] as const)("a dead host %s is left in time for the next one", async (_, baseURL, options, afterMs) => {
  const { clock, fetch } = world(new URL(baseURL).hostname);
  const client = createResilientClient({ clock, fetch, providers: [dead(baseURL), backup] });
  const { report } = await clock.run(client.chat.completions.create(params, { hedge: false, ...options }).withReport());
  expect(report.attempts).toMatchObject([
    { provider: "dead", endedMs: afterMs, error: { code: "timeout", phase: "headers" } },
    { provider: "backup", outcome: "succeeded" },
  ]);
});

test("a queue is left for the next host when the provider has a limit for it", async () => {
  const clock = createVirtualClock();
  const queueing = createSimulator({ clock, faults: [{ kind: "queue", forMs: Number.POSITIVE_INFINITY }] });
  const healthy = createSimulator({ clock });
  const fetch: typeof globalThis.fetch = (url, init) =>
    (String(url).includes("backup") ? healthy : queueing).fetch(url, init);
  const first = deepseek({ apiKey: KEY, timeouts: { queueMs: 20_000 } });
  const client = createResilientClient({ clock, fetch, providers: [first, backup] });
  const { report } = await clock.run(client.chat.completions.create(params).withReport());
  expect(report.attempts).toMatchObject([
    { provider: "deepseek", endedMs: 20_000, error: { code: "timeout", phase: "queue" } },
    { provider: "backup", outcome: "succeeded" },
  ]);
});

test("thinking that no tag opened is found as long as nobody has seen it as text: also by who only waits for the end", async () => {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, timing, dialect: "lmStudio", thinkTag: "close" });
  const client = createResilientClient({
    clock,
    fetch: simulator.fetch,
    providers: [lmStudio({ model: "unheard-of" })],
  });
  const whole = client.chat.completions.stream(params);
  const { choices } = await clock.run(whole.finalChatCompletion());
  const { content, reasoning } = simulator.requests[0]?.answer ?? {};
  expect(choices[0]?.message).toMatchObject({ content, reasoning_content: reasoning });
  const watched = client.chat.completions.stream(params, { resume: false });
  const readOn = async () => {
    for await (const text of watched.textStream()) expect(text).not.toBe("");
  };
  expect(await clock.run(failure(readOn()))).toMatchObject({ code: "malformed_output" });
});

test("a host whose key is a variable that is not set is skipped, not asked without a key", async () => {
  const { clock, fetch } = world("nobody");
  const keyless = openaiCompatible({ name: "keyless", baseURL: "https://keyless.example", apiKey: undefined });
  const client = createResilientClient({ clock, fetch, providers: [keyless, backup] });
  const { report } = await clock.run(client.chat.completions.create(params).withReport());
  expect(report).toMatchObject({
    skipped: [{ provider: "keyless", reason: "no_key" }],
    attempts: [{ provider: "backup" }],
  });
});

test("an empty key or address is a variable that is not set: the environment is asked", async () => {
  vi.stubEnv("DEEPSEEK_API_KEY", KEY);
  const { clock, fetch } = world("nobody");
  const client = createResilientClient({ clock, fetch, apiKey: "", baseURL: "" });
  const { choices } = await clock.run(client.chat.completions.create(params));
  expect(choices[0]?.finish_reason).toBe("stop");
});

test("an address of the environment that is none is blamed on its variable", () => {
  vi.stubEnv("DEEPSEEK_BASE_URL", "api.deepseek.com");
  expect(() => deepseek()).toThrow(
    "deepseek (DEEPSEEK_BASE_URL): baseURL must be a URL that begins with https:// or http://.",
  );
});

test("a request id the caller sent and the server repeats is no secret", async () => {
  const id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const fetch = async (_: unknown, init?: RequestInit) =>
    new Response('{"error":{"message":"no"}}', {
      status: 400,
      headers: { "x-request-id": new Headers(init?.headers).get("x-request-id") ?? "" },
    });
  const client = createResilientClient({ fetch: fetch as typeof globalThis.fetch, providers: [backup] });
  const call = client.chat.completions.create(params, { headers: { "x-request-id": id } });
  expect(await failure(call)).toMatchObject({ code: "invalid_request", requestId: id });
});

test("an app's name in a header is no secret either: the server's words stay words", async () => {
  const message = "The supported names are deepseek-flash or deepseek-v4-pro";
  const fetch = async () => new Response(JSON.stringify({ error: { message } }), { status: 400 });
  const titled = openaiCompatible({ name: "titled", baseURL: "https://x.example", headers: { "x-title": "DeepSeek" } });
  const client = createResilientClient({ fetch, providers: [titled] });
  expect(((await failure(client.chat.completions.create(params))) as Error).message).toContain(message);
});

test("an abort reason that looks like one of this client's own comes back unchanged", async () => {
  const { clock, fetch } = world("dead.example");
  const client = createResilientClient({ clock, fetch, providers: [dead("https://dead.example")] });
  const reason = new ClientClosedError("of another client");
  const controller = new AbortController();
  clock.after(100, () => controller.abort(reason));
  expect(await clock.run(failure(client.chat.completions.create(params, { signal: controller.signal })))).toBe(reason);
});

test.each([501, 505])("a server that says it will never work (%d) is not asked again", async (status) => {
  let asked = 0;
  const fetch = async () => {
    asked += 1;
    return new Response('{"error":{"message":"not supported"}}', { status });
  };
  const client = createResilientClient({ fetch, providers: [backup] });
  expect(await failure(client.chat.completions.create(params))).toMatchObject({ code: "invalid_request", status });
  expect(asked).toBe(1);
});
