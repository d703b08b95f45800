import { maskSecrets } from "../src/transport/mask-secrets.ts";
import { type Answer, at } from "./answer.ts";
import type { Question } from "./probe.ts";

/** No honest answer to a question of ours is longer. */
const MAX_BODY_CHARS = 4 * 1024 * 1024;

interface Body {
  readonly text: string;
  readonly isLeft: boolean;
}

/** Reads a response to its end, or to where the question wants no more of it. */
export async function readAnswer(response: Response, question: Question, key: string): Promise<Answer> {
  const isStream = (response.headers.get("content-type") ?? "").includes("text/event-stream");
  const { text, isLeft } = await readBody(response, isStream ? question.leaveAfterEvents : undefined);
  const json = isStream ? undefined : tryParse(text);
  const lines = isStream ? text.split("\n") : [];
  const message = at(json, "error", "message");
  return {
    path: question.path,
    status: response.status,
    headers: Object.fromEntries([...response.headers].map(([name, value]) => [name, maskSecrets(value, [key])])),
    json,
    events: lines.filter((line) => line.startsWith("data:")).map((line) => parseData(line.slice(5).trim())),
    keepAlives: isStream
      ? lines.filter((line) => line.startsWith(":")).map((line) => maskSecrets(line, [key]))
      : (/^\s*\n/.exec(text)?.[0].split("\n").slice(1) ?? []),
    said: maskSecrets(typeof message === "string" ? message : text, [key]),
    isLeft,
  };
}

/** The answer of a server that gave none. */
export function noAnswer({ path }: Question, error: unknown, key: string): Answer {
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
  // Fetch itself says only that it failed.
  const why = at(cause, "code") ?? at(cause, "message");
  const said = maskSecrets(typeof why === "string" ? `${message} (${why})` : message, [key]);
  return { path, status: undefined, headers: {}, json: undefined, events: [], keepAlives: [], said, isLeft: false };
}

async function readBody(response: Response, leaveAfterEvents = Number.POSITIVE_INFINITY): Promise<Body> {
  const reader = response.body?.getReader();
  if (!reader) return { text: "", isLeft: false };
  const decoder = new TextDecoder();
  let text = "";
  let events = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), isLeft: false };
    const piece = decoder.decode(value, { stream: true });
    text += piece;
    events += piece.split("\ndata:").length - 1;
    if (events < leaveAfterEvents && text.length < MAX_BODY_CHARS) continue;
    await reader.cancel();
    return { text, isLeft: true };
  }
}

function parseData(data: string): unknown {
  return tryParse(data) ?? data;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
