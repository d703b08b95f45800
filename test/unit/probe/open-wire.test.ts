import { afterEach, expect, test, vi } from "vitest";
import { openWire } from "../../../probe/open-wire.ts";
import { betaChat, chat } from "../../../probe/probe.ts";

const KEY = "sk-probe-key-AbCdEf123456";

afterEach(() => vi.unstubAllGlobals());

function wireOf(respond: (url: string, init: RequestInit) => Response | Promise<Response>, options = {}) {
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => respond(url, init));
  const signal = new AbortController().signal;
  return openWire({ baseURL: "https://api.test", key: KEY, capUsd: 1, pauseMs: 0, signal, ...options });
}

const usage = { prompt_tokens: 1_000_000, completion_tokens: 1_000_000, prompt_cache_hit_tokens: 500_000 };
const costly = () => Response.json({ model: "deepseek-flash", choices: [], usage });

test("a question goes to its path with the key, follows no redirect, and comes back read", async () => {
  const sent: unknown[] = [];
  const wire = wireOf((url, init) => {
    sent.push([url, init.method, init.redirect, new Headers(init.headers).get("authorization")]);
    return new Response('\n\n{"choices":[]}', { headers: { "x-ds-trace-id": "ab" } });
  });
  expect(await wire.ask(betaChat({}))).toMatchObject({
    status: 200,
    json: { choices: [] },
    keepAlives: ["", ""],
    headers: { "x-ds-trace-id": "ab" },
  });
  expect(sent).toEqual([["https://api.test/beta/chat/completions", "POST", "manual", `Bearer ${KEY}`]]);
});

test("events and comments of a stream are told apart, wherever it is cut", async () => {
  const bytes = new TextEncoder().encode(': keep-alive\n\ndata: {"a":"é"}\n\ndata: [DONE]\n\n');
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const wire = wireOf(() => new Response(body, { headers: { "content-type": "text/event-stream" } }));
  expect(await wire.ask(chat({ stream: true }))).toMatchObject({
    events: [{ a: "é" }, "[DONE]"],
    keepAlives: [": keep-alive"],
    isLeft: false,
  });
});

test("a stream that goes on is left after so many events", async () => {
  let isCancelled = false;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("\ndata: {}\n")),
    cancel() {
      isCancelled = true;
    },
  });
  const wire = wireOf(() => new Response(body, { headers: { "content-type": "text/event-stream" } }));
  const answer = await wire.ask(chat({ stream: true, max_tokens: 1e6 }, { leaveAfterEvents: 5 }));
  expect(answer).toMatchObject({ isLeft: true, events: [{}, {}, {}, {}, {}] });
  expect(isCancelled).toBe(true);
  // Nobody counted: the most that it can be.
  expect(wire.spentUsd).toBeGreaterThan((1_000 * 1.2) / 1e6);
});

test("costs are counted by usage at the prices of dear hours, and the cap is not overstepped", async () => {
  const wire = wireOf(costly);
  await wire.ask(chat({}));
  expect(wire.spentUsd).toBeCloseTo(0.5 * 0.006 + 0.5 * 0.3 + 1.2, 6);
  await expect(wire.ask(chat({}))).rejects.toMatchObject({
    name: "RunEnded",
    message: "The next question could take the costs beyond $1.0000, which is the cap.",
  });
  expect(wire.answers).toHaveLength(1);
});

test.each([
  [401, "The key was refused: 401"],
  [402, "The account has no balance: 402"],
])("HTTP %d ends the run, and its words show no key", async (status, message) => {
  const wire = wireOf(() => Response.json({ error: { message: `no ${KEY}` } }, { status }));
  await expect(wire.ask(chat({}))).rejects.toMatchObject({ message: `${message} "no ***"` });
  // With a key that is wrong on purpose it is what was to be seen.
  if (status === 401) expect(await wire.ask(chat({}, { hasWrongKey: true }))).toMatchObject({ status, said: "no ***" });
  expect(wire.spentUsd).toBe(0);
});

test("a body is told in 300 characters at most, and headers without the key", async () => {
  const wire = wireOf(() => new Response("x".repeat(10_000), { status: 500, headers: { "x-echo": `for ${KEY}` } }));
  const { said, headers } = await wire.ask(chat({}));
  expect(said).toBe(`${"x".repeat(300)}…`);
  expect(headers["x-echo"]).toBe("for ***");
});

test("a failure of the network is an answer that says so; an abort ends the run with its own reason", async () => {
  const failing = wireOf(() => {
    throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
  });
  expect(await failing.ask(chat({}))).toMatchObject({ status: undefined, said: "fetch failed (ECONNREFUSED)" });
  await failing.ask(chat({}));
  await expect(failing.ask(chat({}))).rejects.toMatchObject({
    name: "RunEnded",
    message: "3 questions in a row had no answer: fetch failed (ECONNREFUSED)",
  });
  const stop = new AbortController();
  const hanging = wireOf(
    (_, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true })),
    { signal: stop.signal },
  );
  const asked = hanging.ask(chat({}));
  stop.abort("SIGINT");
  await expect(asked).rejects.toBe("SIGINT");
});
