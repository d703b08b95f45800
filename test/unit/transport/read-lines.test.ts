import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatCompletionChunk } from "../../../src/chat/chat-response.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import type { ChunkDecoder } from "../../../src/transport/chunk-source.ts";
import { createBodyReader } from "../../../src/transport/read-body.ts";
import { readLines } from "../../../src/transport/read-lines.ts";
import { rejectionOf, thrownBy } from "../../support/abort-reasons.ts";
import { cleanUp } from "../../support/leaks.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { drainSource } from "../../support/watched-attempt.ts";
import { HANG, makeBody, networkError, type Piece, splitBytes } from "../../support/wire-response.ts";

const MEBI = 1024 * 1024;
const encoder = new TextEncoder();
const context = { provider: "ollama", model: "qwen3", status: 200, secrets: [SECRET] };

/** What a line holds is the provider's business: here it is a text, and maybe the end. */
const decode: ChunkDecoder = {
  chunk(json) {
    const { text, end = null } = json as { readonly text?: unknown; readonly end?: string | null };
    return { text, choices: [{ finish_reason: end }] } as unknown as ChatCompletionChunk;
  },
  completion: () => [],
};
const line = (text: string, end: string | null = null) => `${JSON.stringify({ text, ...(end && { end }) })}\n`;

function open(...pieces: readonly Piece[]) {
  const scripted = makeBody(pieces);
  const told = { bodies: 0 };
  const nothing = () => {};
  const progress = {
    ...{ headers: nothing, bytes: nothing, content: nothing, head: nothing, finish: nothing, reading: nothing },
    body() {
      told.bodies += 1;
    },
  };
  const controller = new AbortController();
  const response = new Response(scripted.stream);
  const body = createBodyReader(response, controller.signal, createVirtualClock(), progress, context);
  cleanUp(() => body.cancel());
  return { source: readLines(body, decode, context, progress), scripted, controller, told };
}

async function textsOf(...pieces: readonly Piece[]): Promise<unknown[]> {
  const chunks = await drainSource(open(...pieces).source);
  return chunks.map((chunk) => (chunk as unknown as { readonly text: unknown }).text);
}

test("chunks are there after the read that brought the ends of their lines", async () => {
  const { source } = open(line("a") + line("b"), line("c", "stop"));
  expect(source.take()).toBeUndefined();
  expect(await source.read()).toBe(true);
  expect([source.take(), source.take(), source.take()]).toMatchObject([{ text: "a" }, { text: "b" }, undefined]);
  expect(await source.read()).toBe(true);
  expect(source.take()).toMatchObject({ text: "c" });
  expect(await source.read()).toBe(false);
});

test("lines may be cut anywhere: inside a character, a line break, a word", async () => {
  const texts = ["naïve 服务器", "👩🏽‍🚀 \ud83d\ude00", "a\nb\r\n\ufffd", ""];
  const bytes = encoder.encode(`${texts.map((text) => line(text)).join("\r\n")}${line("", "stop").trim()}`);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 40 }), async (cuts) => {
      expect(await textsOf(...splitBytes(bytes, cuts))).toEqual([...texts, ""]);
    }),
  );
  expect(await textsOf(...splitBytes(bytes, [...bytes.keys()]))).toEqual([...texts, ""]);
});

test.each([
  ["ends in CR and LF", [line("a").replace("\n", "\r\n"), line("b", "stop").replace("\n", "\r\n")]],
  ["has no end of line at its end", [line("a"), line("b", "stop").trim()]],
  ["has blank lines before, between and behind", ["\n\n", line("a"), "\r\n \n", line("b", "stop"), "\n\n"]],
  ["has a byte order mark", [`\ufeff${line("a")}`, line("b", "stop")]],
  ["comes in one read", [line("a") + line("b", "stop")]],
])("a stream that %s is read the same", async (_, pieces) => {
  expect(await textsOf(...pieces)).toEqual(["a", "b"]);
});

test("the line with the finish reason is the last, without waiting for the end of the connection", async () => {
  expect(await textsOf(line("a") + line("b", "stop") + line("c"), HANG)).toEqual(["a", "b"]);
  expect(await textsOf(line("a"), `${line("b", "stop")}{"error":`)).toEqual(["a", "b"]);
});

test("without one, the end of the connection is the end", async () => {
  expect(await textsOf(line("a"), line("b"))).toEqual(["a", "b"]);
});

