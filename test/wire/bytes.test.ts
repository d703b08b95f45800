import type { RequestListener } from "node:http";
import { expect, test } from "vitest";
import { createResilientClient } from "../../src/index.ts";
import { ANSWER, event, params, SSE, startRawServer, usage, WHOLE } from "../support/raw-server.ts";

const KEY = "sk-wire";

/** Sends the bytes in pieces of `size`, each in a packet of its own. */
function inPieces(body: string, size: number): RequestListener {
  return (_request, response) => {
    const bytes = new TextEncoder().encode(body);
    response.socket?.setNoDelay(true);
    response.writeHead(200, SSE);
    let position = 0;
    const step = () => {
      if (position >= bytes.length) return void response.end();
      response.write(bytes.subarray(position, position + size));
      position += size;
      setImmediate(step);
    };
    step();
  };
}

test.each([1, 2, 3, 7, 100_000])("bytes split into pieces of %d give the same text", async (size) => {
  const server = await startRawServer(inPieces(WHOLE, size));
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  const stream = client.chat.completions.stream(params);
  let text = "";
  for await (const piece of stream.textStream()) text += piece;
  expect(text).toBe(ANSWER);
  expect((await stream.finalChatCompletion()).usage).toEqual(usage);
});

test.each([
  ["CRLF", (body: string) => body.replaceAll("\n", "\r\n")],
  ["a BOM", (body: string) => `\ufeff${body}`],
  [
    "comments between the lines",
    (body: string) => `: keep-alive\n\n${body.replaceAll("\n\n", "\n\n: keep-alive\n\n")}`,
  ],
  ["no space after the colon", (body: string) => body.replaceAll("data: ", "data:")],
  ["other fields", (body: string) => body.replaceAll("data: ", "event: message\nid: 7\nretry: 10\ndata: ")],
  ["no [DONE]", (body: string) => body.replace("data: [DONE]\n\n", "")],
  ["no blank line after the last event", (body: string) => body.replace("data: [DONE]\n\n", "").trimEnd()],
  ["text that is no event after the end", (body: string) => `${body}upstream error: read ECONNRESET`],
])("framing with %s gives the same text", async (_, frame) => {
  const server = await startRawServer(inPieces(frame(WHOLE), 11));
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  const { choices } = await client.chat.completions.create(params);
  expect(choices[0]?.message.content).toBe(ANSWER);
});

test("a stream cut inside a character delivers no half of it", async () => {
  const bytes = new TextEncoder().encode(event({ content: "ok 👩" }) + event({ content: "never 👩 seen" }));
  const server = await startRawServer((_request, response) => {
    response.writeHead(200, SSE);
    response.write(bytes.subarray(0, bytes.length - 60), () => response.destroy());
  });
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url, resume: false });
  const stream = client.chat.completions.stream(params);
  let text = "";
  const read = async () => {
    for await (const piece of stream.textStream()) text += piece;
  };
  await expect(read()).rejects.toMatchObject({ code: "stream_interrupted", partial: { content: "ok 👩" } });
  expect(text).toBe("ok 👩");
});

test("text after a break of the stream is no part of the answer, however cleanly the socket closes", async () => {
  const server = await startRawServer((_request, response) => {
    response.writeHead(200, SSE);
    response.end(`${event({ content: "half" })}upstream error: read ECONNRESET\n`);
  });
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url, resume: false, retry: false });
  await expect(client.chat.completions.create(params)).rejects.toMatchObject({
    code: "stream_interrupted",
    partial: { content: "half" },
  });
});

test("an event of a megabyte is read; one without end is an error, and memory stays bounded", async () => {
  const large = "x".repeat(1_000_000);
  const server = await startRawServer((_request, response) => {
    response.writeHead(200, SSE);
    response.end(event({ content: large }) + event({ content: "" }, "stop"));
  });
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  expect((await client.chat.completions.create(params)).choices[0]?.message.content).toBe(large);

  const flood = await startRawServer((_request, response) => {
    response.writeHead(200, SSE);
    response.write("data: ");
    const piece = "y".repeat(64 * 1024);
    const more = () => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  const flooded = createResilientClient({ apiKey: KEY, baseURL: flood.url, retry: false });
  await expect(flooded.chat.completions.create(params)).rejects.toMatchObject({ code: "unexpected_response" });
});

test("an error body without end is cut off, and its status still says what it was", async () => {
  const server = await startRawServer((_request, response) => {
    response.writeHead(503, { "content-type": "application/json" });
    const more = () => {
      while (!response.destroyed && response.write("z".repeat(16 * 1024)));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url, retry: false });
  const error = await client.chat.completions.create(params).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "busy", status: 503 });
  expect((error as Error).message.length).toBeLessThan(400);
  expect(server.connections).toBe(1);
});
