import fc from "fast-check";
import { expect, test } from "vitest";
import { createEventReader } from "../../../src/transport/read-events.ts";
import { splitBytes } from "../../support/wire-response.ts";

const MEBI = 1024 * 1024;
const encoder = new TextEncoder();

function createCollector() {
  const data: string[] = [];
  const seen = { overflows: 0 };
  const reader = createEventReader({
    onData: (text) => data.push(text),
    onOverflow: () => {
      seen.overflows += 1;
    },
  });
  return { reader, data, seen };
}

/** The data of all events in these pieces. */
function read(...pieces: readonly (string | Uint8Array)[]): string[] {
  const { reader, data } = createCollector();
  for (const piece of pieces) reader.feed(typeof piece === "string" ? encoder.encode(piece) : piece);
  reader.end();
  return data;
}

test("each event gives its data", () => {
  expect(read("data: a\n\ndata: b\n\n")).toEqual(["a", "b"]);
});

test("an event is handed on with the byte that completes it, not later", () => {
  const { reader, data } = createCollector();
  reader.feed(encoder.encode("data: a\n"));
  expect(data).toEqual([]);
  reader.feed(encoder.encode("\n"));
  expect(data).toEqual(["a"]);
});

test.each([
  ["LF", "data: a\n\ndata: b\n\n"],
  ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n"],
  ["CR", "data: a\r\rdata: b\r\r"],
  ["all mixed", "data: a\r\n\ndata: b\r\r\n"],
])("lines may end with %s", (_, text) => {
  expect(read(text)).toEqual(["a", "b"]);
});

test("only one blank after the colon is no part of the data", () => {
  expect(read("data:a\n\ndata: b\n\ndata:  c\n\n")).toEqual(["a", "b", " c"]);
});

test("a byte order mark is passed over, also when it is cut", () => {
  expect(read("\uFEFFdata: a\n\n")).toEqual(["a"]);
  expect(read(...splitBytes(encoder.encode("\uFEFFdata: a\n\n"), [1, 2, 3]))).toEqual(["a"]);
});

test("several data lines are one event, joined by line breaks", () => {
  expect(read('data: {"a":\ndata: 1}\n\n')).toEqual(['{"a":\n1}']);
});

test("comments, keep-alives and unknown fields are no events", () => {
  expect(
    read(
      ": keep-alive\n\n",
      ":\n\n",
      ": OPENROUTER PROCESSING\n",
      "event: message\nid: 7\nretry: 100\n\n",
      "retry: never\nfoo: bar\nno colon at all\n\n",
      "upstream error: read ECONNRESET\n\n",
      "data: a\n\n",
    ),
  ).toEqual(["a"]);
});

test("a comment inside an event does not break it", () => {
  expect(read("data: a\n: keep-alive\ndata: b\n\n")).toEqual(["a\nb"]);
});

test("field names are taken to the letter", () => {
  expect(read("Data: a\n\n", " data: b\n\n", "data : c\n\n", "data1: d\n\n", "data\n\n")).toEqual([""]);
});

test("a character cut in the middle of its bytes arrives whole", () => {
  const bytes = encoder.encode("data: 深度🐋\n\n");
  for (let cut = 1; cut < bytes.length; cut++) expect(read(...splitBytes(bytes, [cut]))).toEqual(["深度🐋"]);
});

test("bytes that are no UTF-8 become replacement characters and harm nothing after them", () => {
  expect(read("data: a", new Uint8Array([0xff, 0xc3, 0x28]), "\n\ndata: b\n\n")).toEqual(["a\uFFFD\uFFFD(", "b"]);
});

test.each([
  ["nothing", "data: b"],
  ["one line break", "data: b\n"],
  ["CR", "data: b\r"],
  ["CRLF", "data: b\r\n"],
])("the last event is handed on although only %s follows it", (_, last) => {
  expect(read("data: a\n\n", last)).toEqual(["a", "b"]);
});

