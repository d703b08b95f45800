import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import {
  createSimulator,
  createVirtualClock,
  type SimulatedServer,
  type Simulator,
  type SimulatorOptions,
} from "../../src/testing/index.ts";
import { ask, bodyOf, chunksOf, failure, goOn, initOf, KEY, PLAIN, tell } from "../unit/testing/ask.ts";

const STREAM = { stream: true };
const open: Simulator[] = [];

/** A running simulator on the system's clock, unless the options say otherwise; closed after the test. */
async function start(options: SimulatorOptions = {}): Promise<{ simulator: Simulator; server: SimulatedServer }> {
  const simulator = createSimulator(options);
  open.push(simulator);
  return { simulator, server: await simulator.listen() };
}

const at = ({ url }: SimulatedServer, path = "/chat/completions") => ({ url: `${url}${path}` });
const through = ({ url }: SimulatedServer) => ({
  fetch: (input: unknown, init?: RequestInit) => fetch(`${url}${new URL(String(input)).pathname}`, init),
});

/** Looks again every few milliseconds, for at most two seconds. */
async function until(holds: () => boolean): Promise<void> {
  for (let looks = 0; looks < 1_000 && !holds(); looks += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(holds()).toBe(true);
}

const sockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP"));

afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
  await until(() => sockets().length === 0);
});

