import { expect, test } from "vitest";
import {
  createResilientClient,
  custom,
  deepseek,
  type LookUpOptions,
  lmStudio,
  openaiCompatible,
  openrouter,
} from "../../src/index.ts";
import type { Trouble } from "../../src/testing/index.ts";
import { addHost, createWorld, failure, KEY, params } from "../support/busy-world.ts";
import { BALANCE, LOOK_UPS, MODELS } from "../support/look-ups.ts";
import { expectClosed, primary, SECOND, second } from "../support/resume-world.ts";

test.each(LOOK_UPS)("what %s says is told as it came, with the report", async (path, value, ask) => {
  const world = createWorld();
  const { data, report } = await world.run(ask(world).withReport());
  expect(data).toEqual(value);
  expect(world.simulator.requests).toMatchObject([{ method: "GET", path, outcome: "finished" }]);
  expect(report).toMatchObject({ outcome: "succeeded", skipped: [], changes: [] });
  expect(report.attempts).toMatchObject([{ provider: "deepseek", model: `GET ${path}`, status: 200, kind: "first" }]);
  expect(report.billed).toEqual({ promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 });
  await expectClosed(world, world.simulator);
});

const PASSING: readonly Trouble[] = [
  { kind: "busy" },
  { kind: "rate_limited", retryAfterMs: 3_000 },
  { kind: "web_page" },
  { kind: "plain_text" },
  { kind: "outage" },
  { kind: "black_hole" },
  { kind: "malformed" },
  { kind: "empty", what: "newlines" },
  { kind: "in_stream_error" },
  { kind: "cut" },
  { kind: "stall" },
];

test.each(PASSING)("what passes is waited out: %j", async (trouble) => {
  for (const [path, value, ask] of LOOK_UPS) {
    const world = createWorld({ script: [trouble] });
    const { data, report } = await world.run(ask(world).withReport());
    expect(data).toEqual(value);
    expect(report.attempts.map(({ outcome, model }) => [outcome, model])).toEqual([
      [expect.stringMatching(/failed|interrupted/), `GET ${path}`],
      ["succeeded", `GET ${path}`],
    ]);
    await expectClosed(world, world.simulator);
  }
});

test.each([
  ["authentication", 401],
  ["permission", 403],
  ["insufficient_balance", 402],
] as const)("%s is told at once, and keeps no chat away", async (code, status) => {
  for (const [, , ask] of LOOK_UPS) {
    const world = createWorld({ script: [code, "ok"] });
    const error = await failure(world.run(ask(world)));
    expect(error).toMatchObject({ code, provider: "deepseek", attempts: [{ outcome: "failed" }] });
    expect(JSON.stringify([error, String(error), world.events])).not.toContain(KEY);
    // Its own circuit is open, the model's is not.
    await world.run(world.client.chat.completions.create(params));
    expect(world.simulator.requests.map(({ status }) => status)).toEqual([status, 200]);
  }
});

test("retries end with the time, with maxRounds, and with the budget", async () => {
  const busy: Trouble = { kind: "busy" };
  const short = createWorld({ faults: [busy] });
  const startedAt = short.clock.now();
  expect(await failure(short.run(short.client.balance({ timeouts: { startMs: 5_000 } })))).toMatchObject({
    code: "busy",
  });
  expect(short.clock.now() - startedAt).toBeLessThanOrEqual(5_000);
  const once = createWorld({ faults: [busy] });
  expect(await failure(once.run(once.client.models.list({ retry: false })))).toMatchObject({ code: "busy" });
  expect(once.simulator.requests.length).toBe(1);
  // Retries of all calls draw from one budget.
  const tight = { client: { retryBudget: { ratio: 0, perWindow: 1 } }, faults: [busy] };
  const shared = createWorld(tight);
  await shared.run(failure(shared.client.balance({ timeouts: { startMs: 8_000 } })));
  expect(shared.simulator.requests.length).toBe(2);
  expect(shared.client.health().retryBudget?.retries).toBe(1);
});

