import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isOurs } from "./read-question.ts";

const read = (name: string) => readFileSync(new URL(name, import.meta.url));

/** Nothing else is served, so no path can lead anywhere else. */
const FILES: ReadonlyMap<string, { readonly type: string; readonly body: Buffer }> = new Map([
  ["/", { type: "text/html; charset=utf-8", body: read("index.html") }],
  ["/chat.js", { type: "text/javascript; charset=utf-8", body: read("chat.js") }],
  ["/chat.css", { type: "text/css; charset=utf-8", body: read("chat.css") }],
]);

const HEADERS = {
  // Its own script, its own style, its own server: whatever an answer says, nothing in it can run.
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
} as const;

export function servePage(request: IncomingMessage, response: ServerResponse): void {
  const file = FILES.get(request.url ?? "");
  if (!isOurs(request.headers.host)) response.writeHead(403).end();
  else if (!file) response.writeHead(404).end();
  else response.writeHead(200, { ...HEADERS, "content-type": file.type }).end(file.body);
}
