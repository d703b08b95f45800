import { expect, test } from "vitest";
import { ConnectionError, TimeoutError } from "../../../src/error-family.ts";
import { connectionError, sendRequest, type WireRequest } from "../../../src/transport/send-request.ts";
import { ABORT_REASONS, isPending, listenersOn, rejectionOf } from "../../support/abort-reasons.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { fetchThat, HANG, makeBody, makeResponse, networkError } from "../../support/wire-response.ts";

const host = {
  url: "https://api.deepseek.test/chat/completions",
  provider: "deepseek",
  model: "deepseek-flash",
  secrets: [SECRET],
};

function requestBy(fetch: typeof globalThis.fetch, overrides: Partial<WireRequest> = {}): WireRequest {
  const headers = {
    authorization: `Bearer ${SECRET}`,
    "content-type": "application/json",
    accept: "text/event-stream",
  };
  return { ...host, headers, body: '{"a":"深"}', signal: new AbortController().signal, fetch, ...overrides };
}

test("one POST goes out as it was given, and nothing is added to its body", async () => {
  const { fetch, requests } = fetchThat(() => makeResponse(["x"]));
  const { signal } = new AbortController();
  await sendRequest(requestBy(fetch, { signal }));
  expect(requests).toHaveLength(1);
  const [sent] = requests;
  expect(sent).toMatchObject({ url: "https://api.deepseek.test/chat/completions", body: '{"a":"深"}' });
  expect(Object.fromEntries(sent?.headers ?? [])).toEqual({
    authorization: `Bearer ${SECRET}`,
    "content-type": "application/json",
    accept: "text/event-stream",
  });
  expect(sent?.init).toMatchObject({ method: "POST", redirect: "manual", timeout: false });
});

test("fetch is given the very body and signal, because an abort is lost through a Request", async () => {
  const { fetch, requests } = fetchThat(() => makeResponse(["x"]));
  const request = requestBy(fetch);
  await sendRequest(request);
  expect(requests[0]?.init.signal).toBe(request.signal);
  expect(requests[0]?.init.body).toBe(request.body);
  expect(listenersOn(request.signal)).toBe(0);
});

test.each([200, 204, 400, 401, 429, 500, 503, 599])(
  "a response %i is handed on, unread and unrepeated",
  async (status) => {
    const body = makeBody(["x"]);
    const response = new Response(status === 204 ? null : body.stream, { status, headers: { "retry-after": "1" } });
    const { fetch, requests } = fetchThat(() => response);
    expect(await sendRequest(requestBy(fetch))).toBe(response);
    expect(requests).toHaveLength(1);
    expect(body).toMatchObject({ reads: 0, isCancelled: false });
  },
);

test.each([301, 302, 303, 307, 308])("a redirect %i is refused, and its body closed", async (status) => {
  const body = makeBody([HANG]);
  const headers = { location: `https://evil.test/?key=${SECRET}` };
  const { fetch, requests } = fetchThat(() => new Response(body.stream, { status, headers }));
  const error = await rejectionOf(sendRequest(requestBy(fetch)));
  expect(error).toMatchObject({
    code: "unexpected_response",
    provider: "deepseek",
    model: "deepseek-flash",
    status,
    message: "deepseek at api.deepseek.test redirects elsewhere. Redirects are never followed; correct the base URL.",
  });
  expect(requests).toHaveLength(1);
  expect(body.isCancelled).toBe(true);
  expect(everythingSaidBy(error)).not.toContain(SECRET);
});

test("a redirect as browsers hide it is refused too", async () => {
  const hidden = Object.defineProperty(new Response(null), "type", { value: "opaqueredirect" });
  Object.defineProperty(hidden, "status", { value: 0 });
  const error = await rejectionOf(sendRequest(requestBy(fetchThat(() => hidden).fetch)));
  expect(error).toMatchObject({ code: "unexpected_response" });
  expect(error).not.toHaveProperty("status");
});

