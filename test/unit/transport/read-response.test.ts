import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { ChatCompletionChunk } from "../../../src/chat/chat-response.ts";
import { ResilientClientError } from "../../../src/errors.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import type { ChunkDecoder } from "../../../src/transport/chunk-source.ts";
import { createBodyReader } from "../../../src/transport/read-body.ts";
import { readEventStream } from "../../../src/transport/read-event-stream.ts";
import { readJsonBody } from "../../../src/transport/read-json-body.ts";
import { ABORT_REASONS, isPending, listenersOn, rejectionOf, thrownBy } from "../../support/abort-reasons.ts";
import { cleanUp } from "../../support/leaks.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { drainSource } from "../../support/watched-attempt.ts";
import { DONE, HANG, makeBody, makeEvent, type Piece, splitBytes } from "../../support/wire-response.ts";

const MEBI = 1024 * 1024;
const context = { provider: "deepseek", model: "deepseek-flash", requestId: "trace-1", status: 200, secrets: [SECRET] };
const known = { provider: "deepseek", model: "deepseek-flash", requestId: "trace-1", status: 200 };
/** Takes every JSON value for a chunk: what JSON means is the provider's business. */
const decode: ChunkDecoder = {
  chunk: (json) => json as ChatCompletionChunk,
  completion: (json) => [json as ChatCompletionChunk, { from: "completion" } as unknown as ChatCompletionChunk],
};

function open(kind: "stream" | "json", pieces: Iterable<Piece>, decoder = decode) {
  const scripted = makeBody(pieces);
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  const progress = {
    headers() {},
    bytes: tell("bytes"),
    body: tell("body"),
    content: tell("content"),
    head: tell("head"),
    finish() {},
    reading() {},
  };
  const controller = new AbortController();
  const { signal } = controller;
  const body = createBodyReader(new Response(scripted.stream), signal, createVirtualClock(), progress, context);
  cleanUp(() => body.cancel());
  const source =
    kind === "json" ? readJsonBody(body, decoder, context, progress) : readEventStream(body, decoder, context);
  return { source, scripted, controller, signal, told };
}

const openStream = (...pieces: Piece[]) => open("stream", pieces);
const openJson = (...pieces: Piece[]) => open("json", pieces);
const a = { text: "a" };
const b = { text: "b" };

test("chunks are there after the read that brought them", async () => {
  const { source } = openStream(makeEvent(a) + makeEvent(b), DONE);
  expect(source.take()).toBeUndefined();
  expect(await source.read()).toBe(true);
  expect(source.take()).toEqual(a);
  expect(source.take()).toEqual(b);
  expect(source.take()).toBeUndefined();
  expect(await source.read()).toBe(false);
  expect(await source.read()).toBe(false);
  expect(source.take()).toBeUndefined();
});

test("a read that brought only a keep-alive has no chunk, and is not the end", async () => {
  const { source } = openStream(": keep-alive\n\n", makeEvent(a));
  expect(await source.read()).toBe(true);
  expect(source.take()).toBeUndefined();
  expect(await source.read()).toBe(true);
  expect(source.take()).toEqual(a);
});

test("[DONE] ends the stream without waiting for the end of the connection", async () => {
  for (const pieces of [
    [makeEvent(a), DONE],
    [makeEvent(a) + DONE],
    [makeEvent(a), `data: \n\n${DONE}`],
    [makeEvent(a), "data:[DONE]\n\n"],
  ]) {
    expect(await drainSource(openStream(...pieces, HANG).source)).toEqual([a]);
  }
});

test("what follows [DONE] is not even looked at", async () => {
  const after = `${makeEvent(b)}data: {"error":\n\nupstream error: read ECONNRESET`;
  expect(await drainSource(openStream(makeEvent(a) + DONE + after).source)).toEqual([a]);
});

test("the end of the connection ends the stream", async () => {
  expect(await drainSource(openStream(makeEvent(a)).source)).toEqual([a]);
  expect(await drainSource(openStream().source)).toEqual([]);
});