test("blanks alone are keep-alives; a line that has begun is told of, and waited for", async () => {
  const { source, told } = open("\n", ' {"te', 'xt":"a"', "}\n", HANG);
  expect(await source.read()).toBe(true);
  expect(source.take()).toBeUndefined();
  expect(told.bodies).toBe(0);
  expect(await source.read()).toBe(true);
  expect(told.bodies).toBe(2);
  expect(source.take()).toMatchObject({ text: "a" });
});

test.each([[[]], [["\n", "\r\n"]], [[" "]]])(
  "a body of nothing, or of blanks %o, is an empty answer",
  async (pieces) => {
    expect(await rejectionOf(drainSource(open(...pieces).source))).toMatchObject({
      code: "empty_answer",
      kind: "empty_body",
    });
  },
);

test("a line cut by the end of the connection is a broken stream, also inside a character", async () => {
  const cut = encoder.encode(line("服")).slice(0, 11);
  for (const last of [line("b").slice(0, 7), "{", cut]) {
    const { source } = open(line("a"), last);
    await source.read();
    expect(source.take()).toMatchObject({ text: "a" });
    await source.read();
    expect(thrownBy(() => source.take())).toMatchObject({
      code: "stream_interrupted",
      message: "ollama (qwen3) broke off in the middle of a line.",
    });
  }
});

test("a connection that breaks is told as that, after what had come", async () => {
  const { source } = open(line("a"), networkError("terminated", "read ECONNRESET", "ECONNRESET"));
  await source.read();
  expect(source.take()).toMatchObject({ text: "a" });
  expect(await rejectionOf(source.read())).toMatchObject({ code: "stream_interrupted" });
});

test.each([
  ["is no protocol", "Once upon a time", "unexpected_response"],
  ["was broken in the middle of the stream", '{"text":"a', "unexpected_response"],
  ["belongs to another protocol", 'data: {"choices":[]}', "unexpected_response"],
  ["is a busy server, if it says so", "[503] The request queue is full", "busy"],
  ["is a firewall's page", "<!DOCTYPE html><title>Sorry</title>", "busy"],
])("a line that is no JSON %s", async (_, said, code) => {
  for (const before of ["", line("a")])
    for (const after of ["\n", `\n${line("b")}`]) {
      const { source } = open(`${before}${said} ${SECRET}${after}`);
      await source.read();
      if (before) expect(source.take()).toMatchObject({ text: "a" });
      const error = thrownBy(() => source.take());
      expect(error).toMatchObject({ code, provider: "ollama" });
      expect(everythingSaidBy(error)).not.toContain(SECRET);
    }
});

test("bytes that are no UTF-8 are an error, and a replacement character the model wrote is none", async () => {
  const [before, after] = line("a|b").split("|") as [string, string];
  const broken = Uint8Array.from([...encoder.encode(before), 0xff, 0xc3, ...encoder.encode(after)]);
  const { source } = open(line("\ufffd"), broken);
  await source.read();
  expect(source.take()).toMatchObject({ text: "\ufffd" });
  await source.read();
  expect(thrownBy(() => source.take())).toMatchObject({
    code: "unexpected_response",
    message: "ollama (qwen3) sent bytes that are no UTF-8.",
  });
});

test("a line of a megabyte is read, and one too large to be an answer is not, after the lines before it", async () => {
  const long = "x".repeat(MEBI);
  expect(await textsOf(line(long), line("", "stop"))).toEqual([long, ""]);
  const { source, scripted } = open(`${line("a")}{"text":"`, ...Array.from({ length: 40 }, () => long), HANG);
  await source.read();
  expect(source.take()).toMatchObject({ text: "a" });
  expect(await source.read()).toBe(true);
  expect(thrownBy(() => source.take())).toMatchObject({
    code: "unexpected_response",
    message: "ollama (qwen3) sent a line too large to be an answer.",
  });
  expect(scripted.reads).toBeLessThan(36);
  expect(await source.read()).toBe(false);
});

test("a prototype in a line is left out", async () => {
  const [text] = await textsOf('{"text":{"__proto__":{"x":1},"a":1},"end":"stop"}\n');
  expect(Object.keys(text as object)).toEqual(["a"]);
  expect((text as { readonly x?: unknown }).x).toBeUndefined();
});

test("an abort ends a read with its own reason, and closes the connection", async () => {
  const { source, scripted, controller } = open(line("a"), '{"te', HANG);
  await source.read();
  const reading = rejectionOf(source.read());
  const reason = new Error("enough");
  controller.abort(reason);
  expect(await reading).toBe(reason);
  expect(scripted.isCancelled).toBe(true);
});

test("what is cancelled is closed", () => {
  const { source, scripted } = open(HANG);
  source.cancel();
  expect(scripted.isCancelled).toBe(true);
});