test.each([
  ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:443", "Nothing accepts connections there"],
  ["ECONNRESET", "read ECONNRESET", "The connection was reset"],
  ["ENOTFOUND", "getaddrinfo ENOTFOUND api.deepseek.test", "The host name could not be resolved"],
  ["EAI_AGAIN", "getaddrinfo EAI_AGAIN api.deepseek.test", "The host name could not be resolved"],
  ["ETIMEDOUT", "connect ETIMEDOUT", "The host did not answer"],
  ["UND_ERR_CONNECT_TIMEOUT", "Connect Timeout Error", "The host did not answer"],
  ["UND_ERR_SOCKET", "other side closed", "The server closed the connection"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate", "The TLS handshake failed"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "Hostname does not match", "The TLS handshake failed"],
  ["EPROTO", "SSL routines:wrong version number", ""],
])("a failed connection is told with its code and a remedy: %s", async (code, reason, remedy) => {
  const { fetch } = fetchThat(() => Promise.reject(networkError("fetch failed", reason, code)));
  const error = await rejectionOf(sendRequest(requestBy(fetch)));
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({
    code: "connection",
    retryable: true,
    provider: "deepseek",
    model: "deepseek-flash",
    cause: { message: reason, code },
  });
  const { message } = error as Error;
  expect(message.startsWith(`Could not reach deepseek at api.deepseek.test (${code}). ${remedy}`.trim())).toBe(true);
});

test("a failed connection is not tried again here", async () => {
  const { fetch, requests } = fetchThat(() => Promise.reject(networkError("fetch failed", "x", "ECONNRESET")));
  await rejectionOf(sendRequest(requestBy(fetch)));
  expect(requests).toHaveLength(1);
});

// https://fetch.spec.whatwg.org/#port-blocking; 6000 is X11's.
test("a port that fetch never connects to is a mistake in the options: asking again cannot help", async () => {
  const url = "http://127.0.0.1:6000/v1/chat/completions";
  const error = await rejectionOf(sendRequest(requestBy(globalThis.fetch, { url })));
  expect(error).toMatchObject({ code: "invalid_options", retryable: false, provider: "deepseek" });
  expect((error as Error).message).toBe(
    "deepseek: fetch refuses to connect to port 6000, which stands in the base URL (127.0.0.1:6000). Use another port.",
  );
});

test("a base URL without a port is not blamed for one", () => {
  const thrown = new TypeError("fetch failed", { cause: new Error("bad port") });
  expect(connectionError(thrown, host)).toBeInstanceOf(ConnectionError);
});

test("an AggregateError of all addresses tried is told by its code", async () => {
  const refused = (address: string) =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}:443`), { code: "ECONNREFUSED" });
  const all = Object.assign(new AggregateError([refused("::1"), refused("127.0.0.1")]), { code: "ECONNREFUSED" });
  const error = connectionError(new TypeError("fetch failed", { cause: all }), host);
  expect(error.message).toContain("(ECONNREFUSED). Nothing accepts connections there");
  expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
});

test("the innermost cause speaks", () => {
  const inner = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  const outer = new TypeError("fetch failed", { cause: new Error("proxy", { cause: inner }) });
  expect(connectionError(outer, host)).toMatchObject({ cause: { message: "read ECONNRESET", code: "ECONNRESET" } });
});

test("causes that turn in a circle come to an end", () => {
  const circle = new Error("round and round");
  circle.cause = circle;
  expect(connectionError(circle, host).message).toBe(
    "Could not reach deepseek at api.deepseek.test (round and round).",
  );
});

test.each([
  ["a string", "offline", "offline"],
  ["nothing", undefined, "undefined"],
  ["an object", { message: "odd" }, "odd"],
  ["a number as code", Object.assign(new Error("gone"), { code: 17 }), "gone"],
  ["a message of many lines", new Error("a\n\nb"), "a b"],
])("%s thrown by fetch is a failed connection", async (_, thrown, said) => {
  const { fetch } = fetchThat(() => Promise.reject(thrown));
  expect(await rejectionOf(sendRequest(requestBy(fetch)))).toMatchObject({
    code: "connection",
    message: `Could not reach deepseek at api.deepseek.test (${said}).`,
  });
});

test.each(["constructor", "__proto__", "toString"])(
  "a code named like a property of every object has no remedy: %s",
  (code) => {
    const { message } = connectionError(Object.assign(new Error("x"), { code }), host);
    expect(message).not.toMatch(/native code|\[object/);
  },
);

test("an object that cannot be written as text is a failed connection too", () => {
  expect(connectionError(Object.create(null), host)).toBeInstanceOf(ConnectionError);
});

test("Node's own limit is named for what it is", async () => {
  const limit = networkError("fetch failed", "Headers Timeout Error", "UND_ERR_HEADERS_TIMEOUT");
  const { fetch } = fetchThat(() => Promise.reject(limit));
  const error = await rejectionOf(sendRequest(requestBy(fetch)));
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ code: "timeout", phase: "headers", retryable: true });
  expect(String(error)).toContain("Node's own limit of 300 s ended the request to deepseek.");
});

test.each(ABORT_REASONS)("the caller's reason to abort comes back unchanged: %s", async (_, reason) => {
  const controller = new AbortController();
  const { signal } = controller;
  const { fetch } = fetchThat(
    (given) =>
      new Promise((_resolve, reject) => {
        // What Node's fetch rejects with is the signal's reason, but not every fetch does so.
        given?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")), { once: true });
      }),
  );
  const sending = sendRequest(requestBy(fetch, { signal }));
  expect(await isPending(sending)).toBe(true);
  controller.abort(reason);
  expect(await rejectionOf(sending)).toBe(signal.reason);
  expect(listenersOn(signal)).toBe(0);
});

test.each(ABORT_REASONS)("nothing is sent after an abort: %s", async (_, reason) => {
  const controller = new AbortController();
  controller.abort(reason);
  const { fetch, requests } = fetchThat(() => makeResponse([]));
  expect(await rejectionOf(sendRequest(requestBy(fetch, { signal: controller.signal })))).toBe(
    controller.signal.reason,
  );
  expect(requests).toEqual([]);
});

test("no error holds the key, wherever fetch has put it", async () => {
  const request = new Request(host.url, { headers: { authorization: `Bearer ${SECRET}` } });
  const inner = Object.assign(new Error(`bad header: Bearer ${SECRET}`), { request, code: "UND_ERR_INVALID_ARG" });
  for (const thrown of [
    new TypeError(`Headers.append: "Bearer ${SECRET}" is an invalid header value.`),
    Object.assign(new TypeError("fetch failed", { cause: inner }), { request, config: { headers: SECRET } }),
    new AggregateError([inner], `all failed with ${SECRET}`),
    `key ${SECRET}`,
    { message: `key ${SECRET}`, secret: SECRET },
  ]) {
    const { fetch } = fetchThat(() => Promise.reject(thrown));
    expect(everythingSaidBy(await rejectionOf(sendRequest(requestBy(fetch))))).not.toContain(SECRET);
  }
});

test("a key that no header can hold is in no error", async () => {
  const key = `${SECRET}\n深`;
  const request = requestBy(fetchThat(() => makeResponse([])).fetch, {
    headers: { authorization: `Bearer ${key}` },
    secrets: [key],
  });
  const error = await rejectionOf(sendRequest(request));
  expect(error).toBeInstanceOf(ConnectionError);
  expect(everythingSaidBy(error)).not.toContain(SECRET);
});

test("a code that is no code does not get into an error", () => {
  const error = connectionError(Object.assign(new Error("x"), { code: `bad key ${SECRET}` }), host);
  expect(everythingSaidBy(error)).not.toContain(SECRET);
});
