import { expect, test } from "vitest";
import {
  createResilientClient,
  deepseek,
  llamaCpp,
  lmStudio,
  ollama,
  type ResilientClientError,
  vllm,
} from "../../src/index.ts";
import { createSimulator, createVirtualClock } from "../../src/testing/index.ts";
import { failure, KEY, params, timing } from "../support/busy-world.ts";
import { LOCAL_HOSTS, localWorld } from "../support/local-world.ts";
import { networkError } from "../support/wire-response.ts";

test.each(LOCAL_HOSTS)("%s answers with the model it has, and the report names it", async (name, _, model) => {
  const { ask, provider, client, chats, lists } = localWorld(name, { window: 8_192 });
  const { data, report } = await ask();
  expect(data.model).toBe(model);
  expect(report.attempts).toMatchObject([{ provider: name, model, outcome: "succeeded", status: 200 }]);
  expect(chats().map(({ body }) => body.model)).toEqual([model]);
  expect(provider.model("deepseek-flash")).toBe(model);
  expect(provider.window("deepseek-flash")).toBe(8_192);
  const again = await ask();
  expect(again.report.attempts).toMatchObject([{ model, outcome: "succeeded" }]);
  expect(lists()).toBe(2);
  expect(client.health().providers[0]?.models.map((each) => each.model)).toEqual(["deepseek-flash", model]);
});

test.each(LOCAL_HOSTS)("%s: the requested model is asked for, where the server has it", async (name) => {
  const { ask } = localWorld(name, { models: ["deepseek-r1:8b", "qwen3:8b"] });
  expect((await ask({ model: "qwen3:8b" })).data.model).toBe("qwen3:8b");
  expect((await ask()).data.model).toBe("deepseek-r1:8b");
});

test.each(LOCAL_HOSTS)(
  "%s: a loaded model answers before one that must be loaded, and never one that embeds",
  async (name) => {
    const models = ["deepseek-r1:8b", "nomic-embed-text", "qwen3:8b"];
    const { ask } = localWorld(name, { models, loaded: ["nomic-embed-text", "qwen3:8b"] });
    expect((await ask()).data.model).toBe("qwen3:8b");
  },
);

test.each(LOCAL_HOSTS)("%s loads a model that is only installed; from then on its window is known", async (name) => {
  const { ask, provider, lists } = localWorld(name, { models: ["qwen3:8b"], loaded: [], window: 4_096 });
  expect((await ask()).data.model).toBe("qwen3:8b");
  expect(provider.window("deepseek-flash")).toBeUndefined();
  await ask();
  expect(provider.window("deepseek-flash")).toBe(4_096);
  expect(lists()).toBe(4);
});

test.each([
  [
    "lmStudio",
    { loaded: [], justInTime: false },
    "LM Studio is running at http://127.0.0.1:1234, and no model is loaded: load one there, or run `lms load <model>`.",
  ],
  [
    "ollama",
    { models: ["nomic-embed-text"] },
    "Ollama is running at http://127.0.0.1:11434, and has no model: run `ollama pull deepseek-r1:8b`.",
  ],
] as const)("%s without a model says what to do, and the next provider answers", async (name, simulation, message) => {
  const { clock, simulator, client, ask } = localWorld(name, simulation);
  expect(await clock.run(failure(ask()))).toMatchObject({ code: "invalid_request", unknownModel: true, message });
  expect(simulator.requests.every(({ method }) => method === "GET")).toBe(true);
  await client.close();
  const away = createSimulator({ clock, timing });
  const fetch: typeof globalThis.fetch = (url, init) =>
    (String(url).includes("api.deepseek.com") ? away : simulator).fetch(url, init);
  const providers = [name === "lmStudio" ? lmStudio() : ollama(), deepseek({ apiKey: KEY })];
  const both = createResilientClient({ clock, fetch, providers });
  const { report } = await clock.run(both.chat.completions.create(params).withReport());
  expect(report.attempts).toMatchObject([
    { provider: name, outcome: "failed", error: { code: "invalid_request", message } },
    { provider: "deepseek", outcome: "succeeded" },
  ]);
});