test("an event that ended in the middle of a character says so", () => {
  expect(read("data: a", encoder.encode("深").slice(0, 2))).toEqual(["a\uFFFD"]);
});

test("an empty stream has no events", () => {
  expect(read()).toEqual([]);
  expect(read("", "\n\n\n", "\uFEFF")).toEqual([]);
});

test("junk after the last event is passed over", () => {
  expect(read("data: [DONE]\n\n<html>oops</html>")).toEqual(["[DONE]"]);
});

test("an event of megabytes is honest", () => {
  const text = "x".repeat(4 * MEBI);
  expect(read(`data: ${text}\n\n`)).toEqual([text]);
});

test("an event of megabytes in small pieces takes linear time", () => {
  const piece = encoder.encode("x".repeat(100));
  const { reader, data } = createCollector();
  const startedAt = performance.now();
  reader.feed(encoder.encode("data: "));
  for (let count = 0; count < 70_000; count++) reader.feed(piece);
  reader.feed(encoder.encode("\n\n"));
  expect(data.map(({ length }) => length)).toEqual([7_000_000]);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});

test.each([
  ["one line that never ends", "x".repeat(MEBI), "data: "],
  ["data lines without a blank one", `data: ${"x".repeat(MEBI)}\n`, ""],
  ["an id that never ends", "x".repeat(MEBI), "id: "],
  ["an event name that never ends", "x".repeat(MEBI), "event: "],
])("%s is stopped after 8 MiB, once, and nothing is handed on any more", (_, flood, opener) => {
  const { reader, data, seen } = createCollector();
  reader.feed(encoder.encode(`data: before\n\n${opener}`));
  for (let count = 0; count < 7; count++) reader.feed(encoder.encode(flood));
  expect(seen.overflows).toBe(0);
  for (let count = 0; count < 5; count++) reader.feed(encoder.encode(flood));
  reader.feed(encoder.encode("\n\ndata: after\n\n"));
  reader.end();
  expect(seen.overflows).toBe(1);
  expect(data).toEqual(["before"]);
});

test.each([
  ["comment lines", ": keep-alive\n"],
  ["blank lines", "\n"],
  ["a comment that never ends", ":::::::::::::"],
  ["a line of junk that never ends", "junk junk junk"],
])("a flood of %s is nothing, and keeps nothing", (_, text) => {
  const { reader, data, seen } = createCollector();
  const flood = encoder.encode(text.repeat(100_000));
  for (let count = 0; count < 40; count++) reader.feed(flood);
  reader.feed(encoder.encode("\n\ndata: a\n\n"));
  expect(data).toEqual(["a"]);
  expect(seen.overflows).toBe(0);
});

const line = fc.string({ unit: fc.constantFrom("a", "深", "🐋", " ", ":", "{", '"', "\t", "\u2028") });
const noise = fc.constantFrom(": keep-alive\n\n", ":\n", "id: 1\n", "event: x\n", "junk\n", "\n");
const event = fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 3 }), before: fc.array(noise) });

test("any stream, split at any bytes, in any framing, gives the same events", () => {
  const framing = fc.record({
    lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
    colon: fc.constantFrom(":", ": "),
    hasMark: fc.boolean(),
    isClosed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event), framing, fc.array(fc.nat(), { maxLength: 30 }), (events, frame, cuts) => {
      // A blank at the beginning of the data needs another one before it.
      const field = (text: string) => `data${text.startsWith(" ") ? ": " : frame.colon}${text}\n`;
      const written = events.map(({ lines, before }) => `${before.join("")}${lines.map(field).join("")}\n`).join("");
      const text = frame.isClosed ? written : written.replace(/\n$/, "");
      const bytes = encoder.encode((frame.hasMark ? "\uFEFF" : "") + text.replaceAll("\n", frame.lineEnd));
      const expected = events.map(({ lines }) => lines.join("\n"));
      expect(read(...splitBytes(bytes, cuts))).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
