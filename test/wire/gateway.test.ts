import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ClientEvent,
  createResilientClient,
  deepseek,
  type Provider,
  type TimeoutOptions,
} from "../../src/index.ts";
import { createSimulator, type ScriptStep, type SimulatorOptions } from "../../src/testing/index.ts";
import { KEY, type Routes, routesThrough } from "../support/gateway-routes.ts";
import { cleanUp } from "../support/leaks.ts";
import { attemptsOf, expectRight, expectTrueChain, observe, READINGS } from "../support/observe-call.ts";
import { eventually, params } from "../support/raw-server.ts";
import { findGateway, type Gateway, startGateway } from "../support/start-gateway.ts";

// A gateway of somebody else's as the host: Portkey's, from npm, in front of the simulator. What it does not pass on, or
// passes on as something else, stands in the name of a test, and in docs/providers.md, "A gateway in between".

const isInstalled = findGateway();
const through = test.skipIf(!isInstalled);
let gateway: Gateway;
let ROUTES: Routes;
beforeAll(async () => {
  if (!isInstalled) return;
  gateway = await startGateway();
  ROUTES = routesThrough(gateway.url);
}, 60_000);
afterAll(() => gateway?.stop());

const routes = ["openai", "deepseek", "proxy"] as const;
const everyWay = routes.flatMap((route) => READINGS.map((reading) => [route, reading] as const));

/** A running simulator that gets these steps, closed after the test. */
async function serve(script: readonly ScriptStep[] = [], options: SimulatorOptions = {}) {
  const simulator = createSimulator({ script, ...options });
  cleanUp(() => simulator.close());
  const { url } = await simulator.listen();
  return { simulator, url };
}

/** A client of these providers, as a place to make calls in. */
function place(providers: readonly Provider[], timeouts: TimeoutOptions = {}) {
  const events: ClientEvent[] = [];
  const onEvent = (event: ClientEvent) => void events.push(event);
  const client = createResilientClient({ providers, timeouts, onEvent, retry: { backoff: () => 5, maxRounds: 3 } });
  cleanUp(async () => {
    await client.close();
    await gateway.rest();
  });
  return { client, events, clock: performance, run: <T>(promise: Promise<T>) => promise };
}

const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }] as const;
const toolCall = {
  id: "call_1",
  type: "function",
  function: { name: "weather", arguments: '{"city":"東京"}' },
} as const;

