import type { IncomingMessage } from "node:http";

const MOST_BYTES = 16_384;

/**
 * Reads `{ "question": "..." }`. Gives the HTTP status to refuse everything else with: a server with a key in it must
 * not work for any page that finds it.
 */
export async function readQuestion(request: IncomingMessage): Promise<string | number> {
  const { host, origin, "content-type": type } = request.headers;
  if (request.method !== "POST") return 405;
  if (request.url !== "/chat") return 404;
  // Another page's script cannot forge its origin, nor the type of content without asking first.
  if (!isOurs(host) || origin !== `http://${host}`) return 403;
  if (type?.split(";")[0]?.trim().toLowerCase() !== "application/json") return 415;

  request.setEncoding("utf8");
  let body = "";
  for await (const text of request) {
    body += text;
    if (Buffer.byteLength(body) > MOST_BYTES) return 413;
  }
  return parseQuestion(body)?.trim() || 400;
}

/** A foreign name that points to this machine is how a page of the internet would reach it. */
export function isOurs(host: string | undefined): boolean {
  return /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host ?? "");
}

function parseQuestion(body: string): string | undefined {
  try {
    const { question } = JSON.parse(body) as { question?: unknown };
    return typeof question === "string" ? question : undefined;
  } catch {
    return undefined;
  }
}