/** A request by node:http, which shows what fetch hides. */
function nodeRequest(server: SimulatedServer, path: string, agent: Agent, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${KEY}`, ...(body && { "content-type": "application/json" }) };
    const { hostname, port } = new URL(server.url);
    const sent = request({ hostname, port, path, method: body ? "POST" : "GET", headers, agent }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

test("it listens on loopback, on a port the system chose, and each call of listen opens another", async () => {
  const { simulator, server } = await start();
  const other = await simulator.listen();
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  expect(other.url).not.toBe(server.url);
  await ask(globalThis, {}, at(server));
  await ask(globalThis, {}, at(other, "/v1/chat/completions"));
  expect(simulator.requests.map(({ path }) => path)).toEqual(["/chat/completions", "/v1/chat/completions"]);
});

test("over HTTP come the same bytes, status and headers as in memory", async () => {
  const options = { script: ["ok", "ok", "busy", "ok"] } as const;
  const { server } = await start({ ...options, clock: createVirtualClock() });
  const inMemory = createSimulator({ ...options, clock: createVirtualClock() });
  for (const body of [STREAM, PLAIN, STREAM, { model: "x" }]) {
    const [served, wanted] = [await ask(globalThis, body, at(server)), await ask(inMemory, body)];
    expect([served.status, served.text]).toEqual([wanted.status, wanted.text]);
    for (const name of ["content-type", "x-ds-trace-id", "server", "cache-control"]) {
      expect(served.headers.get(name)).toBe(wanted.headers.get(name));
    }
    expect(served.headers.get("transfer-encoding")).toBe("chunked");
  }
});

test("the list of models, a wrong key and an unknown path are answered as the API does", async () => {
  const { server } = await start({ apiKey: KEY });
  const get = (path: string, key = KEY) =>
    fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  expect(await (await get("/models")).json()).toMatchObject({ object: "list" });
  const refused = await get("/models", "sk-other");
  expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining("****ther is invalid")]);
  const lost = await get("/nowhere?a=1");
  expect([lost.status, await lost.text()]).toEqual([404, "404 page not found"]);
});

test("a request of any size arrives whole, also when its characters are split between packets", async () => {
  const { simulator, server } = await start();
  const body = JSON.stringify(bodyOf({ messages: [{ role: "user", content: "服务器繁忙 👩🏽‍🚀" }] }));
  const bytes = Buffer.from(body);
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  socket.write(`POST /chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${KEY}\r\n`);
  socket.write(`content-length: ${bytes.length}\r\nconnection: close\r\n\r\n`);
  for (const byte of bytes) {
    socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const received: Buffer[] = [];
  for await (const part of socket) received.push(part as Buffer);
  expect(Buffer.concat(received).toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(simulator.requests[0]?.body).toEqual(JSON.parse(body));
  const content = "a".repeat(1_000_000);
  await ask(globalThis, { messages: [{ role: "user", content }] }, at(server));
  expect(simulator.requests[1]?.body).toEqual(bodyOf({ messages: [{ role: "user", content }] }));
});

test("a streamed answer arrives token by token, not all at once", async () => {
  const { server } = await start({ timing: { tokenMs: 5 }, answer: () => "a b c d e f" });
  const response = await fetch(at(server).url, initOf({ ...STREAM, ...PLAIN }));
  const times: number[] = [];
  let text = "";
  for await (const bytes of response.body ?? []) {
    times.push(systemClock.now());
    text += new TextDecoder().decode(bytes);
  }
  expect(chunksOf(text).length).toBe(8);
  expect(new Set(times).size).toBeGreaterThanOrEqual(4);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(20);
});

test("the head goes out before the first word is said", async () => {
  const { server } = await start({ script: [{ kind: "stall", afterTokens: 0 }] });
  const controller = new AbortController();
  const { status, headers } = await fetch(at(server).url, initOf(STREAM, controller.signal));
  expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  controller.abort();
});

test("all that was written before a cut arrives, and then fetch fails as it does in memory", async () => {
  for (const step of ["cut", { kind: "cut", afterTokens: 7 }, { kind: "cut", afterBytes: 4_321 }] as const) {
    const { simulator, server } = await start({ script: [step], clock: createVirtualClock() });
    const inMemory = await ask(createSimulator({ script: [step], clock: createVirtualClock() }), STREAM);
    const { bytes, error } = await ask(globalThis, STREAM, at(server));
    expect(bytes).toEqual(inMemory.bytes);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: "terminated", cause: { code: "UND_ERR_SOCKET" } });
    const [{ message, cause }, { message: same, cause: like }] = [error as Error, inMemory.error as Error];
    expect([same, (like as Error).message]).toEqual([message, (cause as Error).message]);
    expect(simulator.requests[0]?.outcome).toBe("cut");
  }
});

test("a cut inside a character leaves its first bytes", async () => {
  const options = { answer: () => "繁忙", clock: createVirtualClock() };
  const calm = await ask(createSimulator(options), { ...STREAM, ...PLAIN });
  const afterBytes = calm.bytes.findIndex((byte) => (byte & 0xc0) === 0x80);
  const { server } = await start({ ...options, script: [{ kind: "cut", afterBytes }] });
  const { bytes, text } = await ask(globalThis, { ...STREAM, ...PLAIN }, at(server));
  expect(bytes.length).toBe(afterBytes);
  expect(text.endsWith("\ufffd")).toBe(true);
});

test("a cut answer goes on as a prefix, also at another server of the same simulator", async () => {
  const { simulator, server } = await start({ script: [{ kind: "cut", afterTokens: 9 }] });
  const { content } = await tell(through(server), PLAIN);
  const rest = await goOn(through(await simulator.listen()), { content }, PLAIN);
  expect(simulator.isWholeAnswer(content + rest.content)).toBe(true);
});

test("an outage is a connection without an answer", async () => {
  const { simulator, server } = await start({ script: ["outage", "ok"] });
  const error = await failure(ask(globalThis, STREAM, at(server)));
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({
    message: "fetch failed",
    cause: { code: expect.stringMatching(/^(?:UND_ERR|ECONN)/) },
  });
  expect((await ask(globalThis, STREAM, at(server))).status).toBe(200);
  expect(simulator.requests.map(({ outcome }) => outcome)).toEqual(["cut", "finished"]);
});

test("keep-alives reach a queued client while it waits, and a queue too long ends cleanly without an answer", async () => {
  const clock = createVirtualClock();
  const script = [
    { kind: "queue", forMs: 30_000 },
    { kind: "queue", forMs: 700_000 },
  ] as const;
  const { server } = await start({ clock, script });
  const first = await clock.run(ask(globalThis, STREAM, at(server)));
  expect(first.text.startsWith(`${": keep-alive\n\n".repeat(3)}data: {`)).toBe(true);
  const second = await clock.run(ask(globalThis, {}, at(server)));
  expect([second.status, second.text, second.error]).toEqual([200, "\n".repeat(50), undefined]);
});

test("a client that leaves a stall, a black hole or a running answer is noticed", async () => {
  for (const step of [{ kind: "stall", afterTokens: 2 }, "black_hole", "ok"] as const) {
    const { simulator, server } = await start({ script: [step], timing: { tokenMs: 3 }, answerTokens: 1_500 });
    const controller = new AbortController();
    const failed = failure(
      ask(globalThis, STREAM, { ...at(server), signal: controller.signal }).then(({ error }) => Promise.reject(error)),
    );
    await until(() => simulator.stats.inFlight === 1 && (step === "black_hole" || simulator.stats.tokensMade >= 2));
    controller.abort("enough");
    expect(await failed).toBe("enough");
    await until(() => simulator.stats.inFlight === 0);
    expect(simulator.requests[0]?.outcome).toBe("left");
    expect(simulator.stats.tokensWasted).toBe(simulator.stats.tokensMade);
  }
});

test("a connection is kept and serves the next request, also after a refusal", async () => {
  const { server } = await start({ script: ["busy"] });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  for (const wanted of [503, 200, 200]) {
    const response = await nodeRequest(server, "/chat/completions", agent, JSON.stringify(bodyOf()));
    ports.add(response.socket.localPort);
    expect(response.statusCode).toBe(wanted);
    for await (const _ of response);
  }
  expect(ports.size).toBe(1);
  agent.destroy();
});

test("a client that leaves while it sends does no harm", async () => {
  const { simulator, server } = await start();
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write("POST /chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{");
  await new Promise((resolve) => setTimeout(resolve, 5));
  socket.resetAndDestroy();
  expect((await ask(globalThis, {}, at(server))).status).toBe(200);
  expect(simulator.requests.length).toBe(1);
});

test("a hint as a date comes with the server's own date, not Node's", async () => {
  const clock = createVirtualClock(0);
  const { server } = await start({ clock, script: [{ kind: "busy", retryAfterMs: 2_500, form: "date" }] });
  const { headers } = await ask(globalThis, {}, at(server));
  expect(headers.get("date")).toBe("Thu, 01 Jan 1970 00:00:00 GMT");
  expect(headers.get("retry-after")).toBe("Thu, 01 Jan 1970 00:00:03 GMT");
});

test("closing ends open connections at once, frees the port, and may be done twice", async () => {
  const { simulator, server } = await start({ script: ["black_hole", { kind: "stall", afterTokens: 1 }] });
  const [hole, stalled] = [failure(ask(globalThis, STREAM, at(server))), ask(globalThis, STREAM, at(server))];
  await until(() => simulator.stats.inFlight === 2 && simulator.stats.tokensMade === 1);
  await server.close();
  expect(await hole).toMatchObject({ message: "fetch failed" });
  expect((await stalled).error).toMatchObject({ message: "terminated" });
  await until(() => simulator.stats.inFlight === 0 && sockets().length === 0);
  expect(await failure(ask(globalThis, {}, at(server)))).toMatchObject({ cause: { code: "ECONNREFUSED" } });
  await server.close();
  await simulator.close();
});

test("disposing of a simulator closes all its servers", async () => {
  const urls: string[] = [];
  {
    await using simulator = createSimulator();
    urls.push((await simulator.listen()).url, (await simulator.listen()).url);
    for (const url of urls) expect((await ask(globalThis, {}, { url: `${url}/chat/completions` })).status).toBe(200);
  }
  await until(() => sockets().length === 0);
  for (const url of urls) {
    const error = await failure(ask(globalThis, {}, { url: `${url}/chat/completions` }));
    expect(error).toMatchObject({ cause: { code: "ECONNREFUSED" } });
  }
});

test("a path that is no path is answered, and does not crash the server", { timeout: 1_000 }, async () => {
  const { server } = await start();
  const response = await nodeRequest(server, "//", new Agent());
  expect(response.statusCode).toBe(404);
  for await (const _ of response);
});
