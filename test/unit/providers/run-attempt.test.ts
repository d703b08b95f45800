import { expect, test } from "vitest";
import type { AttemptCall } from "../../../src/call.ts";
import { createRunAttempt, type Host } from "../../../src/providers/run-attempt.ts";
import { createDecoder } from "../../../src/providers/wire-format.ts";
import { isPending, listenersOn, rejectionOf } from "../../support/abort-reasons.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { drain, textOf, watchAttempt } from "../../support/watched-attempt.ts";
import {
  DONE,
  fetchThat,
  HANG,
  makeBody,
  makeChunk,
  makeCompletion,
  makeEvent,
  makeResponse,
  type Piece,
} from "../../support/wire-response.ts";

const lab: Host = {
  name: "lab",
  url: () => "https://lab.test/v1/chat/completions",
  key: () => SECRET,
  headers: { "x-title": "host", "x-host": "host" },
  asksForUsage: true,
  onRefused() {},
  requestIdHeader: "x-trace",
  createDecoder: (_, context) => createDecoder(context),
  encode: ({ request }) => request,
};
const hi = makeEvent(makeChunk({ content: "Hi" }));
const stop = makeEvent(makeChunk({ content: "" }, "stop", { usage: { prompt_tokens: 1, completion_tokens: 2 } }));
const busy = JSON.stringify({ error: { message: "Service is too busy", type: "service_unavailable_error" } });

function run(
  response: () => Response | Promise<Response>,
  overrides: Partial<AttemptCall> = {},
  host: Partial<Host> = {},
) {
  const server = fetchThat(response);
  const attempt = watchAttempt({ fetch: server.fetch, provider: "lab", model: "own", ...overrides });
  return { attempt, requests: server.requests, opening: createRunAttempt({ ...lab, ...host })(attempt.call) };
}

/** The error of an attempt that is answered like this. */
function failureOf(pieces: readonly Piece[], status: number, headers: HeadersInit = {}, overrides = {}) {
  const { opening, attempt } = run(() => makeResponse(pieces, status, headers), overrides);
  return rejectionOf(attempt.clock.run(opening.then(drain)));
}

test("a streamed answer comes as chunks, and its end gives everything back", async () => {
  const { opening, attempt, requests } = run(() =>
    makeResponse([": keep-alive\n\n", hi, stop, DONE], 200, { "content-type": "text/event-stream", "x-trace": "t1" }),
  );
  const reply = await opening;
  expect(reply).toMatchObject({ provider: "lab", model: "own" });
  const chunks = await drain(reply);
  expect(textOf(chunks)).toBe("Hi");
  expect(await reply.closed).toMatchObject({ outcome: "succeeded", tokens: { promptTokens: 1, completionTokens: 2 } });
  expect(attempt.responses).toEqual([{ status: 200, requestId: "t1" }]);
  expect(attempt.told).toEqual(["headers", "queued", "content", "head", "attempt head", "finish"]);
  expect(attempt.clock.pending).toBe(0);
  expect(listenersOn(attempt.call.signal)).toBe(0);
  expect(requests).toHaveLength(1);
});

test("the request says what is wanted, and the client's own headers win", async () => {
  const headers = { "x-title": "caller", authorization: "Bearer other", accept: "x", "content-type": "x" };
  const { opening, requests } = run(() => makeResponse([hi, stop, DONE]), { headers });
  await drain(await opening);
  const [sent] = requests;
  expect(sent?.url).toBe("https://lab.test/v1/chat/completions");
  expect(Object.fromEntries(sent?.headers ?? [])).toEqual({
    "x-title": "caller",
    "x-host": "host",
    authorization: `Bearer ${SECRET}`,
    accept: "text/event-stream",
    "content-type": "application/json",
  });
  expect(JSON.parse(sent?.body ?? "")).toEqual({
    model: "own",
    messages: [{ role: "user", content: "hi" }],
    stream: true,
    stream_options: { include_usage: true },
  });
});