test("a last event without its blank line is handed on", async () => {
  expect(await drainSource(openStream(makeEvent(a), makeEvent(b).trimEnd()).source)).toEqual([a, b]);
});

test("empty events are passed over", async () => {
  expect(await drainSource(openStream(`data: \n\ndata\n\n${makeEvent(a)}`).source)).toEqual([a]);
});

test("lines that are no events are passed over", async () => {
  const junk = "upstream error: read ECONNRESET\n<html>\n{}\n\n";
  expect(await drainSource(openStream(junk, makeEvent(a), junk).source)).toEqual([a]);
});

test("one JSON value over several data lines is one chunk", async () => {
  expect(await drainSource(openStream('data: {"text":\r\ndata: "a"}\r\n\r\n').source)).toEqual([a]);
});

test.each([
  ["is no protocol", "Once upon a time", "unexpected_response"],
  ["is a busy server, if it says so", "Service is too busy", "busy"],
  ["is what its status says", "[401] no such key", "authentication"],
])("an event that is no JSON %s", async (_, said, code) => {
  const { source } = openStream(`${makeEvent(a)}data: ${said} ${SECRET}\n\n`, DONE);
  await source.read();
  expect(source.take()).toEqual(a);
  const error = thrownBy(() => source.take());
  expect(error).toMatchObject({ provider: known.provider, requestId: known.requestId, code });
  expect(everythingSaidBy(error)).not.toContain(SECRET);
});

test("an event cut by the end of the connection is a broken stream", async () => {
  const { source } = openStream(makeEvent(a), makeEvent(b).slice(0, 12));
  expect(await rejectionOf(drainSource(source))).toMatchObject({
    ...known,
    code: "stream_interrupted",
    message: "deepseek (deepseek-flash) broke off in the middle of an event.",
  });
});

test("an event too large to be honest is no protocol, after the chunks before it", async () => {
  const { source } = openStream(`${makeEvent(a)}data: `, ...Array.from({ length: 17 }, () => "x".repeat(MEBI)), HANG);
  await source.read();
  expect(source.take()).toEqual(a);
  for (let count = 0; count < 17; count++) await source.read();
  expect(thrownBy(() => source.take())).toMatchObject({ ...known, code: "unexpected_response" });
});

test("an error of the decoder's is thrown as it is", async () => {
  const mine = new ResilientClientError("mine");
  const refuse = () => {
    throw mine;
  };
  const decoder = { chunk: refuse, completion: refuse };
  const stream = open("stream", [makeEvent(a)], decoder).source;
  const json = open("json", ["{}"], decoder).source;
  expect(await rejectionOf(drainSource(stream))).toBe(mine);
  expect(await rejectionOf(drainSource(json))).toBe(mine);
});

test.each(ABORT_REASONS)("an abort comes out of a waiting read unchanged: %s", async (_, reason) => {
  for (const { source, controller, signal, scripted } of [openStream(makeEvent(a), HANG), openJson("\n", HANG)]) {
    await source.read();
    const waiting = source.read();
    expect(await isPending(waiting)).toBe(true);
    controller.abort(reason);
    expect(await rejectionOf(waiting)).toBe(signal.reason);
    expect(scripted.isCancelled).toBe(true);
    expect(listenersOn(signal)).toBe(0);
  }
});

test("cancel closes the connection and ends a waiting read", async () => {
  for (const { source, scripted } of [openStream("\n", HANG), openJson("\n", '{"a"', HANG)]) {
    expect(await source.read()).toBe(true);
    const waiting = source.read().catch(() => {});
    source.cancel();
    await waiting;
    expect(scripted.isCancelled).toBe(true);
  }
});

test("finish reads what is left after [DONE], so that the connection can be used again", async () => {
  const { source, scripted, signal } = openStream(makeEvent(a) + DONE, "\n");
  expect(await drainSource(source)).toEqual([a]);
  await source.finish();
  expect(scripted).toMatchObject({ reads: 2, isCancelled: false });
  expect(listenersOn(signal)).toBe(0);
});

