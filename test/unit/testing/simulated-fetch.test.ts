import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import type { Stage } from "../../../src/testing/exchange.ts";
import { createSimulatedFetch, type IncomingRequest, type Serve } from "../../../src/testing/simulated-fetch.ts";
import { failure, readAll, turnUntil } from "./ask.ts";

const URL_ = "https://api.deepseek.com/v1/chat/completions?a=1";
const bytes = (text: string) => new TextEncoder().encode(text);

/** A fetch whose server side the test plays by hand. */
function createByHand() {
  const asked: { request: IncomingRequest; stage: Stage; signal: AbortSignal; done: () => void }[] = [];
  const serve: Serve = (request, stage, signal) =>
    new Promise((resolve) => {
      asked.push({ request, stage, signal, done: resolve });
    });
  const fetch = createSimulatedFetch(serve);
  const next = async () => {
    await turnUntil(() => asked.length > 0);
    const one = asked.shift();
    if (!one) throw new Error("nothing was asked");
    return one;
  };
  return { fetch, asked, next };
}

/** A fetch that is answered at once. */
function createInstant(...said: string[]) {
  const seen: IncomingRequest[] = [];
  const fetch = createSimulatedFetch(async (request, stage) => {
    seen.push(request);
    stage.head(200, {});
    for (const text of said) stage.write(bytes(text));
    stage.end();
  });
  return { fetch, seen };
}

test("a request is read from a URL and its init, from a Request, or from both", async () => {
  const { fetch, seen } = createInstant();
  const init = { method: "POST", headers: { "x-a": "1" }, body: "said" };
  await fetch(URL_, init);
  await fetch(new URL(URL_), init);
  const others = new Request(URL_, { ...init, method: "PUT", headers: { "x-a": "2" }, body: "else" });
  // Read to its end, which gives the request's signal back.
  for (const response of [await fetch(new Request(URL_, init)), await fetch(others, init)]) await response.text();
  for (const { method, path, headers, body } of seen) {
    expect([method, path, headers.get("x-a"), body]).toEqual(["POST", "/v1/chat/completions", "1", "said"]);
  }
  expect(seen.length).toBe(4);
  await fetch(URL_);
  expect(seen.at(-1)).toMatchObject({ method: "GET", body: "" });
});

test("a body of any form that fetch takes is read", async () => {
  const { fetch, seen } = createInstant();
  for (const body of [bytes("said"), bytes("said").buffer, new Blob(["said"]), new URLSearchParams("said")]) {
    await fetch(URL_, { method: "POST", body });
  }
  expect(seen.map(({ body }) => body)).toEqual(["said", "said", "said", "said="]);
});

test("a method in small letters is the same method, as in fetch", async () => {
  const { fetch, seen } = createInstant();
  await fetch(URL_, { method: "post", body: "said" });
  expect(seen[0]?.method).toBe("POST");
});

test("what is no URL rejects with a TypeError", async () => {
  expect(await failure(createInstant().fetch("/chat/completions"))).toBeInstanceOf(TypeError);
});

test("the response comes with the head, and gives each write on its own", async () => {
  const { fetch, next } = createByHand();
  const response = fetch(URL_);
  const { stage } = await next();
  stage.head(418, { "x-a": "1" });
  const { status, headers, body } = await response;
  expect([status, headers.get("x-a")]).toEqual([418, "1"]);
  const reader = body?.getReader();
  const first = reader?.read();
  stage.write(bytes("a"));
  stage.write(bytes("b"));
  stage.end();
  expect(await first).toEqual({ done: false, value: bytes("a") });
  expect(await reader?.read()).toEqual({ done: false, value: bytes("b") });
  expect(await reader?.read()).toEqual({ done: true, value: undefined });
});

test("a cut before the head fails as a refused connection does in Node", async () => {
  const { fetch, next } = createByHand();
  const failed = failure(fetch(URL_));
  (await next()).stage.cut();
  const error = await failed;
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ message: "fetch failed", cause: { code: "ECONNREFUSED" } });
  expect((error as Error).cause).toBeInstanceOf(Error);
});