test("one JSON body after the blank lines of a queue is an answer", async () => {
  const body = `${JSON.stringify(makeCompletion({ content: "Hi" }))}\n`;
  const { opening, requests, attempt } = run(() => makeResponse(["\n", "\n\n", body], 200, {}), { wire: "json" });
  expect(textOf(await drain(await opening))).toBe("Hi");
  expect(requests[0]?.headers.get("accept")).toBe("application/json");
  expect(JSON.parse(requests[0]?.body ?? "")).toMatchObject({ stream: false });
  expect(attempt.told.slice(0, 3)).toEqual(["headers", "queued", "queued"]);
});

test("a host that answers JSON although a stream was asked for has answered", async () => {
  const headers = { "content-type": "Application/JSON; charset=utf-8" };
  const { opening } = run(() => makeResponse([JSON.stringify(makeCompletion({ content: "Hi" }))], 200, headers));
  expect(textOf(await drain(await opening))).toBe("Hi");
});

test.each([
  ["JSON", "application/json", busy],
  ["JSON under application/octet-stream", "application/octet-stream", busy],
  ["JSON under no content type", "", busy],
  ["a web page", "text/html", "<html><title>Just a moment</title></html>"],
])("HTTP 200 with %s instead of a stream is a busy server", async (_, type, body) => {
  expect(await failureOf([body], 200, { "content-type": type })).toMatchObject({ code: "busy" });
});

test.each(["application/octet-stream", "text/plain", ""])(
  "a stream under the content type %o is a stream",
  async (type) => {
    const { opening } = run(() => makeResponse([":\n\n", hi, stop, DONE], 200, { "content-type": type }));
    expect(textOf(await drain(await opening))).toBe("Hi");
  },
);

test.each([
  ["no body", [], "stream_interrupted"],
  ["only keep-alives", [": keep-alive\n\n"], "stream_interrupted"],
  ["only [DONE]", [DONE], "stream_interrupted"],
  ["an error in the stream", [hi, makeEvent({ error: { message: "x" } }), DONE], "busy"],
  ["an error after the finish reason", [hi, stop, makeEvent({ error: { code: 502, message: "x" } }), DONE], "busy"],
  ["junk instead of an end", [hi, "upstream error: read ECONNRESET"], "stream_interrupted"],
  ["a broken connection", [hi, new TypeError("terminated")], "stream_interrupted"],
])("a stream with %s is no answer", async (_, pieces, code) => {
  expect(await failureOf(pieces, 200, { "content-type": "text/event-stream" })).toMatchObject({
    code,
    provider: "lab",
  });
});

test.each([
  ["no [DONE]", [hi, stop]],
  ["junk behind [DONE]", [hi, stop, `${DONE}upstream error: read ECONNRESET`]],
  ["junk instead of [DONE]", [hi, stop, "upstream error: read ECONNRESET"]],
  ["half a [DONE]", [hi, stop, "data: [DO"]],
  ["a connection that breaks before [DONE]", [hi, stop, new TypeError("terminated")]],
])("a stream with a finish reason and %s is an answer", async (_, pieces) => {
  const { opening } = run(() => makeResponse(pieces));
  const reply = await opening;
  expect(textOf(await drain(reply))).toBe("Hi");
  expect((await reply.closed).outcome).toBe("succeeded");
});

test("a stream cut at any byte is an answer only if its finish reason got through, and its text is never invented", async () => {
  const bytes = new TextEncoder().encode(`: keep-alive\n\n${hi}${makeEvent(makeChunk({ content: "深🐋" }))}${stop}`);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { opening } = run(() => makeResponse([bytes.slice(0, cut)]));
    const outcome = await opening.then(drain).then(textOf, (error: { code?: string }) => error.code);
    // The blank line behind the last event may be missing.
    expect(outcome, `cut at ${cut}`).toBe(cut >= bytes.length - 2 ? "Hi深🐋" : "stream_interrupted");
  }
});

