import { getResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createSimulator, createVirtualClock, type SimulatorOptions } from "../../../src/testing/index.ts";
import { exemptResource, MSW_SOCKETS } from "../../support/leaks.ts";
import { ask, BASE, failure, initOf, readAll, tell, turnUntil } from "./ask.ts";

const STREAM = { stream: true };
// Unit tests may connect to loopback only. Nothing listens here: msw answers before a connection is made.
const HOST = "http://localhost:61001";
const OTHER_HOST = "http://localhost:61002";
const CHAT = { url: `${HOST}/chat/completions` };
const toHost = { fetch: (_: unknown, init?: RequestInit) => fetch(CHAT.url, init) };

exemptResource("TCPSocketWrap", MSW_SOCKETS);
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

function serve(options: SimulatorOptions = {}, baseURL = HOST) {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, ...options });
  server.use(...simulator.handlers(http, baseURL));
  return { clock, simulator };
}

test("a global fetch is answered, byte for byte as in memory", async () => {
  const simulator = createSimulator({ clock: createVirtualClock() });
  serve();
  for (const body of [STREAM, {}]) {
    const [served, inMemory] = [await ask(globalThis, body, CHAT), await ask(simulator, body)];
    expect(served.text).toBe(inMemory.text);
    expect(served.headers.get("x-ds-trace-id")).toBe(inMemory.headers.get("x-ds-trace-id"));
  }
});

test("DeepSeek itself is the base address unless another is given, and no other host is touched", async () => {
  const simulator = createSimulator({ clock: createVirtualClock() });
  const handlers = simulator.handlers(http);
  for (const path of ["/chat/completions", "/v1/chat/completions", "/beta/chat/completions"]) {
    const response = await getResponse(handlers, new Request(`${BASE}${path}`, initOf()));
    expect(response?.status).toBe(200);
    await response?.text();
  }
  expect(await getResponse(handlers, new Request("https://other.example/chat/completions", initOf()))).toBeUndefined();
  expect(simulator.requests.length).toBe(3);
});

test("a base address that ends in /v1 can be served, and the requests are recorded", async () => {
  const { simulator } = serve({}, `${HOST}/v1`);
  const { status } = await ask(globalThis, {}, { url: `${HOST}/v1/chat/completions` });
  expect(status).toBe(200);
  expect(simulator.requests.map(({ path }) => path)).toEqual(["/v1/chat/completions"]);
});

test("a base address with a path of its own can be served, as OpenRouter's has", async () => {
  const simulator = createSimulator({ clock: createVirtualClock() });
  const baseURL = "https://openrouter.ai/api/v1";
  const request = new Request(`${baseURL}/chat/completions`, initOf());
  const response = await getResponse(simulator.handlers(http, baseURL), request);
  expect(response?.status).toBe(200);
  await response?.text();
});

test("two simulators can stand for two hosts", async () => {
  const [one, other] = [serve(), serve({ seed: 2 }, OTHER_HOST)];
  await ask(globalThis, {}, CHAT);
  const { text } = await ask(globalThis, STREAM, { url: `${OTHER_HOST}/v1/chat/completions` });
  expect([one.simulator.requests.length, other.simulator.requests.length]).toEqual([1, 1]);
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("a busy answer passes with its status, words and hint", async () => {
  serve({ script: [{ kind: "busy", retryAfterMs: 3_000 }] });
  const { status, headers, text } = await ask(globalThis, {}, CHAT);
  expect([status, headers.get("retry-after")]).toEqual([503, "3"]);
  expect(text).toContain("Service is too busy");
});

test("an outage is a failed connection, and no response with a status", async () => {
  const { simulator } = serve({ script: ["outage"] });
  const error = await failure(ask(globalThis, {}, CHAT));
  expect(error).toBeInstanceOf(TypeError);
  expect(simulator.requests[0]?.outcome).toBe("cut");
});

// A body without content-length or transfer-encoding may end by closing: msw then shows a broken body as a whole one.
test("a cut breaks the body, and does not look like its end", async () => {
  for (const body of [STREAM, {}]) {
    serve({ script: ["cut"] });
    const { bytes, error } = await ask(globalThis, body, CHAT);
    expect(bytes.length).toBeGreaterThan(0);
    expect(error).toMatchObject({ name: "TypeError", message: "terminated" });
  }
});

test("a queue that the server ends looks like a clean end, and not like a break", async () => {
  const { clock } = serve({ script: [{ kind: "queue", forMs: 700_000 }], timing: { keepAliveMs: 200_000 } });
  const { text, error } = await clock.run(ask(globalThis, STREAM, CHAT));
  expect([text, error]).toEqual([": keep-alive\n\n".repeat(3), undefined]);
});

test("a client that aborts in the middle is counted as left", async () => {
  const { clock, simulator } = serve({ timing: { tokenMs: 25 } });
  const controller = new AbortController();
  const response = await clock.run(fetch(CHAT.url, initOf(STREAM, controller.signal)));
  const reader = response.body?.getReader();
  await reader?.read();
  controller.abort("enough");
  expect(await failure(reader?.read() ?? Promise.resolve())).toBe("enough");
  await turnUntil(() => simulator.stats.inFlight === 0);
  expect(simulator.requests[0]?.outcome).toBe("left");
  expect(clock.pending).toBe(0);
});

test("a client that gives up on a black hole is counted as left", async () => {
  const { simulator } = serve({ script: ["black_hole"] });
  const controller = new AbortController();
  const failed = failure(ask(globalThis, STREAM, { ...CHAT, signal: controller.signal }));
  await turnUntil(() => simulator.stats.inFlight === 1);
  controller.abort("enough");
  expect(await failed).toBe("enough");
  await turnUntil(() => simulator.stats.inFlight === 0);
  expect(simulator.requests[0]?.outcome).toBe("left");
});

test("answers that come through msw are whole ones", async () => {
  const { simulator } = serve();
  const { content } = await tell(toHost);
  expect(simulator.isWholeAnswer(content)).toBe(true);
  const { text } = await readAll(await toHost.fetch(undefined, initOf()));
  expect(JSON.parse(text)).toMatchObject({ object: "chat.completion" });
});
