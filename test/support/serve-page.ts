import { readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Simulator } from "../../src/testing/index.ts";
import { cleanUp } from "./leaks.ts";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript" };

/** Serves the files of a folder, the page with this policy. Gives its origin; it ends with the test. */
export async function servePage(folder: string, policy: string): Promise<string> {
  return listen((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    const file = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
    const isThere = statSync(file, { throwIfNoEntry: false })?.isFile();
    response.writeHead(isThere ? 200 : 404, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-security-policy": policy,
    });
    response.end(isThere ? readFileSync(file) : undefined);
  });
}

/** What stands between pages and an API that is not made for them: it permits every origin. Ends with the test. */
export async function serveToPages(simulator: Simulator): Promise<string> {
  return listen((request, response) => {
    forward(request, response, simulator).catch(() => response.destroy());
  });
}

async function forward(request: IncomingMessage, response: ServerResponse, simulator: Simulator): Promise<void> {
  const permitted = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-allow-methods": "POST",
  };
  if (request.method === "OPTIONS") return void response.writeHead(204, permitted).end();
  request.setEncoding("utf8");
  let body = "";
  for await (const text of request) body += text;
  const answer = await simulator.fetch(`http://simulator${request.url}`, {
    method: request.method ?? "GET",
    headers: request.headers as Record<string, string>,
    body,
  });
  response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), ...permitted });
  for await (const bytes of answer.body ?? []) response.write(bytes);
  response.end();
}

async function listen(serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