test("a cut in the body fails as in Node, after everything written before it was read", async () => {
  const { fetch, next } = createByHand();
  const response = fetch(URL_);
  const { stage } = await next();
  stage.head(200, {});
  stage.write(bytes("a"));
  stage.write(bytes("b"));
  stage.cut();
  const { text, error } = await readAll(await response);
  expect(text).toBe("ab");
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({
    message: "terminated",
    cause: { message: "other side closed", code: "UND_ERR_SOCKET" },
  });
});

test("a signal that aborted before rejects with its reason, and nothing is asked", async () => {
  const { fetch, asked } = createByHand();
  expect(await failure(fetch(URL_, { signal: AbortSignal.abort("mine") }))).toBe("mine");
  expect(await failure(fetch(new Request(URL_, { signal: AbortSignal.abort("mine") })))).toBe("mine");
  await turnUntil(() => asked.length > 0);
  expect(asked).toEqual([]);
});

test("an abort in the very turn of the call rejects with its reason", async () => {
  for (const input of [URL_, new Request(URL_, { method: "POST", body: "said" })]) {
    const { fetch } = createInstant("a");
    const controller = new AbortController();
    const failed = failure(fetch(input, { signal: controller.signal }));
    controller.abort("mine");
    expect(await failed).toBe("mine");
  }
});

test("an abort while the head is awaited rejects with its reason, of any type, and tells the server", async () => {
  for (const [input, controller] of [
    [URL_, new AbortController()],
    [undefined, new AbortController()],
  ] as const) {
    const { fetch, next } = createByHand();
    const { signal } = controller;
    const failed = failure(input ? fetch(input, { signal }) : fetch(new Request(URL_, { signal })));
    const server = await next();
    expect(server.signal.aborted).toBe(false);
    controller.abort("mine");
    expect(await failed).toBe("mine");
    expect(server.signal.aborted).toBe(true);
  }
});

test("an abort without a reason rejects with an AbortError", async () => {
  const { fetch, next } = createByHand();
  const controller = new AbortController();
  const failed = failure(fetch(URL_, { signal: controller.signal }));
  await next();
  controller.abort();
  expect(await failed).toBe(controller.signal.reason);
  expect(controller.signal.reason).toMatchObject({ name: "AbortError" });
});

test("an abort while the body is read rejects the read with its reason, and tells the server", async () => {
  const { fetch, next } = createByHand();
  const controller = new AbortController();
  const response = fetch(URL_, { signal: controller.signal });
  const { stage, signal } = await next();
  stage.head(200, {});
  stage.write(bytes("a"));
  const reader = (await response).body?.getReader();
  expect(await reader?.read()).toEqual({ done: false, value: bytes("a") });
  const pending = failure(reader?.read() ?? Promise.resolve());
  controller.abort("mine");
  expect(await pending).toBe("mine");
  expect(signal.aborted).toBe(true);
});

// Checked with Node 24 on a real server: what was received and not yet read is lost with an abort.
test("an abort after the server has finished still ends the reading, as in Node", async () => {
  const { fetch } = createInstant("a", "b", "c");
  const controller = new AbortController();
  const response = await fetch(URL_, { signal: controller.signal });
  const reader = response.body?.getReader();
  expect(await reader?.read()).toEqual({ done: false, value: bytes("a") });
  await turnUntil(() => false);
  controller.abort("mine");
  expect(await failure(reader?.read() ?? Promise.resolve())).toBe("mine");
});

test("cancelling the body tells the server that nobody listens any more", async () => {
  const { fetch, next } = createByHand();
  const response = fetch(URL_);
  const { stage, signal } = await next();
  stage.head(200, {});
  stage.write(bytes("a"));
  await (await response).body?.cancel();
  expect(signal.aborted).toBe(true);
});

test("after a response was read no listener is left on the caller's signal", async () => {
  const { fetch } = createInstant("a");
  const { signal } = new AbortController();
  for (let calls = 0; calls < 3; calls += 1) await readAll(await fetch(URL_, { signal }));
  await turnUntil(() => getEventListeners(signal, "abort").length === 0);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("when the server's side itself fails the call rejects with that, and does not hang", async () => {
  const fetch = createSimulatedFetch(() => Promise.reject(new Error("mine")));
  let outcome: unknown = "hangs";
  void failure(fetch(URL_)).then((error) => {
    outcome = error;
  });
  await turnUntil(() => outcome !== "hangs");
  expect(outcome).toEqual(new Error("mine"));
});
