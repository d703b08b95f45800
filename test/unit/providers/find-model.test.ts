import { expect, test } from "vitest";
import { createModelFinder, type HostLink, rootOf } from "../../../src/providers/find-model.ts";
import { findKey } from "../../../src/providers/host-options.ts";
import { LM_STUDIO, OLLAMA } from "../../../src/providers/local-models.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { listenersOn, rejectionOf } from "../../support/abort-reasons.ts";
import { fetchThat, HANG, makeResponse, networkError } from "../../support/wire-response.ts";

const link = (overrides: Partial<HostLink> = {}): HostLink => ({
  name: "ollama",
  baseURL: OLLAMA.baseURL,
  headers: {},
  key: findKey("ollama", undefined),
  ...overrides,
});

const listOf = (...names: readonly string[]) =>
  JSON.stringify({ models: names.map((name) => ({ name, model: name })) });

/** Ollama with these models running; each test says when they change. */
function world(names: readonly string[] = ["qwen3:8b"]) {
  const server = { names, isAway: false };
  const clock = createVirtualClock();
  const scripted = fetchThat(() => {
    if (server.isAway) throw networkError("fetch failed", "connect ECONNREFUSED", "ECONNREFUSED");
    return makeResponse([listOf(...server.names)]);
  });
  const finder = createModelFinder(OLLAMA, link());
  const asker = (signal = new AbortController().signal, fetch = scripted.fetch) => ({ fetch, clock, signal });
  return { server, clock, finder, asker, requests: scripted.requests };
}