through.each(everyWay)(
  "through %s, read as %s, an answer is whole: thinking, text, usage, id",
  async (route, reading) => {
    const { simulator, url } = await serve();
    const observed = await observe(place([ROUTES[route](url)]), reading, { params });
    expectRight(observed, simulator);
    expect(observed.completion?.choices[0]?.message.reasoning_content).toBe(simulator.requests[0]?.answer?.reasoning);
    expect(observed.completion?.usage?.completion_tokens).toBe(simulator.requests[0]?.tokens);
    expect(observed.completion?.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
    expect(observed.report.attempts[0]?.requestId).toBe(simulator.requests[0]?.traceId);
  },
);

through.each(everyWay)("through %s, read as %s, a tool call is whole", async (route, reading) => {
  const { url } = await serve([], { answer: () => ({ content: "", toolCalls: [toolCall] }) });
  const { completion } = await observe(place([ROUTES[route](url)]), reading, { params: { ...params, tools } });
  expect(completion?.choices[0]?.message.tool_calls).toEqual([toolCall]);
});

const asked = { ...params, tools, reasoning_effort: "high", thinking: { type: "enabled" } } as const;
through.each([
  ["openai drops `thinking`", "openai", ["tools", "reasoning_effort"], ["thinking"]],
  [
    "deepseek drops tools, `thinking` and `reasoning_effort`",
    "deepseek",
    [],
    ["tools", "thinking", "reasoning_effort"],
  ],
  ["proxy passes on everything", "proxy", ["tools", "reasoning_effort", "thinking"], []],
] as const)("of a request, %s", async (_, route, passed, dropped) => {
  const { simulator, url } = await serve();
  await place([ROUTES[route](url)]).client.chat.completions.create(asked);
  const sent = simulator.requests[0]?.body ?? {};
  for (const field of passed) expect(sent).toHaveProperty(field);
  for (const field of dropped) expect(sent).not.toHaveProperty(field);
});

const FAILURES: readonly (readonly [ScriptStep, object])[] = [
  ["authentication", { code: "authentication", status: 401 }],
  ["insufficient_balance", { code: "insufficient_balance", status: 402 }],
  ["permission", { code: "permission", status: 403 }],
  ["content_filter", { code: "content_filter", status: 400 }],
  [
    { kind: "context_length", maxTokens: 900, requestedTokens: 1_000 },
    { code: "context_length", maxTokens: 900, requestedTokens: 1_000 },
  ],
  ["invalid_request", { code: "invalid_request", status: 400 }],
];
const failures = routes.flatMap((route) => FAILURES.map((failure) => [route, ...failure] as const));
through.each(failures)("through %s, a refusal keeps its meaning: %o", async (route, step, expected) => {
  const { simulator, url } = await serve([step]);
  const { error } = await observe(place([ROUTES[route](url)]), "text", { params });
  expect(error).toMatchObject(expected);
  // The gateway's own sentence around it is not repeated.
  expect(error?.message).not.toContain("{");
  expect(simulator.requests).toHaveLength(1);
});

const passing: readonly (readonly [ScriptStep, string])[] = [
  ["busy", "busy"],
  ["rate_limited", "rate_limited"],
  ["web_page", "busy"],
  ["plain_text", "busy"],
  // The gateway makes a 500 of a connection that failed.
  ["outage", "busy"],
];
const passingOnRoutes = routes.flatMap((route) => passing.map((failure) => [route, ...failure] as const));
through.each(passingOnRoutes)("through %s, what passes is retried: %s", async (route, step, code) => {
  const { simulator, url } = await serve([step]);
  const observed = await observe(place([ROUTES[route](url)]), "chunks", { params });
  expectRight(observed, simulator);
  expect(attemptsOf(observed)).toEqual([
    ["portkey", "first", "failed", code],
    ["portkey", "retry", "succeeded"],
  ]);
});

through.each(routes)("through %s, a wish to be left alone is obeyed", async (route) => {
  const { url } = await serve([{ kind: "busy", retryAfterMs: 60_000 }]);
  const { error } = await observe(place([ROUTES[route](url)], { startMs: 1_000 }), "create", { params });
  expect((error?.retryAt ?? 0) - Date.now()).toBeGreaterThan(50_000);
});

through.each(routes)("through %s, a wrong key and an unknown model are told as DeepSeek tells them", async (route) => {
  const { url } = await serve([], { apiKey: "sk-another" });
  const { error: refused } = await observe(place([ROUTES[route](url)]), "create", { params });
  expect(refused).toMatchObject({ code: "authentication", status: 401 });
  expect(String(refused)).not.toContain(KEY);
  const { url: other } = await serve();
  const request = { ...params, model: "deepseek-v9" };
  const { error } = await observe(place([ROUTES[route](other)]), "create", { params: request });
  expect(error).toMatchObject({ code: "invalid_request", unknownModel: true });
  expect(error?.message).toContain("deepseek-flash or deepseek-v4-pro");
});

const QUEUE = { kind: "queue", forMs: 600 } as const;
through.each(["openai", "proxy"] as const)("through %s, keep-alives come while a request is queued", async (route) => {
  const { simulator, url } = await serve([QUEUE], { timing: { keepAliveMs: 20 } });
  const observed = await observe(place([ROUTES[route](url, { keepAlives: true })], { wireMs: 300 }), "text", {
    params,
  });
  expectRight(observed, simulator);
  expect(simulator.requests).toHaveLength(1);
});

through("through deepseek, the first keep-alive ends the answer: an error, and never an empty one", async () => {
  const { url } = await serve([QUEUE, QUEUE, QUEUE], { timing: { keepAliveMs: 20 } });
  const { error, text } = await observe(place([ROUTES.deepseek(url)]), "text", { params });
  expect([error?.code, text]).toEqual(["stream_interrupted", ""]);
});

const BROKEN: readonly ScriptStep[] = ["cut", "end", "finish", "in_stream_error", { kind: "malformed", what: "event" }];
const brokenOnRoutes = routes.flatMap((route) => BROKEN.map((step) => [route, step] as const));
through.each(brokenOnRoutes)("through %s, a broken answer (%o) is never a whole one", async (route, step) => {
  const { simulator, url } = await serve([step]);
  const observed = await observe(place([ROUTES[route](url)]), "create", { params });
  expectRight(observed, simulator);
  expect(simulator.requests).toHaveLength(2);
});

through(
  "unless told to be lenient, deepseek says `stop` of an answer that broke off for lack of resources",
  async () => {
    const { simulator, url } = await serve(["finish"]);
    const { completion } = await observe(place([ROUTES.deepseek(url, { strict: true })]), "create", { params });
    expect(completion?.choices[0]?.finish_reason).toBe("stop");
    expect(simulator.isWholeAnswer(completion?.choices[0]?.message.content ?? "")).toBe(false);
  },
);

const goesOn: readonly (readonly [string, (url: string) => readonly Provider[]])[] = [
  ["proxy, by the beta's promise", (url) => [ROUTES.proxy(url)]],
  ["openai, where the host is the beta", (url) => [ROUTES.openai(`${url}/beta`, { abilities: { prefix: true } })]],
  ["openai, by another provider", (url) => [ROUTES.openai(url), deepseek({ apiKey: KEY, baseURL: url })]],
  ["deepseek, by another provider", (url) => [ROUTES.deepseek(url), deepseek({ apiKey: KEY, baseURL: url })]],
];
through.each(goesOn)("an answer that broke off in its text goes on through %s", async (_, providers) => {
  for (const reading of ["text", "chunks", "parts"] as const) {
    const { simulator, url } = await serve([{ kind: "cut", afterTokens: 60 }]);
    const observed = await observe(place(providers(url)), reading, { params });
    expectRight(observed, simulator);
    expect(observed.report.seams).toMatchObject([{ from: "portkey", how: "prefix" }]);
  }
});

through("forty calls through random trouble: each is whole, or told", async () => {
  const kinds = ["cut", "end", "busy", "finish", "in_stream_error", "web_page"] as const;
  const faults = kinds.map((kind) => ({ kind, rate: 0.07 }));
  const { simulator, url } = await serve([], { faults, seed: 9 });
  const where = place([ROUTES.proxy(url)]);
  const client = where.client.withOptions({ retry: { backoff: () => 5, maxRounds: 20 } });
  const calls = Array.from({ length: 40 }, async (_, index) => {
    if (index % 2) return (await client.chat.completions.create(params)).choices[0]?.message.content ?? "";
    return (await client.chat.completions.stream(params).finalChatCompletion()).choices[0]?.message.content ?? "";
  });
  for (const text of await Promise.all(calls)) expect(simulator.isWholeAnswer(text), text).toBe(true);
  expectTrueChain(simulator);
  expect(simulator.requests.length).toBeGreaterThan(45);
});

through.each(routes)("when the host behind %s is busy, the next provider answers at once", async (route) => {
  const { simulator: first, url } = await serve(["busy"]);
  const { simulator: second, url: other } = await serve([], { seed: 2 });
  const providers = [ROUTES[route](url), deepseek({ apiKey: KEY, baseURL: other })];
  const observed = await observe(place(providers), "text", { params });
  expectRight(observed, second);
  expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
});

/** A gateway that falls back from the first to the last of some hosts by itself. */
async function fallingBack(...steps: readonly ScriptStep[]) {
  const served = await Promise.all(
    steps.map(async (step, seed) => {
      const api_key = `sk-target-${seed}-0123456789`;
      const { simulator, url } = await serve([step], { seed, apiKey: api_key });
      return { simulator, target: { custom_host: url, api_key } };
    }),
  );
  const hosts = served.map(({ simulator }) => simulator);
  return { hosts, provider: ROUTES.fallback(served.map(({ target }) => target)) };
}

through.each(["busy", "rate_limited", "authentication", "outage"] as const)(
  "a gateway that falls back by itself (%s) is one attempt",
  async (step) => {
    const { hosts, provider } = await fallingBack(step, "ok");
    const observed = await observe(place([provider]), "chunks", { params });
    expectRight(observed, ...hosts.slice(1));
    expect(attemptsOf(observed)).toEqual([["portkey", "first", "succeeded"]]);
  },
);

through("it does not fall back once the answer has begun: the client does", async () => {
  const { hosts, provider } = await fallingBack("cut", "ok");
  expectRight(await observe(place([provider]), "create", { params }), ...hosts);
  expect(hosts.map(({ requests }) => requests.length)).toEqual([2, 0]);
});

through("when all of its targets are busy, the last one's word counts, and the client tries again", async () => {
  const { hosts, provider } = await fallingBack("rate_limited", "busy");
  const observed = await observe(place([provider]), "text", { params });
  expectRight(observed, ...hosts);
  expect(attemptsOf(observed)[0]).toEqual(["portkey", "first", "failed", "busy"]);
});

through.each(routes)(
  "%s reads an aborted answer to its end, which is paid; the caller is free at once",
  async (route) => {
    const { simulator, url } = await serve([], { timing: { tokenMs: 5 } });
    const reason = new Error("enough");
    const controller = new AbortController();
    const stream = place([ROUTES[route](url)]).client.chat.completions.stream(params, { signal: controller.signal });
    await expect(async () => {
      for await (const _ of stream) controller.abort(reason);
    }).rejects.toBe(reason);
    expect(simulator.stats.inFlight).toBe(1);
    await eventually(() => simulator.requests[0]?.outcome === "finished", "the gateway reads on");
  },
);

through.each(routes)("the list of models comes through %s", async (route) => {
  const { url } = await serve();
  const { data } = await place([ROUTES[route](url)]).client.models.list();
  expect(data.map(({ id }) => id)).toEqual(["deepseek-flash", "deepseek-v4-pro"]);
});