test("an error response is understood by its status and body, whatever its content type", async () => {
  for (const type of ["application/json", "application/octet-stream", "text/html", ""]) {
    const body = '{"error":{"message":"Content Exists Risk","type":"invalid_request_error"}}';
    expect(await failureOf([body], 400, { "content-type": type, "x-trace": "t1" })).toMatchObject({
      code: "content_filter",
      status: 400,
      requestId: "t1",
      provider: "lab",
      model: "own",
    });
  }
});

test.each([
  ["milliseconds", { "retry-after-ms": "2000" }, 2_000],
  ["seconds", { "retry-after": "7" }, 7_000],
  ["a date", { "retry-after": "Mon, 23 Nov 2026 10:00:09 GMT", date: "Mon, 23 Nov 2026 10:00:00 GMT" }, 9_000],
])("a wait asked for in %s is told as it was asked for", async (_, headers, delayMs) => {
  const { opening, attempt } = run(() => makeResponse([busy], 429, headers));
  const error = await rejectionOf(opening);
  expect(error).toMatchObject({ code: "rate_limited", retryAt: attempt.clock.now() + delayMs });
});

test("a response that asks for no wait has none", async () => {
  expect(await failureOf([busy], 503)).not.toHaveProperty("retryAt");
});

test("an error body that never ends is left after 2 s, and judged by what came", async () => {
  const body = makeBody(["Service is too busy", HANG]);
  const { opening, attempt } = run(() => new Response(body.stream, { status: 503 }));
  const failing = rejectionOf(opening);
  await attempt.clock.advance(1_999);
  expect(await isPending(failing)).toBe(true);
  await attempt.clock.advance(1);
  expect(await failing).toMatchObject({ code: "busy", message: "lab (own) answered 503: Service is too busy" });
  expect(body.isCancelled).toBe(true);
  expect(attempt.clock.pending).toBe(0);
});

test("no more than 64 KiB of an error body is read, and its connection closed", async () => {
  const body = makeBody(Array.from({ length: 1_000 }, () => "x".repeat(1_024)));
  const { opening, attempt } = run(() => new Response(body.stream, { status: 500 }));
  expect(await rejectionOf(opening)).toMatchObject({ code: "busy", status: 500 });
  expect(body).toMatchObject({ reads: 64, isCancelled: true });
  expect(attempt.clock.pending).toBe(0);
});

test("an error body that breaks off does not hide the status", async () => {
  expect(await failureOf(["{", new Error("reset")], 401)).toMatchObject({ code: "authentication", status: 401 });
});

test("no error holds the key, wherever the server has put it", async () => {
  const echo = { error: { message: `Incorrect key ${SECRET}`, code: SECRET, type: SECRET } };
  const headers = { "x-echo": SECRET, location: `https://x.test/${SECRET}`, "retry-after": SECRET };
  for (const [status, body] of [
    ...[307, 400, 401, 402, 403, 404, 429, 500, 503].map((code) => [code, JSON.stringify(echo)] as const),
    [401, `<h1>${SECRET}</h1>`],
    [403, `denied: Bearer ${SECRET}`],
    [200, makeEvent(echo)],
    [200, makeEvent({ choices: [{ delta: {}, error: echo.error }] })],
    [200, `data: ${SECRET}\n\n`],
  ] as const) {
    const error = await failureOf([body], status, headers);
    expect(everythingSaidBy(error)).not.toContain(SECRET);
  }
});

test("no error holds the key, although the server says it is a finish reason", async () => {
  const pieces = [makeEvent(makeChunk({ content: "" }, SECRET))];
  expect(everythingSaidBy(await failureOf(pieces, 200))).not.toContain(SECRET);
});

test("no error holds the key, although the server says it is the request's id", async () => {
  expect(everythingSaidBy(await failureOf([busy], 503, { "x-trace": SECRET }))).not.toContain(SECRET);
});

test("a request id of a kilobyte is cut", async () => {
  const error = await failureOf([busy], 503, { "x-trace": "t".repeat(1_024) });
  expect(error).toMatchObject({ requestId: "t".repeat(128) });
});
