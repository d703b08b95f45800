import { expect, test } from "vitest";
import type { ChatCompletionChunk } from "../../../src/chat/chat-response.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import type { ChunkDecoder } from "../../../src/transport/chunk-source.ts";
import { errorFromText } from "../../../src/transport/http-errors.ts";
import { createBodyReader } from "../../../src/transport/read-body.ts";
import { readAnswer } from "../../../src/transport/read-response.ts";
import { rejectionOf, thrownBy } from "../../support/abort-reasons.ts";
import { cleanUp } from "../../support/leaks.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { drainSource } from "../../support/watched-attempt.ts";
import { DONE, makeBody, makeEvent, type Piece } from "../../support/wire-response.ts";

const SAID = "My diagnosis is a secret between us two.";
const messages = [{ role: "user", content: SAID }] as const;
const known = { provider: "lab", model: "qwq", requestId: "trace-1" };
const context = { ...known, status: 200, secrets: [SECRET], messages };
const a = { text: "a" };
const decode: ChunkDecoder = {
  chunk: (json) => json as ChatCompletionChunk,
  completion: (json) => [json as ChatCompletionChunk],
};

function read(wire: "stream" | "json", pieces: readonly Piece[]) {
  const progress = { headers() {}, bytes() {}, body() {}, content() {}, head() {}, finish() {}, reading() {} };
  const response = new Response(makeBody(pieces).stream);
  const body = createBodyReader(response, new AbortController().signal, createVirtualClock(), progress, context);
  cleanUp(() => body.cancel());
  return readAnswer(body, decode, context, progress, wire);
}

const drained = (...pieces: Piece[]) => drainSource(read("stream", pieces));
const failure = (...pieces: Piece[]) => rejectionOf(drained(...pieces));
const bytesOf = (text: string) => new TextEncoder().encode(text);
/** An event with a byte in its text that is no UTF-8. */
const broken = new Uint8Array([...bytesOf('data: {"text":"a'), 0xff, ...bytesOf('b"}\n\n')]);

test.each<[string, string, object]>([
  ["a JSON error", '{"error":{"message":"slow down","code":429}}', { code: "rate_limited", status: 429 }],
  ["the error itself", '{"message":"no such key","code":401}', { code: "authentication", status: 401 }],
  ["a type that says it", '{"error":{"type":"rate_limit_error"}}', { code: "rate_limited", status: 429 }],
  ["an error of a word", '{"error":"overloaded"}', { code: "busy" }],
  ["an error of nothing", '{"error":null,"message":"[503] full"}', { code: "busy", status: 503 }],
  ["a list", "[1]", { code: "busy" }],
  ["a web page", "<html>down</html>", { code: "busy" }],
  ["words with a status", "upstream error, status code: 502", { code: "busy", status: 502 }],
  ["a status in front", "[429] too fast", { code: "rate_limited", status: 429 }],
  ["a word a busy server uses", "the queue is full", { code: "busy" }],
  ["the same as JSON text", '"Service unavailable"', { code: "busy" }],
  ["other words", "we had 500 whales", { code: "unexpected_response" }],
  ["a word that only holds such a word", "busybody", { code: "unexpected_response" }],
  ["nothing", "", { code: "unexpected_response" }],
])("text where an answer was due is what it says: %s", (_, text, expected) => {
  const error = errorFromText(text, "an error", context);
  expect(error).toMatchObject({ ...known, ...expected });
});

test("an error of somebody's words holds neither key nor conversation, and is short", () => {
  for (const text of [`${SECRET} ${SAID}`, `[503] ${SECRET} ${SAID}`, `{"error":{"message":"${SECRET} ${SAID}"}}`]) {
    const error = errorFromText(text, "an error", context);
    expect(everythingSaidBy(error)).not.toMatch(/unit-secret|diagnosis/);
    expect(errorFromText(text.repeat(10_000), "an error", context).message.length).toBeLessThan(500);
  }
  expect(errorFromText("so long", "no answer but text", context).message).toBe(
    "lab (qwq) sent no answer but text: so long",
  );
});

test("an event named error fails the answer, after the chunks before it, however it is written", async () => {
  for (const event of [
    'event: error\ndata: {"message":"slow down","code":429}\n\n',
    'event:error\r\ndata:{"error":{"code":429}}\r\n\r\n',
    'data: {"code":429}\nevent: error\n\n',
    'event: error\ndata: {"code":\ndata: 429}\n\n',
    "event: error\ndata: 429 slow down",
  ]) {
    for (const pieces of [[makeEvent(a) + event], [makeEvent(a), event], [makeEvent(a), ...event]]) {
      const source = read("stream", [...pieces, DONE]);
      await source.read();
      expect(source.take()).toEqual(a);
      expect(await rejectionOf(drainSource(source))).toMatchObject({ ...known, code: "rate_limited", status: 429 });
    }
  }
});

