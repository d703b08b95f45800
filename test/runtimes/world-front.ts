import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { constants, createGzip } from "node:zlib";
import { CORS_HEADERS, closeServer, listen } from "./loopback.ts";
import type { FrontPlan } from "./suite/world.ts";

/** A server before a simulator: adds what browsers ask for, and does to the answers what the plan says. */
export interface Front {
  readonly url: string;
  /** Requests that arrived where a redirect points. */
  readonly elsewhere: number;
  close(): Promise<void>;
}

export async function startFront(target: string, plan: FrontPlan): Promise<Front> {
  let elsewhere = 0;
  const server = http.createServer((request, response) => {
    if (request.method === "OPTIONS") {
      response.writeHead(204, CORS_HEADERS).end();
    } else if (request.url === "/elsewhere") {
      elsewhere += 1;
      response.writeHead(200, CORS_HEADERS).end("{}");
    } else if (plan.redirects) {
      response.writeHead(plan.redirects, { ...CORS_HEADERS, location: "/elsewhere" }).end();
    } else {
      passOn(target, plan, request, response);
    }
  });
  return {
    url: await listen(server),
    get elsewhere() {
      return elsewhere;
    },
    close: () => closeServer(server),
  };
}

function passOn(target: string, plan: FrontPlan, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { host: _, ...headers } = request.headers;
  const onward = http.request(target + request.url, { method: request.method, headers }, (answer) => {
    const compressed = plan.compresses ? { "content-encoding": "gzip" } : {};
    const { "transfer-encoding": __, ...told } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, { ...told, ...CORS_HEADERS, ...compressed });
    response.flushHeaders();
    // A connection that breaks there breaks here, after what came before.
    answer.on("error", () => response.write("", () => response.destroy()));
    if (plan.splitsCharacters) void writeSplit(answer, response);
    else if (plan.compresses) answer.pipe(createGzip({ flush: constants.Z_SYNC_FLUSH })).pipe(response);
    else answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

/** Stops after the first byte of each character that has several. */
async function writeSplit(answer: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  for await (const bytes of answer as AsyncIterable<Uint8Array>) {
    let from = 0;
    for (const [index, byte] of bytes.entries()) {
      if (byte < 0xc0) continue;
      response.write(bytes.subarray(from, index + 1));
      from = index + 1;
      await pause(2);
    }
    response.write(bytes.subarray(from));
  }
  response.end();
}
