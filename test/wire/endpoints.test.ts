import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { createResilientClient, type ResilientClient } from "../../src/index.ts";
import { createSimulator } from "../../src/testing/index.ts";
import { rejectionOf } from "../support/abort-reasons.ts";
import { cleanUp } from "../support/leaks.ts";
import { eventually, startRawServer } from "../support/raw-server.ts";

const apiKey = "sk-wire-0123456789";
const LOOK_UPS = [
  ["/models", (client: ResilientClient) => client.models.list()],
  ["/user/balance", (client: ResilientClient) => client.balance()],
] as const;

test.each(LOOK_UPS)("%s is a plain GET: no body, no content type, and the key", async (path, ask) => {
  const requests: IncomingMessage[] = [];
  const server = await startRawServer((request, response) => {
    requests.push(request);
    response.setHeader("content-type", "application/json");
    response.end('{"object":"list","data":[{"id":"m"}],"is_available":false,"balance_infos":[]}');
  });
  const client = createResilientClient({ apiKey, baseURL: server.url, headers: { "x-team": "search" } });
  await ask(client);
  const [request] = requests;
  expect([request?.method, request?.url]).toEqual(["GET", path]);
  const { headers } = request ?? {};
  expect(headers).toMatchObject({
    authorization: `Bearer ${apiKey}`,
    accept: "application/json",
    "x-team": "search",
  });
  for (const name of ["content-type", "content-length", "transfer-encoding"]) expect(headers).not.toHaveProperty(name);
  // The connection is given back in a moment, and serves the next one.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await ask(client);
  expect([requests.length, server.connections]).toEqual([2, 1]);
  await client.close();
});

test.each(LOOK_UPS)("%s follows no redirect", async (path, ask) => {
  const target = await startRawServer((_request, response) => response.end("{}"));
  const server = await startRawServer((_request, response) => {
    response.writeHead(307, { location: `${target.url}${path}` });
    response.end();
  });
  const client = createResilientClient({ apiKey, baseURL: server.url, retry: false });
  expect(await rejectionOf(ask(client))).toMatchObject({ code: "unexpected_response", status: 307 });
  expect(target.connections).toBe(0);
  await client.close();
});

test.each(LOOK_UPS)("%s that never ends is left on abort, and its connection closed", async (_, ask) => {
  const server = await startRawServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"object":"list","data":[');
  });
  const client = createResilientClient({ apiKey, baseURL: server.url });
  const asked = rejectionOf(ask(client));
  await eventually(() => server.open === 1, "it is asked");
  await client.close();
  expect(await asked).toMatchObject({ code: "client_closed" });
  await eventually(() => server.open === 0, "its connection is closed");
});

test("a flood in place of a list is ended, and kept in no memory", async () => {
  let written = 0;
  const server = await startRawServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"data":"');
    const flood = () => {
      while (!response.destroyed && response.write("x".repeat(1 << 20))) written += 1 << 20;
    };
    response.on("drain", flood);
    flood();
  });
  const client = createResilientClient({ apiKey, baseURL: server.url, retry: false });
  expect(await rejectionOf(client.models.list())).toMatchObject({ code: "unexpected_response" });
  expect(written).toBeLessThan(200 << 20);
  await client.close();
});

test("over real HTTP a gap is filled, cut inside a character, and goes on", async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const simulator = createSimulator({ seed, answerTokens: 150, script: [{ kind: "cut" }] });
    const { url } = await simulator.listen();
    cleanUp(() => simulator.close());
    const client = createResilientClient({ apiKey, baseURL: url });
    const stream = client.completions.stream({ model: "deepseek-flash", prompt: "a = [", suffix: "]" });
    let text = "";
    for await (const piece of stream.textStream()) text += piece;
    expect(text).toBe(simulator.requests[0]?.answer?.content);
    expect(stream.report.attempts.length).toBe(2);
    await client.close();
  }
});