test("nothing of it is told of a model, of an answer, or to whoever orders by speed", async () => {
  const world = createWorld({
    script: ["busy", "ok", "busy", "ok"],
    client: { order: "fastest", providers: [primary, second] },
  });
  await world.run(world.client.models.list());
  await world.run(world.client.balance());
  const [health] = world.client.health().providers;
  expect(health).toEqual({ provider: "deepseek", inFlight: 0, succeeded: 0, failed: 0, models: [] });
});

test("a look-up that is answered at once was in no queue", async () => {
  const world = createWorld();
  await world.run(world.client.balance());
  await world.run(world.client.models.list());
  expect(world.events.map(({ type }) => type)).not.toContain("attempt-queued");
  expect(world.events.filter(({ type }) => type === "call-end")).toHaveLength(2);
});

test("a circuit that opens for look-ups keeps no chat away, and the other way round", async () => {
  const world = createWorld({ faults: [{ kind: "outage" }], client: { retry: false, breaker: { inARow: 2 } } });
  const chat = () => world.run(failure(world.client.chat.completions.create(params)));
  const balance = () => world.run(failure(world.client.balance()));
  for (const [ask, other, opened] of [
    [balance, chat, "GET /user/balance"],
    [chat, balance, "deepseek-flash"],
  ] as const) {
    for (let call = 0; call < 3; call++) await ask();
    expect(world.events.filter(({ type }) => type === "breaker").at(-1)).toMatchObject({
      model: opened,
      state: "open",
    });
    const asked = world.simulator.requests.length;
    await other();
    expect(world.simulator.requests.length).toBe(asked + 1);
    await world.clock.advance(600_000);
  }
});

test("a pause the server asked for holds for all: chat waits for what a look-up was told", async () => {
  const world = createWorld({ script: [{ kind: "rate_limited", retryAfterMs: 10_000 }] });
  await failure(world.run(world.client.balance({ retry: false })));
  const before = world.clock.now();
  await world.run(world.client.chat.completions.create(params));
  expect(world.clock.now() - before).toBeGreaterThanOrEqual(9_000);
});

test("the list is that of the first who can tell: never another one's because that one fails", async () => {
  const world = createWorld({
    faults: [{ kind: "busy" }],
    client: { providers: [custom({ name: "own", send: () => "WRONG" }), primary, second] },
  });
  const other = addHost(SECOND, { clock: world.clock });
  const call = world.client.models.list({ retry: { maxRounds: 3 } }).withReport();
  expect(await failure(world.run(call))).toMatchObject({ code: "busy", provider: "deepseek" });
  expect(world.simulator.requests.length).toBe(3);
  expect(other.requests).toEqual([]);
  const { data, report } = await world.run(world.client.models.list({ providers: ["second"] }).withReport());
  expect(data).toEqual(MODELS);
  expect(report.attempts).toMatchObject([{ provider: "second" }]);
});

test("hosts without a balance are skipped with the reason", async () => {
  const hosts = [
    openrouter({ apiKey: "sk-or-any" }),
    lmStudio({ model: "any" }),
    openaiCompatible({ name: "lab", baseURL: "https://lab.example/v1" }),
  ];
  const world = createWorld({ client: { providers: [...hosts, primary] } });
  const { data, report } = await world.run(world.client.balance().withReport());
  expect(data).toEqual(BALANCE);
  expect(report.skipped).toEqual(
    ["openrouter", "lmStudio", "lab"].map((provider) => ({ provider, reason: "endpoint" })),
  );
  const alone = createWorld({ client: { providers: hosts } });
  expect(await failure(alone.run(alone.client.balance()))).toMatchObject({
    code: "unsupported",
    message:
      "No provider can serve this request (openrouter: endpoint, lmStudio: endpoint, lab: endpoint). One that can has abilities: { balance: true }.",
  });
});