test("any stream, split at any bytes, in any framing, gives the same chunks", async () => {
  const json = fc.record({ text: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 3 })) });
  const framing = fc.record({
    lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
    colon: fc.constantFrom("data:", "data: "),
    between: fc.array(fc.constantFrom(": keep-alive\n\n", ":\n", "\n", "data:\n\n", "junk\n"), { maxLength: 3 }),
    mark: fc.constantFrom("", "\uFEFF"),
    isPretty: fc.boolean(),
    last: fc.constantFrom("", "\n", "\n\n", "\n\ndata: [DONE]\n\n", "\n\ndata: [DONE]", "\n\ndata: [DONE]\n\n<html>"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(json), framing, fc.array(fc.nat(), { maxLength: 40 }), async (values, frame, cuts) => {
      const write = (value: unknown) =>
        JSON.stringify(value, null, frame.isPretty ? 1 : 0)
          .split("\n")
          .map((line) => (line.startsWith(" ") ? `data: ${line}` : frame.colon + line))
          .join("\n");
      const events = values.map((value) => frame.between.join("") + write(value));
      const text = events.join("\n\n") + (values.length > 0 ? frame.last : "");
      const bytes = new TextEncoder().encode(frame.mark + text.replaceAll("\n", frame.lineEnd));
      const { source } = openStream(...splitBytes(bytes, cuts));
      // JSON has no -0, and a server's no `__proto__`.
      const read = (value: unknown) =>
        JSON.parse(JSON.stringify(value), (key, inner: unknown) => (key === "__proto__" ? undefined : inner));
      expect(await drainSource(source)).toEqual(values.map(read));
    }),
    { numRuns: 400 },
  );
});

test("one JSON body, in whatever pieces, becomes the decoder's chunks", async () => {
  const bytes = new TextEncoder().encode('\uFEFF\n\r\n \n{"text":"深🐋"}\n\n');
  for (let cut = 1; cut < bytes.length; cut++) {
    expect(await drainSource(openJson(...splitBytes(bytes, [cut, cut * 7])).source)).toEqual([
      { text: "深🐋" },
      { from: "completion" },
    ]);
  }
});

test("the blank lines of a queue are no answer yet", async () => {
  const { source } = openJson("\n", "\n\n", '{"text":"a"}');
  for (let count = 0; count < 2; count++) {
    expect(await source.read()).toBe(true);
    expect(source.take()).toBeUndefined();
  }
  expect(await source.read()).toBe(true);
  expect(source.take()).toEqual(a);
  expect(source.take()).toEqual({ from: "completion" });
  expect(source.take()).toBeUndefined();
  expect(await source.read()).toBe(false);
});

test("a JSON body in many pieces, each ending like a whole one, is not parsed again for each of them", async () => {
  const pieces = ['{"text":[{}', ...Array.from({ length: 500 }, () => ',{"a":"b"}'), "]}"];
  const { source } = openJson(...pieces);
  const parse = vi.spyOn(JSON, "parse");
  const chunks = await drainSource(source);
  const parsed = parse.mock.calls.length;
  parse.mockRestore();
  expect(chunks).toHaveLength(2);
  expect(parsed).toBeLessThanOrEqual(4);
});

test("the pieces of a JSON body are no keep-alives: one read takes them all", async () => {
  const { source } = openJson("\n", '{"te', 'xt":', '"a"}');
  expect(await source.read()).toBe(true);
  expect(source.take()).toBeUndefined();
  expect(await source.read()).toBe(true);
  expect(source.take()).toEqual(a);
});

test("a JSON body too large to be an answer is refused before it is read to its end", async () => {
  const { source, scripted } = openJson('{"a":"', ...Array.from({ length: 40 }, () => "x".repeat(MEBI)));
  expect(await rejectionOf(drainSource(source))).toMatchObject({ ...known, code: "unexpected_response" });
  expect(scripted.reads).toBe(33);
});

test("megabytes of blank lines are kept nowhere", async () => {
  const pieces = Array.from({ length: 40 }, () => "\n".repeat(MEBI));
  expect(await drainSource(openJson(...pieces, "{}").source)).toHaveLength(2);
});
