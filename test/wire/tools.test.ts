import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { createResilientClient, streamTools, tool } from "../../src/index.ts";
import { event, eventually, params, SSE, startRawServer } from "../support/raw-server.ts";

const now = tool({ name: "now", execute: () => "12:00" });

/** Begins to answer, and goes on for as long as somebody listens. */
const endless = (_request: unknown, response: import("node:http").ServerResponse) => {
  response.writeHead(200, SSE);
  const timer = setInterval(() => response.write(event({ content: "more " })), 5);
  response.on("close", () => clearInterval(timer));
};

test("leaving a run closes its connection", async () => {
  const server = await startRawServer(endless);
  const client = createResilientClient({ apiKey: "sk-wire", baseURL: server.url });
  for await (const part of streamTools(client, { ...params, tools: [now] }).parts())
    if (part.type === "text-delta") break;
  await eventually(() => server.open === 0, "the connection is closed");
});

test("a run that was dropped while it was read is collected, and its connection closed", async () => {
  const server = await startRawServer(endless);
  const client = createResilientClient({ apiKey: "sk-wire", baseURL: server.url });
  const begin = async () => {
    const { signal } = new AbortController();
    expect(
      (
        await streamTools(client, { ...params, tools: [now] }, { signal })
          .parts()
          .next()
      ).done,
    ).toBe(false);
  };
  await begin();
  expect(server.open).toBe(1);
  const until = performance.now() + 2_000;
  while (server.open > 0 && performance.now() < until) {
    await pause(5);
    globalThis.gc?.();
  }
  await eventually(() => server.open === 0, "the connection is closed");
});
