// The server all clients ask, in a process of its own, so that its work is not counted. The path says how it answers.
// It tells its parent the port, and whenever asked how many requests came: a client that asked twice would be measured
// for a failure.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { answerBody, answerEvents, answerPieces } from "./answers.ts";
import { ANSWER_PIECES, EVENT_EVERY_MS, OPEN_PIECES } from "./client.ts";

/** What a TLS record carries at most: events are cut anywhere, and a read brings about seventy of them. */
const WRITE_BYTES = 16_384;

const longBytes = Buffer.from(answerEvents(answerPieces(ANSWER_PIECES.long)).join(""));
const longWrites = Array.from({ length: Math.ceil(longBytes.length / WRITE_BYTES) }, (_, index) =>
  longBytes.subarray(index * WRITE_BYTES, (index + 1) * WRITE_BYTES),
);
const pacedEvents = answerEvents(answerPieces(ANSWER_PIECES.paced));
const smallEvents = answerEvents(answerPieces(ANSWER_PIECES.small)).join("");
const smallBody = answerBody(answerPieces(ANSWER_PIECES.small));

type Answer = (response: ServerResponse, isStream: boolean) => void;

const answers: Record<string, Answer> = {
  long: (response) => writeOn(response, 0),
  paced: (response) => {
    const streams = paced[arrived++ % EVENT_EVERY_MS];
    streams?.add({ response, next: 0 });
  },
  small: (response, isStream) => response.end(isStream ? smallEvents : smallBody),
  // Stays in the middle of its answer until the client is gone.
  open: (response) => response.write(pacedEvents.slice(0, 1 + OPEN_PIECES).join("")),
};

function writeOn(response: ServerResponse, from: number): void {
  for (let index = from; index < longWrites.length; index++) {
    if (response.write(longWrites[index])) continue;
    response.once("drain", () => writeOn(response, index + 1));
    return;
  }
  response.end();
}

/** Open streams by the millisecond in which they get their next event, so that not all get it at once. */
const paced = Array.from({ length: EVENT_EVERY_MS }, () => new Set<{ response: ServerResponse; next: number }>());
let arrived = 0;
let tick = 0;

function writePaced(): void {
  const streams = paced[tick++ % EVENT_EVERY_MS] ?? [];
  for (const stream of streams) {
    const event = pacedEvents[stream.next++];
    if (event && stream.next < pacedEvents.length) stream.response.write(event);
    else {
      stream.response.end(event);
      paced[(tick - 1) % EVENT_EVERY_MS]?.delete(stream);
    }
  }
}

let requests = 0;

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  requests++;
  const { stream } = JSON.parse(await text(request)) as { stream?: boolean };
  const answer = answers[request.url?.split("/")[1] ?? ""];
  const type = stream ? "text/event-stream; charset=utf-8" : "application/json";
  response.writeHead(answer ? 200 : 404, { "content-type": type });
  if (answer) answer(response, Boolean(stream));
  else response.end();
}

// Connections outlive the turns of the other clients.
const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  serve(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
setInterval(writePaced, 1);
process.on("message", () => {
  process.send?.({ requests });
  requests = 0;
});
process.on("disconnect", () => process.exit());
