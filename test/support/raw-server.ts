import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect } from "vitest";
import { cleanUp } from "./leaks.ts";

/** A server of a test's own, that does with the bytes what the test says. */
export interface RawServer {
  readonly url: string;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections open right now. */
  readonly open: number;
}

export async function startRawServer(handle: http.RequestListener): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = http.createServer((request, response) => {
    request.resume();
    request.on("end", () => handle(request, response));
  });
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  cleanUp(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
  };
}

/** An address of loopback where nobody listens. */
export async function closedAddress(): Promise<string> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** One event of a stream, as DeepSeek sends it. */
export function event(delta: object, finishReason: string | null = null, extra: object = {}): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
  return `data: ${JSON.stringify({ id: "raw", object: "chat.completion.chunk", created: 1, model: "m", choices, ...extra })}\n\n`;
}

export const SSE = { "content-type": "text/event-stream; charset=utf-8" };
export const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
export const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
export const ANSWER = "naïve 服务器 👩🏽‍🚀 𝒳 | a | b |\n\nha ha ha";
export const WHOLE = `${event({ role: "assistant", content: "" })}${[...ANSWER].map((character) => event({ content: character })).join("")}${event({ content: "" }, "stop", { usage })}data: [DONE]\n\n`;

/** Begins to answer, and goes on with a token now and then for as long as somebody listens. */
export const endless: http.RequestListener = (_request, response) => {
  response.writeHead(200, SSE);
  const timer = setInterval(() => response.write(event({ content: "more " })), 5);
  response.on("close", () => clearInterval(timer));
};

/** Waits until something is so; fails after two seconds. */
export async function eventually(isSo: () => boolean, what: string): Promise<void> {
  const until = performance.now() + 2_000;
  while (!isSo()) {
    expect(performance.now(), what).toBeLessThan(until);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The same of what the garbage collector does. */
export function eventuallyCollected(isSo: () => boolean, what: string): Promise<void> {
  expect(globalThis.gc, "--expose-gc").toBeTypeOf("function");
  return eventually(() => {
    globalThis.gc?.();
    return isSo();
  }, what);
}
