import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type CallOptions, createResilientClient, type ResilientClientError } from "../../src/index.ts";
import { event, eventually, params, SSE, startRawServer } from "../support/raw-server.ts";

const MB = 1024 * 1024;
const opener = event({ role: "assistant", content: "The answer" });

/** Writes the same for ever, as fast as the other side reads. */
function flood(response: ServerResponse, text: string): void {
  const piece = Buffer.from(text.repeat(Math.ceil((64 * 1024) / text.length)));
  const write = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once("drain", write);
  };
  write();
}

/** Sends a request to a server that never stops; the error, the most memory it took in MB, and the time in ms. */
async function endure(begin: (response: ServerResponse) => void, options: CallOptions = {}) {
  const server = await startRawServer((_request, response) => begin(response));
  const client = createResilientClient({ apiKey: "sk-flood", baseURL: server.url, retry: false, resume: false });
  globalThis.gc?.();
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const atStart = used();
  let most = 0;
  const watch = setInterval(() => {
    globalThis.gc?.();
    most = Math.max(most, used() - atStart);
  }, 100);
  const startedAt = performance.now();
  const timeouts = { startMs: 1_500, totalMs: 4_000, contentMs: 1_500, finishMs: 300, ...options.timeouts };
  const settled = await client.chat.completions.create(params, { ...options, timeouts }).then(
    (completion) => ({ completion, error: undefined }),
    (error: ResilientClientError) => ({ completion: undefined, error }),
  );
  const ms = performance.now() - startedAt;
  clearInterval(watch);
  await eventually(() => server.open === 0, "the socket is closed");
  await client.close();
  return { ...settled, code: settled.error?.code, megabytes: Math.round(most / MB), ms: Math.round(ms) };
}

const streams =
  (text: string, first = "") =>
  (response: ServerResponse) => {
    response.writeHead(200, SSE);
    if (first) response.write(first);
    flood(response, text);
  };

test.each([
  ["comments", ": wait\n\n", 40],
  ["blank lines", "\n", 40],
  ["carriage returns", "\r", 40],
  ["one comment without an end", ": x", 80],
  ["fields nobody knows", "x-field: value\n", 40],
  ["ids and names", "id: 1\nevent: x\nretry: 1\n", 40],
  ["one line without an end", "data: x", 120],
  ["one event of many lines", "data: {}\n", 400],
  ["one event without a colon", "data\n", 400],
  ["null characters", "\0", 120],
  ["empty events", "data:\n\n", 40],
  ["chunks of other answers", 'data: {"choices":[{"index":3,"delta":{"content":"x"}}]}\n\n', 250],
])(
  "an endless flood of %s before the first token ends in bounded time and memory",
  { timeout: 60_000 },
  async (_, text, limit) => {
    const { error, megabytes, ms } = await endure(streams(text));
    expect(error).toMatchObject({ code: expect.stringMatching(/^(?:timeout|unexpected_response)$/) });
    expect(megabytes).toBeLessThan(limit);
    expect(ms).toBeLessThan(25_000);
  },
);

test.each([
  ["role openers", event({ role: "assistant", content: "" })],
  ["chunks without choices", 'data: {"choices":[]}\n\n'],
])("an endless flood of %s, which are kept until the first token, ends before the time does", async (_, text) => {
  const { error, megabytes } = await endure(streams(text), { timeouts: { startMs: 50_000, totalMs: 50_000 } });
  expect(error).toMatchObject({ code: "unexpected_response" });
  expect(megabytes).toBeLessThan(80);
});

test.each([
  ["comments", ": wait\n\n", 40],
  ["empty deltas", event({ content: "" }), 80],
  ["one line without an end", "data: x", 120],
  ["tokens", event({ content: "x" }), 250],
  ["thoughts", event({ reasoning_content: "x" }), 250],
])(
  "an endless flood of %s after the first token ends in bounded time and memory",
  { timeout: 60_000 },
  async (_, text, limit) => {
    const { error, megabytes, ms } = await endure(streams(text, opener));
    expect(error).toMatchObject({ code: expect.stringMatching(/^(?:timeout|unexpected_response)$/) });
    expect(megabytes).toBeLessThan(limit);
    expect(ms).toBeLessThan(25_000);
  },
);