test("until a model is found, events and prices go by the requested name; from then on by the model's", async () => {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, timing, dialect: "ollama" });
  const started: string[] = [];
  const priced: string[] = [];
  const price = (model: string) => {
    priced.push(model);
    return { promptUsd: 1, completionUsd: 1 };
  };
  const client = createResilientClient({
    clock,
    fetch: simulator.fetch,
    providers: [ollama({ price })],
    onEvent: (event) => event.type === "attempt-start" && started.push(event.attempt.model),
  });
  for (let turn = 0; turn < 2; turn += 1) await clock.run(client.chat.completions.create(params));
  expect(started).toEqual(["deepseek-flash", "deepseek-r1:8b"]);
  expect([...new Set(priced)]).toEqual(["deepseek-flash", "deepseek-r1:8b"]);
});

test("a model that was unloaded since is found out, and the one that is loaded now answers in the next round", async () => {
  const clock = createVirtualClock();
  const servers = ["qwen3-8b", "gemma-3-12b"].map((model) =>
    createSimulator({ clock, timing, dialect: "lmStudio", models: [model], justInTime: false }),
  );
  let turn = 0;
  const fetch: typeof globalThis.fetch = (url, init) => servers[turn]?.fetch(url, init) ?? Promise.reject(new Error());
  const client = createResilientClient({ clock, fetch, providers: [lmStudio()] });
  const ask = () => clock.run(client.chat.completions.create(params).withReport());
  expect((await ask()).data.model).toBe("qwen3-8b");
  turn = 1;
  const { data, report } = await ask();
  expect(data.model).toBe("gemma-3-12b");
  expect(report.attempts).toMatchObject([
    { model: "qwen3-8b", error: { code: "invalid_request" } },
    { model: "gemma-3-12b", outcome: "succeeded", kind: "retry" },
  ]);
});

test("a server that was started again with another model is looked at again", async () => {
  const clock = createVirtualClock();
  const [first, second] = ["qwen3:8b", "gemma3:4b"].map((model) =>
    createSimulator({ clock, timing, dialect: "ollama", models: [model] }),
  );
  let current = first;
  const refuse = () => Promise.reject(networkError("fetch failed", "connect ECONNREFUSED", "ECONNREFUSED"));
  const fetch: typeof globalThis.fetch = (url, init) => current?.fetch(url, init) ?? refuse();
  const client = createResilientClient({ clock, fetch, providers: [ollama()], retry: false });
  const ask = () => clock.run(client.chat.completions.create(params));
  expect((await ask()).model).toBe("qwen3:8b");
  current = undefined;
  expect(await failure(ask())).toMatchObject({ code: "connection", model: "qwen3:8b" });
  current = second;
  expect((await ask()).model).toBe("gemma3:4b");
});

test.each(LOCAL_HOSTS)(
  "%s that is not running is one failed attempt at once, and says what to do",
  async (name, host) => {
    const clock = createVirtualClock();
    const fetch = () =>
      Promise.reject(networkError("fetch failed", "connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED"));
    for (const options of [{}, { model: "qwen3-8b" }]) {
      const startedAt = clock.now();
      const client = createResilientClient({ clock, fetch, providers: [host(options)], retry: false });
      const error = (await clock.run(failure(client.chat.completions.create(params)))) as ResilientClientError;
      const [title, port] = name === "lmStudio" ? ["LM Studio", 1234] : ["Ollama", 11434];
      expect(error.message).toBe(
        `${title} does not answer at http://127.0.0.1:${port} (ECONNREFUSED): start its server.`,
      );
      expect(error).toMatchObject({ code: "connection", provider: name, retryable: true });
      expect(error.attempts).toHaveLength(1);
      expect(clock.now()).toBe(startedAt);
    }
  },
);

test("a list that hangs is a failed attempt in time, and an abort in it comes back as it was", async () => {
  const { clock, client } = localWorld("ollama", { faults: [{ kind: "black_hole" }] });
  const hanging = client.chat.completions.create(params, { retry: false });
  const error = (await clock.run(failure(hanging))) as ResilientClientError;
  expect(error).toMatchObject({ code: "timeout", phase: "headers" });
  expect(error.attempts).toMatchObject([{ outcome: "failed", endedMs: 15_000 }]);
  const limited = client.chat.completions.create(params, { retry: false, timeouts: { headersMs: 2_000 } });
  expect(((await clock.run(failure(limited))) as ResilientClientError).attempts).toMatchObject([{ endedMs: 2_000 }]);
  const controller = new AbortController();
  clock.after(100, () => controller.abort("enough"));
  expect(await clock.run(failure(client.chat.completions.create(params, { signal: controller.signal })))).toBe(
    "enough",
  );
});

