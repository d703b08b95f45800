import type { RequestListener } from "node:http";
import { expect, test } from "vitest";
import { createResilientClient, ollama } from "../../src/index.ts";
import { rejectionOf } from "../support/abort-reasons.ts";
import { eventually, params, startRawServer } from "../support/raw-server.ts";

const NDJSON = { "content-type": "application/x-ndjson" };
const TEXT = "naïve 服务器 👩🏽‍🚀";
const line = (content: string, more: object = {}) =>
  `${JSON.stringify({ model: "m", created_at: "2026-08-04T19:58:20Z", message: { role: "assistant", content }, done: false, ...more })}\n`;
const END = line("", { done: true, done_reason: "stop", prompt_eval_count: 3, eval_count: 2 });
const WHOLE = [...TEXT].map((character) => line(character)).join("") + END;

async function clientFor(handle: RequestListener) {
  const server = await startRawServer(handle);
  const providers = [ollama({ model: "m", route: "native", baseURL: server.url })];
  const client = createResilientClient({ providers, retry: false, resume: false });
  return { server, completions: client.chat.completions };
}

test("bytes split anywhere give the same answer, and connections serve the next calls", async () => {
  const bytes = Buffer.from(WHOLE);
  const { server, completions } = await clientFor((_, response) => {
    response.writeHead(200, NDJSON);
    // In writes that cut characters and lines.
    for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
    response.end();
  });
  for (let calls = 0; calls < 6; calls++) {
    const { choices, usage } = await completions.create(params);
    expect(choices[0]?.message.content).toBe(TEXT);
    expect(usage).toEqual({ prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 });
  }
  // A call may begin while the end of the one before is still on its way.
  expect(server.connections).toBeLessThanOrEqual(2);
});

test("an abort closes the connection while the server generates", async () => {
  const { server, completions } = await clientFor((_, response) => {
    response.writeHead(200, NDJSON);
    response.write(line("Hello") + line(", I am").slice(0, 20));
  });
  const controller = new AbortController();
  const stream = completions.stream(params, { signal: controller.signal });
  const reason = new Error("enough");
  const reading = rejectionOf(
    (async () => {
      for await (const text of stream.textStream()) {
        expect(text).toBe("Hello");
        controller.abort(reason);
      }
    })(),
  );
  expect(await reading).toBe(reason);
  await eventually(() => server.open === 0, "the connection is closed");
});

test("a connection that is cut is a broken stream, with what had come", async () => {
  const { completions } = await clientFor((_, response) => {
    response.writeHead(200, NDJSON);
    response.write(line("Hello") + line(" there").slice(0, 30), () => response.destroy());
  });
  expect(await rejectionOf(completions.create(params))).toMatchObject({
    code: "stream_interrupted",
    partial: { content: "Hello" },
  });
});

test("a flood without the end of a line is given up, and its connection closed", async () => {
  const flood = "x".repeat(1024 * 1024);
  let sent = 0;
  const { server, completions } = await clientFor((_, response) => {
    response.writeHead(200, NDJSON);
    const goOn = () => {
      sent += 1;
      if (!response.closed && sent < 200) response.write(flood, goOn);
    };
    response.write(`${line("Hello")}{"message":"`, goOn);
  });
  expect(await rejectionOf(completions.create(params))).toMatchObject({ code: "unexpected_response" });
  await eventually(() => server.open === 0, "the connection is closed");
  expect(sent).toBeLessThan(60);
});

test("a server that knows no such route says so", async () => {
  const { completions } = await clientFor((_, response) => {
    response.writeHead(404, { "content-type": "text/plain" });
    response.end("404 page not found");
  });
  const error = await rejectionOf(completions.create(params));
  expect(error).toMatchObject({ code: "invalid_request", message: expect.stringContaining("check the base URL") });
});