test.each([
  [
    "entries of log probabilities",
    `data: {"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[${"[],".repeat(3_000)}[]]}}]}\n\n`,
  ],
  [
    "entries of a field nobody knows",
    `data: {"choices":[{"index":0,"delta":{"content":"a","x":[${"[],".repeat(3_000)}[]]}}]}\n\n`,
  ],
])("an endless flood of %s takes bounded memory", { timeout: 60_000 }, async (_, text) => {
  const { error, megabytes } = await endure(streams(text, opener), { timeouts: { totalMs: 50_000 } });
  expect(error).toMatchObject({ code: "unexpected_response" });
  expect(megabytes).toBeLessThan(1_000);
});

test.each([200, 503, 400])("an endless page under HTTP %d is left early", async (status) => {
  const { error, megabytes, ms } = await endure((response) => {
    response.writeHead(status, { "content-type": "text/html" });
    flood(response, "<p>busy ");
  });
  expect(error).toBeDefined();
  expect(megabytes).toBeLessThan(200);
  expect(ms).toBeLessThan(20_000);
});

test("an error body that drips for ever is left after two seconds, and its status still tells", async () => {
  const { code, ms } = await endure(
    (response) => {
      response.writeHead(401, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
    },
    { timeouts: { startMs: 20_000 } },
  );
  expect(code).toBe("authentication");
  expect(ms).toBeLessThan(15_000);
});

test("headers without end are no answer", async () => {
  const { error, ms } = await endure((response) => {
    response.socket?.write("HTTP/1.1 200 OK\r\n");
    const piece = `x-flood: ${"x".repeat(1_000)}\r\n`.repeat(60);
    const write = () => response.socket?.write(piece);
    const timer = setInterval(write, 5);
    response.socket?.on("error", () => {});
    response.socket?.on("close", () => clearInterval(timer));
  });
  expect(error).toMatchObject({ code: "connection" });
  expect(ms).toBeLessThan(15_000);
});

test.each([
  ["comments", ": on\n\n"],
  ["events", event({}, null, { usage: null })],
  ["a line without an end", "data: x"],
])("a server that goes on with %s after its finish keeps the answer and loses its connection", async (_, text) => {
  const { completion, megabytes } = await endure(streams(text, opener + event({}, "stop")));
  expect(completion?.choices[0]?.message.content).toBe("The answer");
  expect(megabytes).toBeLessThan(120);
});

test.each([
  ["an event", 200, "data: ", "x"],
  ["comments", 200, "", ":\n"],
  ["a JSON body", 200, '{"x":"', "x"],
  ["an error", 500, "", "x"],
])(
  "a small compressed body that grows to %s of 200 MB is bounded",
  { timeout: 60_000 },
  async (_, status, first, text) => {
    const bomb = gzipSync(Buffer.concat([Buffer.from(first), Buffer.alloc(200 * MB, text)]), { level: 1 });
    const { error, megabytes, ms } = await endure(
      (response) => {
        response.writeHead(status, { ...SSE, "content-encoding": "gzip" });
        response.end(bomb);
      },
      { timeouts: { startMs: 10_000, totalMs: 10_000 } },
    );
    expect(error).toBeDefined();
    expect(megabytes).toBeLessThan(250);
    expect(ms).toBeLessThan(40_000);
  },
);

test("arguments of tool calls have an end", async () => {
  const piece = { index: 0, id: "c", type: "function", function: { name: "f", arguments: "x".repeat(10_000) } };
  const { error, megabytes } = await endure(streams(event({ tool_calls: [piece] })));
  expect(error).toBeDefined();
  expect(megabytes).toBeLessThan(300);
});

test("the flood is real: a plain fetch would read hundreds of megabytes", async () => {
  const server = await startRawServer((_request, response) => streams(": wait\n\n")(response));
  const response = await fetch(server.url);
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > 100 * MB) break;
  }
  expect(bytes).toBeGreaterThan(100 * MB);
});
