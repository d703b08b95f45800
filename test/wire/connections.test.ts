import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { conversation, createResilientClient } from "../../src/index.ts";
import {
  closedAddress,
  endless,
  event,
  eventually,
  eventuallyCollected,
  params,
  SSE,
  startRawServer,
  usage,
  WHOLE,
} from "../support/raw-server.ts";

const KEY = "sk-wire";

test("connections serve one call after the other: none is cancelled at [DONE]", async () => {
  const server = await startRawServer((_request, response) => {
    response.writeHead(200, SSE);
    response.end(WHOLE);
  });
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  for (let call = 0; call < 5; call++) {
    await client.chat.completions.create(params);
    await client.chat.completions.stream(params).finalChatCompletion();
  }
  // A call may begin while the end of the one before is still on its way.
  expect(server.connections).toBeLessThanOrEqual(2);
});

test("a server that never closes after [DONE] delays no answer, and loses its connection", async () => {
  const server = await startRawServer((_request, response) => {
    response.writeHead(200, SSE);
    response.write(WHOLE);
  });
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  const startedAt = performance.now();
  await client.chat.completions.create(params);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  await eventually(() => server.open === 0, "the connection is closed");
  await eventually(() => client.health().providers[0]?.inFlight === 0, "nothing is in flight");
});

test("a server that sends neither [DONE] nor an end after the finish reason is left after finishMs", async () => {
  const server = await startRawServer((_request, response) => {
    response.writeHead(200, SSE);
    response.write(event({ content: "done" }) + event({ content: "" }, "stop", { usage }));
  });
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url, timeouts: { finishMs: 50 } });
  const completion = await client.chat.completions.create(params);
  expect(completion).toMatchObject({ choices: [{ message: { content: "done" } }], usage });
  await eventually(() => server.open === 0, "the connection is closed");
});

test("leaving a loop closes the socket", async () => {
  const server = await startRawServer(endless);
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  for await (const _ of client.chat.completions.stream(params)) break;
  await eventually(() => server.open === 0, "the socket is closed");
  expect(client.health().providers).toMatchObject([{ inFlight: 0 }]);
});

test("an abort closes the socket at once, also after the garbage collector ran", async () => {
  const server = await startRawServer(endless);
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  for (let round = 0; round < 20; round++) {
    const controller = new AbortController();
    const stream = client.chat.completions.stream(params, { signal: controller.signal });
    const texts = stream.textStream();
    await texts.next();
    await texts.next();
    globalThis.gc?.();
    await pause(1);
    globalThis.gc?.();
    controller.abort("enough");
    const drained = async () => {
      for await (const _ of texts);
    };
    await expect(drained()).rejects.toBe("enough");
    await eventually(() => server.open === 0, `the socket is closed in round ${round}`);
  }
  expect(globalThis.gc).toBeTypeOf("function");
});

test("a stream that was opened and dropped unread is closed by the garbage collector", async () => {
  const server = await startRawServer(endless);
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  const drop = async () => {
    await client.chat.completions.create({ ...params, stream: true });
  };
  await drop();
  expect(server.open).toBe(1);
  await eventuallyCollected(() => server.open === 0, "it is closed");
  await eventually(() => client.health().providers[0]?.inFlight === 0, "nothing is in flight");
});

test("a stream that went on behind a break and was dropped is closed by the garbage collector, too", async () => {
  let requests = 0;
  const server = await startRawServer((request, response) => {
    requests += 1;
    if (requests > 1) return endless(request, response);
    response.writeHead(200, SSE);
    response.write(event({ content: "cut" }), () => response.destroy());
  });
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  const drop = async () => {
    const text = client.chat.completions.stream(params).textStream();
    for (const piece of ["cut", "more "]) expect((await text.next()).value).toBe(piece);
  };
  await drop();
  expect(server.open).toBe(1);
  await eventuallyCollected(() => server.open === 0, "it is closed");
  await eventually(() => client.health().providers[0]?.inFlight === 0, "nothing is in flight");
});

test("a stream of a conversation that was begun and dropped is closed by the garbage collector, and the next turn runs", async () => {
  let requests = 0;
  const server = await startRawServer((request, response) => {
    requests += 1;
    endless(request, response);
  });
  const chat = conversation(createResilientClient({ apiKey: KEY, baseURL: server.url }), { model: params.model });
  const drop = async () => {
    await chat.stream("first").textStream().next();
  };
  await drop();
  const controller = new AbortController();
  const next = chat.send("second", { signal: controller.signal });
  await eventuallyCollected(() => chat.failed !== undefined, "the turn is given back");
  expect(chat.failed).toMatchObject({ input: [{ content: "first" }], error: { name: "AbortError" } });
  await eventually(() => requests === 2, "the next turn is asked");
  controller.abort("enough");
  await expect(next).rejects.toBe("enough");
  await eventually(() => server.open === 0, "the sockets are closed");
});

test("a stream that is held but not read stays open", async () => {
  const server = await startRawServer(endless);
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  const stream = await client.chat.completions.create({ ...params, stream: true });
  for (let round = 0; round < 5; round++) {
    await pause(5);
    globalThis.gc?.();
  }
  expect(server.open).toBe(1);
  expect(stream.report.outcome).toBe("pending");
  stream.abort();
  await eventually(() => server.open === 0, "the socket is closed");
});

test("a stream that nobody reads does not hold its process open", async () => {
  const server = await startRawServer(endless);
  const code = `
    import { createResilientClient } from ${JSON.stringify(new URL("../../src/index.ts", import.meta.url).href)};
    const client = createResilientClient({ apiKey: "sk-wire", baseURL: ${JSON.stringify(server.url)} });
    globalThis.stream = await client.chat.completions.create({ ...${JSON.stringify(params)}, stream: true });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { timeout: 40_000 });
  const [exitCode] = await once(child, "exit");
  expect(exitCode).toBe(0);
});

test("close ends every open connection", async () => {
  const server = await startRawServer(endless);
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url });
  const streams = await Promise.all(
    Array.from({ length: 5 }, () => client.chat.completions.create({ ...params, stream: true })),
  );
  expect(server.open).toBe(5);
  await client.close();
  await eventually(() => server.open === 0, "all sockets are closed");
  for (const stream of streams) expect(stream.report.outcome).toBe("failed");
});

test("a call to nobody fails with the code of the system and what to do about it", async () => {
  const baseURL = await closedAddress();
  const client = createResilientClient({ apiKey: KEY, baseURL, retry: false });
  const error = await client.chat.completions.create(params).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "connection",
    message: `Could not reach deepseek at ${new URL(baseURL).host} (ECONNREFUSED). Nothing accepts connections there: the host is down, the base URL is wrong, or a local server was not started.`,
    cause: { code: "ECONNREFUSED" },
  });
});

test("a redirect is not followed", async () => {
  const target = await startRawServer((_request, response) => response.end());
  const server = await startRawServer((_request, response) => {
    response.writeHead(307, { location: target.url });
    response.end();
  });
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url, retry: false });
  await expect(client.chat.completions.create(params)).rejects.toMatchObject({
    code: "unexpected_response",
    status: 307,
  });
  expect(target.connections).toBe(0);
});