test.each([
  ["openrouter", "https://openrouter.ai", openrouter({ apiKey: "sk-or-any" }), "/api/v1/models"],
  ["lmStudio", "http://127.0.0.1:1234", lmStudio({ model: "any" }), "/v1/models"],
  [
    "openrouter",
    "https://lab.example",
    openaiCompatible({ name: "lab", baseURL: "https://lab.example/x", apiKey: "sk-lab-any" }),
    "/x/models",
  ],
  ["deepseek", "https://gate.example", deepseek({ apiKey: KEY, baseURL: "https://gate.example/v1" }), "/v1/models"],
  ["deepseek", "https://gate.example", deepseek({ apiKey: KEY, baseURL: "https://gate.example/beta" }), "/models"],
] as const)("models of %s at %s", async (dialect, origin, provider, path) => {
  const world = createWorld({ client: { providers: [provider] } });
  const host = addHost(origin, { dialect, models: ["one", "two"], clock: world.clock, apiKey: undefined });
  const { data } = await world.run(world.client.models.list());
  expect(host.requests.map((request) => [request.method, request.path])).toEqual([["GET", path]]);
  expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(["one", "two"]));
});

test("without a key it is told so, and nothing is sent", async () => {
  const world = createWorld({ client: { providers: [deepseek({ apiKey: "" })] } });
  for (const [, , ask] of LOOK_UPS)
    expect(await failure(world.run(ask(world)))).toMatchObject({ code: "missing_api_key" });
  expect(world.simulator.requests).toEqual([]);
});

test.each([0, 20, 60_000])("an abort after %d ms ends it at once, with its reason; so does close", async (ms) => {
  for (const [, , ask] of LOOK_UPS) {
    const world = createWorld({ faults: [{ kind: "black_hole" }] });
    const controller = new AbortController();
    const aborted = failure(ask(world, { signal: controller.signal }));
    const closed = failure(ask(world));
    await world.clock.advance(ms);
    controller.abort("enough");
    expect(await aborted).toBe("enough");
    await world.run(world.client.close());
    expect(await closed).toMatchObject({ code: "client_closed" });
    expect(await failure(ask(world))).toMatchObject({ code: "client_closed" });
    await expectClosed(world, world.simulator);
  }
});

test("limits of phases hold: a host that says nothing is left after headersMs", async () => {
  const world = createWorld({ script: [{ kind: "black_hole" }] });
  const { report } = await world.run(world.client.balance({ timeouts: { headersMs: 2_000 } }).withReport());
  expect(report.attempts[0]).toMatchObject({ error: { code: "timeout", phase: "headers" }, endedMs: 2_000 });
});

test("what has no meaning without an answer changes nothing", async () => {
  const never = { name: "never", isOpen: () => false, nextOpening: () => Number.POSITIVE_INFINITY };
  const world = createWorld({
    script: [{ kind: "queue", forMs: 70_000 }],
    client: {
      startWithin: never,
      context: { windowTokens: 1 },
      hedge: { afterMs: 1 },
      resume: { continueOnLength: 3 },
      order: () => [],
      wire: "json",
      allowEmpty: false,
      toolCalls: "live",
      providers: [primary, second],
    },
  });
  const { data, report } = await world.run(world.client.balance().withReport());
  expect(data).toEqual(BALANCE);
  expect(report.attempts.length).toBe(1);
});

test("wrong options reject, and say what is known", async () => {
  const { client } = createWorld();
  const wrong = { retries: 3 } as LookUpOptions;
  expect(await failure(client.balance(wrong))).toMatchObject({ code: "invalid_options" });
  expect(await failure(client.models.list({ providers: ["nobody"] }))).toMatchObject({ code: "invalid_options" });
});

test("what is looked up has the time of a stream's headers, and not that of an answer that comes whole", async () => {
  const world = createWorld({ client: { providers: [second] } });
  addHost(SECOND, { clock: world.clock, faults: [{ kind: "black_hole" }] });
  const startedAt = world.clock.now();
  const error = await world.run(failure(world.client.models.list({ retry: false })));
  expect(error).toMatchObject({ code: "timeout", phase: "headers" });
  expect(world.clock.now() - startedAt).toBe(30_000);
});

test.each([
  ["a list as it is", '[{"id":"a","context_length":5}]', [{ id: "a", object: "model", context_length: 5 }]],
  ["null for no models", '{"object":"list","data":null}', []],
])("models may come as %s", async (_, body, data) => {
  const fetch = async () => new Response(body, { headers: { "content-type": "application/json" } });
  const client = createResilientClient({ fetch, providers: [lmStudio({ model: "any" })], retry: false });
  expect(await client.models.list()).toMatchObject({ object: "list", data });
});