test("calls at the same time share one look", async () => {
  const { clock, client, lists, chats } = localWorld("lmStudio");
  const calls = Array.from({ length: 5 }, () => client.chat.completions.create(params));
  const answers = await clock.run(Promise.all(calls));
  expect(new Set(answers.map(({ model }) => model))).toEqual(new Set(["deepseek-r1-0528-qwen3-8b"]));
  expect([lists(), chats().length]).toEqual([2, 5]);
});

test("the list of models is looked up as ever, without a look for one that answers", async () => {
  const { clock, client, simulator } = localWorld("lmStudio", { models: ["a", "b"] });
  const { data } = await clock.run(client.models.list());
  expect(data.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(simulator.requests.map(({ path }) => path)).toEqual(["/v1/models"]);
});

test.each([
  ["llamaCpp", llamaCpp, { id: "qwen.gguf", meta: { n_ctx: 8_192, n_ctx_train: 131_072 } }, 8_192, "llama.cpp", 8080],
  ["vllm", vllm, { id: "deepseek-ai/DeepSeek-V4-Flash", max_model_len: 65_536 }, 65_536, "vLLM", 8000],
] as const)(
  "%s serves what it was started with, by the name and window in its list",
  async (name, host, entry, window, title, port) => {
    const clock = createVirtualClock();
    const simulator = createSimulator({ clock, timing, dialect: "lmStudio" });
    const list = { data: [entry] as readonly object[] };
    const fetch: typeof globalThis.fetch = async (url, init) =>
      init?.method === "GET"
        ? Response.json(String(url).endsWith("/v1/models") ? list : {})
        : simulator.fetch(url, init);
    const provider = host();
    const client = createResilientClient({ clock, fetch, providers: [provider] });
    const { data, report } = await clock.run(client.chat.completions.create(params).withReport());
    expect([data.model, provider.window("deepseek-flash")]).toEqual([entry.id, window]);
    expect(report.attempts).toMatchObject([{ provider: name, model: entry.id, outcome: "succeeded" }]);
    list.data = [];
    const empty = createResilientClient({ clock, fetch, providers: [host()] });
    expect(await clock.run(failure(empty.chat.completions.create(params)))).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining(
        `${title} is running at http://127.0.0.1:${port}, and has no model: start it with one`,
      ) as string,
    });
  },
);

test("what fails behind the look names the model that was asked", async () => {
  const { clock, client } = localWorld("ollama", { script: ["ok", "ok", { kind: "black_hole" }] });
  const options = { retry: false, timeouts: { headersMs: 1_000 } } as const;
  expect(await clock.run(failure(client.chat.completions.create(params, options)))).toMatchObject({
    code: "timeout",
    model: "deepseek-r1:8b",
    message: "ollama (deepseek-r1:8b) sent no response within 1000 ms (timeouts.headersMs).",
  });
});

test("Ollama's own route is asked for the model that was found, too", async () => {
  const { ask, provider, simulator } = localWorld("ollama", { window: 8_192 }, {}, ollama({ route: "native" }));
  const { data, report } = await ask();
  expect([data.model, provider.window("deepseek-flash")]).toEqual(["deepseek-r1:8b", 8_192]);
  expect(report.attempts).toMatchObject([{ model: "deepseek-r1:8b", outcome: "succeeded" }]);
  expect(simulator.requests.map(({ path }) => path)).toEqual(["/api/ps", "/api/tags", "/api/chat"]);
});

test.each([
  "registry.ollama.ai/library/deepseek-r1:8b does not support tools",
  // vLLM.
  '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
])("a model that cannot do what is asked is not gone, neither forgotten nor asked again: %s", async (message) => {
  const { clock, simulator, lists } = localWorld("ollama");
  let isRefusing = false;
  const fetch: typeof globalThis.fetch = (url, init) =>
    isRefusing && init?.method === "POST"
      ? Promise.resolve(Response.json({ error: { message, type: "invalid_request_error" } }, { status: 400 }))
      : simulator.fetch(url, init);
  const client = createResilientClient({ clock, fetch, providers: [ollama()] });
  const ask = () => clock.run(client.chat.completions.create(params));
  await ask();
  isRefusing = true;
  const error = (await failure(ask())) as ResilientClientError;
  expect(error).toMatchObject({ code: "invalid_request", retryable: false });
  expect(error.attempts).toHaveLength(1);
  isRefusing = false;
  await ask();
  expect(lists()).toBe(2);
});
