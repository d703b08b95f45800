// A server that streams answers to a browser, and keeps the key to itself.
//   npm run example stream-to-browser
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { createResilientClient, describeEvent } from "resilient-deepseek";
import { listen } from "./stream-to-browser/listen.ts";
import { readQuestion } from "./stream-to-browser/read-question.ts";
import { servePage } from "./stream-to-browser/serve-page.ts";

const client = createResilientClient({ onEvent: (event) => console.error(describeEvent(event)) });

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const content = await readQuestion(request);
  if (typeof content === "number") return void response.writeHead(content, { connection: "close" }).end(); // refused
  const left = new AbortController();
  response.once("close", () => left.abort()); // the reader has gone: nobody pays for the rest

  const params = { model: "deepseek-flash", messages: [{ role: "user", content }] } as const;
  const stream = client.chat.completions.stream(params, { signal: left.signal });
  // The reader is told what kind of failure it was (see chat.js), the log why.
  stream.finalChatCompletion().catch((error) => left.signal.aborted || console.error(String(error)));
  const { headers, body } = stream.toResponse();
  response.writeHead(200, Object.fromEntries(headers)).flushHeaders();
  await pipeline(body ?? [], response).catch(() => {}); // it fails only when the reader has gone
}

const server = createServer((request, response) => {
  if (request.method === "GET") return servePage(request, response);
  answer(request, response).catch(() => response.destroy());
});
const stopped = once(process, "SIGINT");
console.log(`Open ${await listen(server)} in your browser. Ctrl-C ends it.`);

await stopped;
server.close().closeAllConnections();
await client.close();
