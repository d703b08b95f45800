import { expect, test } from "vitest";
import { createResilientClient, streamTools, tool } from "../../src/index.ts";
import { endless, eventually, eventuallyCollected, params, startRawServer } from "../support/raw-server.ts";

const now = tool({ name: "now", execute: () => "12:00" });

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
    const parts = streamTools(client, { ...params, tools: [now] }, { signal }).parts();
    expect((await parts.next()).done).toBe(false);
  };
  await begin();
  expect(server.open).toBe(1);
  await eventuallyCollected(() => server.open === 0, "the connection is closed");
});
