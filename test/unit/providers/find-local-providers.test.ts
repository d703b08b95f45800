import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { createResilientClient } from "../../../src/create-resilient-client.ts";
import { type FindLocalOptions, findLocalProviders } from "../../../src/providers/find-local-providers.ts";
import { createSimulator, createVirtualClock, type SimulatorOptions } from "../../../src/testing/index.ts";
import { listenersOn, rejectionOf } from "../../support/abort-reasons.ts";
import { networkError } from "../../support/wire-response.ts";

const request: ChatRequest = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };

type Host = SimulatorOptions | "away" | "hangs";

/** What listens on the two usual ports. */
function world({ lmStudio, ollama }: { readonly lmStudio: Host; readonly ollama: Host }) {
  const clock = createVirtualClock();
  const serve = (dialect: "lmStudio" | "ollama", host: Host): typeof globalThis.fetch => {
    if (host === "away") return () => Promise.reject(networkError("fetch failed", "refused", "ECONNREFUSED"));
    if (host === "hangs") return () => new Promise<Response>(() => {});
    return createSimulator({ dialect, clock, ...host }).fetch;
  };
  const hosts = new Map([
    ["127.0.0.1:1234", serve("lmStudio", lmStudio)],
    ["127.0.0.1:11434", serve("ollama", ollama)],
  ]);
  const urls: string[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    urls.push(String(input));
    return hosts.get(new URL(String(input)).host)?.(input, init) ?? Promise.reject(new TypeError("nobody"));
  };
  const find = async (options: FindLocalOptions = {}) => {
    const found = await clock.run(findLocalProviders({ fetch, clock, ...options }));
    return found.map(({ name }) => name);
  };
  return { clock, fetch, find, urls };
}

test.each<[Host, Host, string[]]>([
  [{}, {}, ["lmStudio", "ollama"]],
  ["away", {}, ["ollama"]],
  [{}, "away", ["lmStudio"]],
  ["away", "away", []],
  ["hangs", {}, ["ollama"]],
  [{ loaded: [], justInTime: false }, { models: ["nomic-embed-text"] }, []],
  [{ faults: [{ kind: "web_page" }] }, { faults: [{ kind: "busy" }] }, []],
])("LM Studio %o and Ollama %o: %o are found, in this order", async (lmStudio, ollama, names) => {
  const { find, clock } = world({ lmStudio, ollama });
  expect(await find()).toEqual(names);
  expect(clock.pending).toBe(0);
});

test("who hangs is waited for no longer than timeoutMs, a second without it", async () => {
  const { find, clock } = world({ lmStudio: "hangs", ollama: {} });
  for (const [timeoutMs, after] of [
    [undefined, 1_000],
    [50, 50],
  ] as const) {
    const startedAt = clock.now();
    expect(await find({ timeoutMs })).toEqual(["ollama"]);
    expect(clock.now() - startedAt).toBe(after);
  }
});

test("they are looked for where the caller says", async () => {
  const { find, urls } = world({ lmStudio: {}, ollama: {} });
  const baseURLs = { lmStudio: "http://127.0.0.1:11434/v1", ollama: "https://gpu.test/v1" };
  await find({ baseURLs });
  expect(new Set(urls.map((url) => new URL(url).host))).toEqual(new Set(["127.0.0.1:11434", "gpu.test"]));
});

test("whoever is found at an address without a path is asked there", async () => {
  const { clock, fetch, urls } = world({ lmStudio: {}, ollama: {} });
  const baseURLs = { lmStudio: "http://127.0.0.1:1234", ollama: "http://127.0.0.1:11434/" };
  const providers = await clock.run(findLocalProviders({ fetch, clock, baseURLs }));
  const client = createResilientClient({ fetch, clock, providers });
  await clock.run(client.chat.completions.create(request, { providers: ["lmStudio"] }));
  await clock.run(client.chat.completions.create(request, { providers: ["ollama"] }));
  expect(urls).toContain("http://127.0.0.1:1234/v1/models");
  expect(urls.filter((url) => url.endsWith("/chat/completions"))).toEqual([
    "http://127.0.0.1:1234/v1/chat/completions",
    "http://127.0.0.1:11434/v1/chat/completions",
  ]);
  expect(urls.filter((url) => url.endsWith(":1234/models"))).toEqual([]);
});

test("an abort of the caller's comes back unchanged, and leaves nothing behind", async () => {
  const { fetch, clock } = world({ lmStudio: "hangs", ollama: {} });
  const controller = new AbortController();
  const rejection = rejectionOf(findLocalProviders({ fetch, clock, signal: controller.signal }));
  controller.abort(null);
  expect(await rejection).toBeNull();
  expect(await rejectionOf(findLocalProviders({ fetch, clock, signal: controller.signal }))).toBeNull();
  expect([listenersOn(controller.signal), clock.pending]).toEqual([0, 0]);
});

test("wrong options are refused before anybody is asked", async () => {
  const { fetch, urls } = world({ lmStudio: {}, ollama: {} });
  const wrong = [
    null,
    { timeoutMs: 0 },
    { timeoutMS: 5 },
    { signal: {} },
    { baseURLs: { lmstudio: "http://127.0.0.1" } },
    { baseURLs: { ollama: "localhost" } },
    { fetch: 5 },
    { clock: {} },
  ];
  for (const options of wrong)
    expect(await rejectionOf(findLocalProviders((options && { fetch, ...options }) as FindLocalOptions))).toMatchObject(
      {
        code: "invalid_options",
      },
    );
  expect(urls).toEqual([]);
});
