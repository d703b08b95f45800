import fc from "fast-check";
import { expect, test } from "vitest";
import { createTextReader } from "../../../src/transport/read-text.ts";
import { splitBytes } from "../../support/wire-response.ts";

function readAll(pieces: readonly Uint8Array[]) {
  const reader = createTextReader();
  const text = pieces.map((bytes) => reader.read(bytes)).join("") + reader.end();
  return { text, isBroken: reader.isBroken };
}

/** What the platform's own decoders say of the whole. */
function expected(bytes: Uint8Array) {
  const text = new TextDecoder().decode(bytes);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text, isBroken: false };
  } catch {
    return { text, isBroken: true };
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

test.each([
  ["plain text", bytesOf("Hello")],
  ["characters of two, three and four bytes", bytesOf("é深🐋")],
  ["a byte order mark", bytesOf("\uFEFFa\uFEFF")],
  ["a replacement character of the model's own", bytesOf("a\ufffdb\ufffd")],
  ["nothing", new Uint8Array()],
  ["a byte that begins nothing", new Uint8Array([0x61, 0xff, 0x62])],
  ["a cut character", new Uint8Array([0x61, 0xe6, 0xb7])],
  ["a cut replacement character", new Uint8Array([0xef, 0xbf])],
  ["half a pair as bytes", new Uint8Array([0xed, 0xa0, 0xbd])],
  ["a broken byte beside a genuine replacement character", new Uint8Array([0xef, 0xbf, 0xbd, 0xff])],
  ["a beginning with a replacement character for its end", new Uint8Array([0xf0, 0x9f, 0xef, 0xbf, 0xbd])],
])("bytes become text, and are called broken only when they are, in one read and byte by byte: %s", (_, bytes) => {
  expect(readAll([bytes])).toEqual(expected(bytes));
  expect(readAll([...bytes].map((byte) => new Uint8Array([byte])))).toEqual(expected(bytes));
});

test("any bytes in any pieces give the text of a TextDecoder, and are broken where a strict one throws", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.string({ unit: "binary", maxLength: 4 }).map(bytesOf),
    fc.constantFrom(
      [0xef, 0xbf, 0xbd],
      [0xef, 0xbf],
      [0xbf, 0xbd],
      [0xef],
      [0xbd],
      [0xf0, 0x9f],
      [0xef, 0xbb, 0xbf],
      [0xed, 0xa0, 0x80],
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.array(fc.nat(), { maxLength: 20 }), (pieces, cuts) => {
      // Every body begins with ASCII. (Node loses a later U+FEFF when the very first character of all is split.)
      const bytes = new Uint8Array([0x7b, ...pieces.flatMap((each) => [...each])]);
      expect(readAll(splitBytes(bytes, cuts))).toEqual(expected(bytes));
    }),
    { numRuns: 10_000 },
  );
});

test("bytes are called broken with the read that shows it, and stay so", () => {
  const reader = createTextReader();
  reader.read(bytesOf("a\ufffd"));
  expect(reader.isBroken).toBe(false);
  expect(reader.read(new Uint8Array([0x61, 0xe6]))).toBe("a");
  expect(reader.isBroken).toBe(false);
  expect(reader.read(bytesOf("b"))).toBe("\ufffdb");
  expect(reader.isBroken).toBe(true);
  reader.read(bytesOf("whole"));
  expect(reader.isBroken).toBe(true);
});

test("an empty read in the middle of a character changes nothing", () => {
  const [first, second] = [new Uint8Array([0xef, 0xbf]), new Uint8Array([0xbd])];
  expect(readAll([first, new Uint8Array(), second])).toEqual({ text: "\ufffd", isBroken: false });
});
