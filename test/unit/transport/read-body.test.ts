import { expect, test } from "vitest";
import { StreamInterruptedError, TimeoutError } from "../../../src/error-family.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { createBodyReader, readText } from "../../../src/transport/read-body.ts";
import { ABORT_REASONS, isPending, listenersOn, rejectionOf } from "../../support/abort-reasons.ts";
import { cleanUp } from "../../support/leaks.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { HANG, makeBody, networkError, type Piece } from "../../support/wire-response.ts";

const context = { provider: "deepseek", model: "deepseek-flash", requestId: "trace-1", status: 200, secrets: [SECRET] };

function open(pieces: Iterable<Piece>, controller = new AbortController()) {
  const scripted = makeBody(pieces);
  const clock = createVirtualClock();
  const seen = { bytes: 0 };
  const onBytes = () => {
    seen.bytes += 1;
  };
  const progress = { headers() {}, bytes: onBytes, body() {}, content() {}, head() {}, finish() {}, reading() {} };
  const { signal } = controller;
  const body = createBodyReader(new Response(scripted.stream), signal, clock, progress, context);
  cleanUp(() => body.cancel());
  return { body, scripted, clock, seen, controller, signal };
}

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

test("each read gives the bytes of one network read, then the end", async () => {
  const { body, seen } = open(["one", "two"]);
  expect(textOf(await body.read())).toBe("one");
  expect(textOf(await body.read())).toBe("two");
  expect(await body.read()).toBeUndefined();
  expect(await body.read()).toBeUndefined();
  expect(seen.bytes).toBe(2);
});

test("a read of no bytes is not the end", async () => {
  const { body } = open([new Uint8Array(), "x"]);
  expect(await body.read()).toEqual(new Uint8Array());
  expect(textOf(await body.read())).toBe("x");
});

test("a response without a body is at its end", async () => {
  const { signal } = new AbortController();
  const progress = { headers() {}, bytes() {}, body() {}, content() {}, head() {}, finish() {}, reading() {} };
  const body = createBodyReader(new Response(null), signal, createVirtualClock(), progress, context);
  expect(await body.read()).toBeUndefined();
  await body.finish();
  body.cancel();
  expect(listenersOn(signal)).toBe(0);
});

test("nothing is read ahead", async () => {
  const { body, scripted } = open(["one", "two", "three"]);
  await body.read();
  expect(scripted.reads).toBe(1);
});

test("the end gives the listener on the signal back", async () => {
  const { body, signal } = open(["x"]);
  expect(listenersOn(signal)).toBe(1);
  await body.read();
  expect(listenersOn(signal)).toBe(1);
  await body.read();
  expect(listenersOn(signal)).toBe(0);
});

test("a broken connection becomes stream_interrupted, with its inner cause and nothing else of it", async () => {
  const { body, signal } = open(["x", networkError("terminated", "other side closed", "UND_ERR_SOCKET")]);
  await body.read();
  const error = await rejectionOf(body.read());
  expect(error).toBeInstanceOf(StreamInterruptedError);
  expect(error).toMatchObject({
    code: "stream_interrupted",
    retryable: true,
    provider: "deepseek",
    model: "deepseek-flash",
    requestId: "trace-1",
    message: "deepseek (deepseek-flash) broke the connection off (other side closed).",
    cause: { message: "other side closed", code: "UND_ERR_SOCKET" },
  });
  expect(listenersOn(signal)).toBe(0);
});

test("an error without a cause speaks for itself", async () => {
  const error = await rejectionOf(open([new TypeError("terminated")]).body.read());
  expect(error).toMatchObject({
    code: "stream_interrupted",
    message: "deepseek (deepseek-flash) broke the connection off (terminated).",
  });
});

test("Node's own limit on silence is named where it strikes", async () => {
  const broken = networkError("terminated", "Body Timeout Error", "UND_ERR_BODY_TIMEOUT");
  const error = await rejectionOf(open([broken]).body.read());
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ code: "timeout", phase: "wire" });
  expect(String(error)).toContain("300 s");
});

test("no error of a broken connection holds the key", async () => {
  const inner = Object.assign(new Error(`proxy said: Bearer ${SECRET}`), { headers: { authorization: SECRET } });
  for (const broken of [new TypeError(`bad ${SECRET}`), new TypeError("terminated", { cause: inner })]) {
    expect(everythingSaidBy(await rejectionOf(open([broken]).body.read()))).not.toContain(SECRET);
  }
});

test.each(ABORT_REASONS)("an abort ends a waiting read with its own reason: %s", async (_, reason) => {
  const { body, scripted, controller, signal } = open(["x", HANG]);
  await body.read();
  const waiting = body.read();
  expect(await isPending(waiting)).toBe(true);
  controller.abort(reason);
  expect(await rejectionOf(waiting)).toBe(signal.reason);
  expect(scripted.isCancelled).toBe(true);
  expect(listenersOn(signal)).toBe(0);
});