test("a chunk in an event named error is an error all the same, and under another name a chunk", async () => {
  expect(await failure(`event: error\n${makeEvent(a)}`)).toMatchObject({ code: "busy" });
  expect(await drained(`event: message\n${makeEvent(a)}`, `event: errors\n${makeEvent(a)}`)).toEqual([a, a]);
});

test("the name of an event says nothing of the next one, in the same read or another", async () => {
  for (const pieces of [["event: error\n\n", makeEvent(a)], [`event: error\n\n${makeEvent(a)}`]]) {
    expect(await drained(...pieces, DONE)).toEqual([a]);
  }
  const source = read("stream", [makeEvent(a), `event: error\ndata: busy\n\n`]);
  await source.read();
  source.take();
  await source.read();
  expect(thrownBy(() => source.take())).toMatchObject({ code: "busy" });
});

test.each<[string, string, object]>([
  ["a busy server", "upstream connect error: timed out", { code: "busy" }],
  ["its status", "error code: 502", { code: "busy", status: 502 }],
  ["anything else", "Once upon a time", { code: "unexpected_response" }],
])("a gateway's own words, and nothing else, are told as %s", async (_, words, expected) => {
  for (const pieces of [[words], [`${words}\n`], [...words], ["\n\n", `${words}\nmore\n`]]) {
    expect(await failure(...pieces)).toMatchObject({ ...known, ...expected });
  }
});

test("beside an event of any kind a gateway's words are passed over", async () => {
  expect(await drained(makeEvent(a), "upstream error: busy\n")).toEqual([a]);
  expect(await drained("upstream error: busy\n\n", makeEvent(a))).toEqual([a]);
  expect(await drained("upstream error: busy\n\n", DONE)).toEqual([]);
});

test("what a cut leaves of a field's name is nobody's words", async () => {
  for (const rest of ["d", "dat", "event", ": keep", "retry", ""]) expect(await drained(rest)).toEqual([]);
});

test("bytes that are no UTF-8 leave no hole in an answer, wherever in the stream they stand", async () => {
  const expected = { ...known, code: "unexpected_response", message: "lab (qwq) sent bytes that are no UTF-8." };
  expect(await failure(makeEvent(a), broken, DONE)).toMatchObject(expected);
  expect(await failure(makeEvent(a), ...[...broken].map((byte) => new Uint8Array([byte])))).toMatchObject(expected);
  // Without its blank line: the last one, and whole but for the byte.
  expect(await failure(makeEvent(a), broken.subarray(0, -2))).toMatchObject(expected);
  expect(await failure(makeEvent(a), broken.subarray(0, -1))).toMatchObject(expected);
});

test("a stream that was cut inside a character was cut", async () => {
  const cut = bytesOf('data: {"text":"深').subarray(0, -1);
  expect(await failure(makeEvent(a), cut)).toMatchObject({ ...known, code: "stream_interrupted" });
});

test("a model may write a replacement character, and broken bytes in a comment break nothing else", async () => {
  const odd = { text: "a\ufffdb" };
  expect(await drained(makeEvent(odd), DONE)).toEqual([odd]);
  expect(await drained(...[...bytesOf(makeEvent(odd))].map((byte) => new Uint8Array([byte])))).toEqual([odd]);
  expect(await drained(new Uint8Array([0x3a, 0xff, 0x0a, 0x0a]), makeEvent(a))).toEqual([a]);
});

test.each<[string, Piece[], object]>([
  ["words", ["Service is too busy"], { code: "busy" }],
  ["words with a status", ["[401] no"], { code: "authentication", status: 401 }],
  ["a web page", ["<html>"], { code: "busy" }],
  ["a cut answer", ['{"text":"a'], { code: "stream_interrupted" }],
  ["a cut answer inside a character", [bytesOf('{"text":"深').subarray(0, -1)], { code: "stream_interrupted" }],
  ["one JSON value a line", ['{"text":"a"}\n{"text":"b"}\n'], { code: "unexpected_response" }],
  [
    "a broken character",
    [bytesOf('{"text":"a'), new Uint8Array([0xff]), bytesOf('"}')],
    { code: "unexpected_response", message: "lab (qwq) sent bytes that are no UTF-8." },
  ],
  ["nothing", [], { code: "empty_answer", kind: "empty_body" }],
])("a body that is no answer is told as what it is: %s", async (_, pieces, expected) => {
  expect(await rejectionOf(drainSource(read("json", pieces)))).toMatchObject({ ...known, ...expected });
});

test("a body may hold a replacement character, and be broken behind its end", async () => {
  const odd = { text: "a\ufffdb" };
  expect(await drainSource(read("json", [...JSON.stringify(odd)]))).toEqual([odd]);
});