/** A fetch that says nothing until it is told to, and obeys its signal, or not. */
function slowFetch({ obeys = true } = {}) {
  const waiting: ((response: Response) => void)[] = [];
  const scripted = fetchThat(
    (signal) =>
      new Promise<Response>((resolve, reject) => {
        waiting.push(resolve);
        if (obeys) signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
  );
  return { ...scripted, answer: (text: string) => waiting.forEach((resolve) => void resolve(makeResponse([text]))) };
}

const isAsked = async (requests: readonly unknown[], times: number) => {
  while (requests.length < times) await new Promise((resolve) => setImmediate(resolve));
};

test("the lists of all kinds are asked for at once, from the root of the server", async () => {
  const { finder, asker, requests } = world();
  expect(await finder.find(asker())).toEqual({
    models: [{ name: "qwen3:8b", isLoaded: true, window: undefined }],
    isRemembered: false,
  });
  expect(requests.map(({ url }) => url)).toEqual(["http://127.0.0.1:11434/api/ps", "http://127.0.0.1:11434/api/tags"]);
  const studio = createModelFinder(LM_STUDIO, link({ baseURL: "https://gpu.test/lm/v1" }));
  const { fetch, requests: asked } = fetchThat(() => makeResponse(['{"data":[]}']));
  await studio.find(asker(undefined, fetch));
  expect(asked.map(({ url }) => url)).toEqual(["https://gpu.test/lm/api/v0/models", "https://gpu.test/lm/v1/models"]);
  expect(rootOf("http://127.0.0.1:1234")).toBe("http://127.0.0.1:1234");
});

test("what was found is remembered for half a minute, by the call's clock, and known from then on", async () => {
  const { finder, asker, clock, server, requests } = world();
  expect(finder.known("deepseek-flash")).toBeUndefined();
  await finder.find(asker());
  server.names = ["gemma3:4b"];
  await clock.advance(29_999);
  expect(await finder.find(asker())).toMatchObject({ isRemembered: true, models: [{ name: "qwen3:8b" }] });
  expect(requests).toHaveLength(2);
  await clock.advance(1);
  expect(await finder.find(asker())).toMatchObject({ isRemembered: false, models: [{ name: "gemma3:4b" }] });
  expect(finder.known("deepseek-flash")?.name).toBe("gemma3:4b");
});

test("what is forgotten is looked for again, and what was known last still names the model", async () => {
  const { finder, asker, server, requests } = world();
  await finder.find(asker());
  finder.forget();
  server.isAway = true;
  expect(await rejectionOf(finder.find(asker()))).toMatchObject({ code: "connection" });
  expect(finder.known("deepseek-flash")?.name).toBe("qwen3:8b");
  server.isAway = false;
  expect(await finder.find(asker())).toMatchObject({ isRemembered: false });
  expect(requests).toHaveLength(6);
});

test("an empty list is not remembered: somebody will load a model now", async () => {
  const { finder, asker, server } = world([]);
  expect(await finder.find(asker())).toMatchObject({ models: [] });
  server.names = ["qwen3:8b"];
  expect(await finder.find(asker())).toMatchObject({ models: [{ name: "qwen3:8b" }] });
});

test("another fetch may lead to another server, and is asked by itself", async () => {
  const { finder, asker, requests } = world();
  const other = fetchThat(() => makeResponse([listOf("other")]));
  await finder.find(asker());
  expect(await finder.find(asker(undefined, other.fetch))).toMatchObject({ models: [{ name: "other" }] });
  expect([requests.length, other.requests.length]).toEqual([2, 2]);
});

test("all who look at the same time share one look, and an abort of one is nothing to the others", async () => {
  const { finder, asker } = world();
  const slow = slowFetch();
  const [first, second] = [new AbortController(), new AbortController()];
  const rejection = rejectionOf(finder.find(asker(first.signal, slow.fetch)));
  const found = finder.find(asker(second.signal, slow.fetch));
  await isAsked(slow.requests, 2);
  first.abort("enough");
  expect(await rejection).toBe("enough");
  for (const { init } of slow.requests) expect(init.signal?.aborted).toBe(false);
  expect(slow.requests).toHaveLength(2);
  slow.answer(listOf("late"));
  expect(await found).toMatchObject({ models: [{ name: "late" }] });
  expect([listenersOn(first.signal), listenersOn(second.signal)]).toEqual([0, 0]);
});

test("whoever comes after all have left begins a look of its own", async () => {
  const { finder, asker } = world();
  const slow = slowFetch();
  const controller = new AbortController();
  const next = finder.find(asker(controller.signal, slow.fetch)).catch((reason: unknown) => {
    expect(reason).toBe("enough");
    return finder.find(asker(undefined, slow.fetch));
  });
  await isAsked(slow.requests, 2);
  const before = [...slow.requests];
  controller.abort("enough");
  await isAsked(slow.requests, 4);
  for (const { init } of before) expect(init.signal?.aborted).toBe(true);
  slow.answer(listOf("late"));
  expect(await next).toMatchObject({ models: [{ name: "late" }] });
});

test("what a look finds that was under way when all was forgotten is not remembered", async () => {
  const { finder, asker } = world();
  const slow = slowFetch();
  const early = finder.find(asker(undefined, slow.fetch));
  await isAsked(slow.requests, 2);
  finder.forget();
  slow.answer(listOf("early"));
  expect(await early).toMatchObject({ models: [{ name: "early" }] });
  const next = finder.find(asker(undefined, slow.fetch));
  await isAsked(slow.requests, 4);
  slow.answer(listOf("late"));
  expect(await next).toMatchObject({ isRemembered: false, models: [{ name: "late" }] });
});

test.each([true, false])(
  "a server that hangs ends the look for all, also where fetch ignores its signal (obeys: %s)",
  async (obeys) => {
    const { finder, asker, clock } = world();
    const slow = slowFetch({ obeys });
    const all = [asker(undefined, slow.fetch), asker(undefined, slow.fetch)].map((each) =>
      rejectionOf(finder.find(each)),
    );
    await isAsked(slow.requests, 2);
    await clock.advance(15_000);
    for (const error of await Promise.all(all))
      expect(error).toMatchObject({
        code: "timeout",
        phase: "headers",
        message: "Ollama at http://127.0.0.1:11434 did not say within 15000 ms which models it has.",
      });
    expect(clock.pending).toBe(0);
  },
);

test("a body that hangs is no answer either", async () => {
  const { finder, asker, clock } = world();
  const { fetch, requests } = fetchThat(() => makeResponse(['{"models":', HANG]));
  const rejection = rejectionOf(finder.find(asker(undefined, fetch)));
  await isAsked(requests, 2);
  await clock.advance(15_000);
  expect(await rejection).toMatchObject({ code: "timeout" });
});

test("when one list fails, the other is given up at once", async () => {
  const { finder, asker } = world();
  const signals: (AbortSignal | undefined)[] = [];
  const { fetch } = fetchThat((signal) => {
    signals.push(signal);
    return signals.length === 1 ? makeResponse(["full"], 503) : new Promise<Response>(() => {});
  });
  expect(await rejectionOf(finder.find(asker(undefined, fetch)))).toMatchObject({ code: "busy", status: 503 });
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
});

test("a server without lists is told of, with what helps", async () => {
  const { finder, asker } = world();
  const { fetch } = fetchThat(() => makeResponse(["404 page not found"], 404));
  expect(await rejectionOf(finder.find(asker(undefined, fetch)))).toMatchObject({
    code: "unexpected_response",
    message:
      'Ollama at http://127.0.0.1:11434 gave no list of its models: correct baseURL, or say model, as in { model: "qwen3-8b" }.',
  });
});

test("a key goes along, headers too, and a refused key is known as refused", async () => {
  const { asker } = world();
  const key = findKey("gpu", "sk-of-the-gateway-0123456789");
  const finder = createModelFinder(
    OLLAMA,
    link({ name: "gpu", baseURL: "https://gpu.test/v1", headers: { "x-team": "search" }, key }),
  );
  const { fetch, requests } = fetchThat(() => makeResponse(['{"error":"wrong key"}'], 401));
  expect(await rejectionOf(finder.find(asker(undefined, fetch)))).toMatchObject({
    code: "authentication",
    provider: "gpu",
  });
  for (const { headers } of requests) {
    expect(headers.get("authorization")).toBe("Bearer sk-of-the-gateway-0123456789");
    expect(headers.get("x-team")).toBe("search");
  }
  expect(await key.isNew()).toBe(false);
});

test("a key function that hangs or fails ends the look like the server would", async () => {
  const { asker, clock } = world();
  const find = (apiKey: () => Promise<string>) =>
    createModelFinder(OLLAMA, link({ key: findKey("ollama", apiKey) })).find(asker());
  const hanging = rejectionOf(find(() => new Promise<string>(() => {})));
  await clock.advance(15_000);
  expect(await hanging).toMatchObject({ code: "timeout" });
  expect(await rejectionOf(find(() => Promise.reject(new Error("vault"))))).toMatchObject({ code: "missing_api_key" });
});