test.each(ABORT_REASONS)("a body opened after an abort is closed at once: %s", async (_, reason) => {
  const controller = new AbortController();
  controller.abort(reason);
  const { body, scripted, signal } = open(["x"], controller);
  expect(scripted.isCancelled).toBe(true);
  expect(listenersOn(signal)).toBe(0);
  expect(await rejectionOf(body.read())).toBe(signal.reason);
});

test.each(ABORT_REASONS)("an abort wins over the broken connection it causes: %s", async (_, reason) => {
  const { body, controller, signal } = open([
    "x",
    // What Node's fetch does with the body when its signal aborts.
    new DOMException("This operation was aborted", "AbortError") as Error,
  ]);
  await body.read();
  controller.abort(reason);
  expect(await rejectionOf(body.read())).toBe(signal.reason);
});

test("bytes that arrive together with the abort are not handed on", async () => {
  const { body, controller } = open(["x", "y"]);
  const waiting = body.read();
  controller.abort("enough");
  expect(await rejectionOf(waiting)).toBe("enough");
});

test("cancel closes the connection, ends a waiting read, and may be called twice", async () => {
  const { body, scripted, signal } = open([HANG]);
  const waiting = body.read();
  body.cancel();
  body.cancel();
  expect(await waiting).toBeUndefined();
  expect(scripted.isCancelled).toBe(true);
  expect(listenersOn(signal)).toBe(0);
});

test("cancelling a broken connection rejects nothing", async () => {
  const { body } = open([new Error("broken")]);
  await rejectionOf(body.read());
  body.cancel();
  await body.finish();
});

test("finish reads the little that is left, so that the connection stays usable", async () => {
  const { body, scripted, clock, signal } = open(["data: [DONE]", "\n", "\n"]);
  await body.read();
  await body.finish();
  expect(scripted.reads).toBe(3);
  expect(scripted.isCancelled).toBe(false);
  expect(clock.pending).toBe(0);
  expect(listenersOn(signal)).toBe(0);
});

test("finish closes a connection that is kept open for over 100 ms", async () => {
  const { body, scripted, clock, signal } = open(["data: [DONE]\n\n", HANG]);
  await body.read();
  const finished = body.finish();
  await clock.advance(99);
  expect(await isPending(finished)).toBe(true);
  expect(scripted.isCancelled).toBe(false);
  await clock.advance(1);
  await finished;
  expect(scripted.isCancelled).toBe(true);
  expect(clock.pending).toBe(0);
  expect(listenersOn(signal)).toBe(0);
});

test("finish closes a connection on which much more comes", async () => {
  const piece = new Uint8Array(64 * 1024);
  const { body, scripted } = open(Array.from({ length: 2_000 }, () => piece));
  await body.read();
  await body.finish();
  expect(scripted.reads).toBeLessThan(100);
  expect(scripted.isCancelled).toBe(true);
});

test("how the connection ends after the answer does not matter", async () => {
  const { body, clock, signal } = open(["data: [DONE]\n\n", new Error("reset")]);
  await body.read();
  await body.finish();
  expect(clock.pending).toBe(0);
  expect(listenersOn(signal)).toBe(0);
});

test("an abort while the connection is finished closes it and leaves nothing behind", async () => {
  const { body, scripted, clock, controller, signal } = open([HANG]);
  const finished = body.finish();
  controller.abort("enough");
  await finished;
  expect(scripted.isCancelled).toBe(true);
  expect(clock.pending).toBe(0);
  expect(listenersOn(signal)).toBe(0);
});

test("the text of a body is put together from all its reads", async () => {
  const whale = new TextEncoder().encode("🐋");
  const { body } = open(["a", whale.slice(0, 2), whale.slice(2), "b"]);
  expect(await readText(body, 1_000)).toBe("a🐋b");
});

test("a text cut in the middle of a character says so", async () => {
  expect(await readText(open(["a", new Uint8Array([0xe6, 0xb7])]).body, 1_000)).toBe("a\uFFFD");
});

test("no more of a text is read than wanted, and the connection is closed", async () => {
  const { body, scripted, signal } = open(Array.from({ length: 1_000 }, () => "x".repeat(100)));
  expect(await readText(body, 250)).toBe("x".repeat(300));
  expect(scripted.reads).toBe(3);
  expect(scripted.isCancelled).toBe(true);
  expect(listenersOn(signal)).toBe(0);
});

test("a text that was read to its last byte is not closed before its end is known", async () => {
  const { body, scripted } = open(["x".repeat(100)]);
  expect(await readText(body, 101)).toBe("x".repeat(100));
  expect(scripted.isCancelled).toBe(false);
});
