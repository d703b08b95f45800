import { DONE } from "./dialect.ts";
import type { Exchange, Step, WriteStep } from "./exchange.ts";

/** A legal layout of the same answer: every client must read all of them alike. */
export interface Framing {
  /** What ends a line of a stream. @defaultValue "\n" */
  readonly lineEnd?: "\n" | "\r\n" | "\r" | undefined;
  /** Before the first line of a stream. @defaultValue false */
  readonly byteOrderMark?: boolean | undefined;
  /** Bytes of one write; `Infinity`: all in one, at the end. JSON bodies too. @defaultValue one event, or one JSON body */
  readonly writeBytes?: number | undefined;
  /** A comment between events. @defaultValue false */
  readonly comments?: boolean | undefined;
  /** The JSON of an event over several `data:` lines. @defaultValue false */
  readonly dataLines?: boolean | undefined;
  /** `data: {}` or `data:{}`. @defaultValue true */
  readonly spaceAfterColon?: boolean | undefined;
  /** `event: message`, `id:` and `retry:` beside the data. @defaultValue false */
  readonly otherFields?: boolean | undefined;
  /** A field nobody knows, of so many bytes, in the JSON of the first event. JSON bodies too. @defaultValue 0 */
  readonly padBytes?: number | undefined;
  /** The last event lacks its blank line. @defaultValue false */
  readonly unterminated?: boolean | undefined;
  /** After the finish: a line that is no field, or bytes that are no text. @defaultValue none */
  readonly junk?: "text" | "bytes" | undefined;
}

/** A line that a proxy was seen to add, and bytes of no encoding. */
const JUNK = { text: "upstream error: read ECONNRESET\n\n", bytes: "\xff\xfe\x00\x80\xc3\x28\n\n" };

/** A comment of a keep-alive, with the ends of line of the stream it stands in. */
export function frameKeepAlive(step: Step, framing: Framing): Step {
  if (step.type !== "keep-alive" && step.type !== "queue") return step;
  if ((framing.lineEnd ?? "\n") === "\n") return step;
  return { ...step, bytes: fromBinary(withLineEnds(toBinary(step.bytes), framing)) };
}

/** What leaves the bytes of an answer alone: most answers need no more, and a long one has hundreds of events. */
function isPlain({ writeBytes: _, ...layout }: Framing): boolean {
  return Object.values(layout).every((value) => value === undefined);
}

/** Lays out an answer. How its bytes are cut into writes comes last, after all that may break it: `writeInPieces`. */
export function frameExchange(exchange: Exchange, framing: Framing, isStream: boolean): Exchange {
  if (isPlain(framing)) return exchange;
  const { padBytes = 0 } = framing;
  const body = padBytes > 0 ? padded(exchange.body, padBytes) : exchange.body;
  return { ...exchange, body: isStream ? layOut(body, framing) : body };
}

/** Events as one JSON value a line: without fields, comments and `[DONE]`. */
export function asLines(exchange: Exchange, { lineEnd = "\n" }: Framing): Exchange {
  const body = exchange.body.flatMap((step): Step[] => {
    if (step.type !== "write") return [step];
    const text = toBinary(step.bytes);
    if (text === DONE) return [];
    const [, data] = /^(?:event: error\n)?data: (.*)\n\n$/s.exec(text) ?? [];
    return [{ ...step, bytes: data === undefined ? step.bytes : fromBinary(data + lineEnd) }];
  });
  return { ...exchange, headers: { ...exchange.headers, "content-type": "application/x-ndjson" }, body };
}

function layOut(body: readonly Step[], framing: Framing): Step[] {
  const last = body.findLastIndex(({ type }) => type === "write");
  let ids = 0;
  return body.map((step, index): Step => {
    if (step.type !== "write") return step;
    const event = toBinary(step.bytes);
    ids += 1;
    let text = laidOut(event, framing, ids);
    if (index === last && event === DONE && framing.junk) text = withLineEnds(JUNK[framing.junk], framing) + text;
    if (index === last && framing.unterminated) text = text.slice(0, -(framing.lineEnd ?? "\n").length);
    if (ids === 1 && framing.byteOrderMark) text = `\xef\xbb\xbf${text}`;
    return { ...step, bytes: fromBinary(text) };
  });
}

function laidOut(event: string, framing: Framing, id: number): string {
  const { dataLines = false, spaceAfterColon = true, otherFields = false, comments = false } = framing;
  const lines = event.split("\n").flatMap((line) => {
    const data = /^data: (.*)$/.exec(line)?.[1];
    return data === undefined || !dataLines ? [line] : overLines(data).map((part) => `data: ${part}`);
  });
  const isEvent = event.startsWith("data: ");
  const fields = otherFields && isEvent ? ["event: message", `id: ${id}`, "retry: 3000", ...lines] : lines;
  const told = fields.map((line) => (spaceAfterColon ? line : line.replace(/^(\w+): /, "$1:")));
  const comment = comments && id > 1 ? ": a comment\n\n" : "";
  return withLineEnds(comment + told.join("\n"), framing);
}

/** The same JSON with line breaks where JSON has room for them; what is no JSON stays as it is. */
function overLines(data: string): string[] {
  try {
    return JSON.stringify(JSON.parse(data), null, 1).split("\n");
  } catch {
    return [data];
  }
}

function withLineEnds(text: string, { lineEnd = "\n" }: Framing): string {
  return lineEnd === "\n" ? text : text.replaceAll("\n", lineEnd);
}

/** The first JSON object that is written gets one field more. */
function padded(body: readonly Step[], bytes: number): Step[] {
  const index = body.findIndex((step) => step.type === "write" && toBinary(step.bytes).includes("{"));
  const step = body[index];
  if (step?.type !== "write") return [...body];
  const text = toBinary(step.bytes).replace("{", () => `{"padding":"${"x".repeat(bytes)}",`);
  return body.with(index, { ...step, bytes: fromBinary(text) });
}

/** A text with one character a byte, so that bytes of no encoding survive. */
function toBinary(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function fromBinary(text: string): Uint8Array {
  // Not `Uint8Array.from`, which asks an iterator and a callback for every byte.
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Cuts what is written into writes of so many bytes. Each brings the tokens whose last byte is in it. */
export function writeInPieces(exchange: Exchange, { writeBytes }: Framing): Exchange {
  if (writeBytes === undefined) return exchange;
  const body: Step[] = [];
  let gathered: WriteStep[] = [];
  const flush = () => {
    for (const piece of piecesOf(gathered, writeBytes)) body.push(piece);
    gathered = [];
  };
  for (const step of exchange.body) {
    if (step.type === "write") gathered.push(step);
    else {
      // All in one write means at the end, after every wait.
      if (step.type !== "wait" || writeBytes < Number.POSITIVE_INFINITY) flush();
      body.push(step);
    }
  }
  flush();
  return { ...exchange, body };
}

function piecesOf(steps: readonly WriteStep[], size: number): WriteStep[] {
  const bytes = new Uint8Array(steps.reduce((sum, step) => sum + step.bytes.length, 0));
  const pieces: WriteStep[] = [];
  let [from, at, tokens] = [0, 0, 0];
  const push = (to: number) => {
    pieces.push({ type: "write", bytes: bytes.subarray(from, to), tokens });
    [from, tokens] = [to, 0];
  };
  for (const step of steps) {
    bytes.set(step.bytes, at);
    at += step.bytes.length;
    while (at - from > size) push(from + size);
    tokens += step.tokens;
  }
  if (at > from) push(at);
  return pieces;
}
