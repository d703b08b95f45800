import fc from "fast-check";
import { expect, test } from "vitest";
import { findJson, JsonFinder } from "../../src/structured/find-json.ts";
import { isJsonPrefix } from "../support/json-prefix.ts";

const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 400);
const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("__proto__", "constructor", "0", "a"),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom('"', "\\", "/", "{", "}", "[", "]", "'", "\n", "\u0000", "u", "\ud83d", "\ude00"),
      maxLength: 8,
    }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.constantFrom(true, false, null),
    fc.array(tie("any"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc
    .array(fc.tuple(key, tie("any")), { maxLength: 4 })
    .map((entries) =>
      JSON.parse(`{${entries.map(([name, of]) => `${JSON.stringify(name)}:${JSON.stringify(of)}`).join()}}`),
    ),
})).object as fc.Arbitrary<object>;
/** Written in any of the ways that JSON has. */
const written = fc.tuple(value, fc.constantFrom(undefined, 2, "\t"), fc.boolean()).map(([of, space, isAscii]) => {
  const text = JSON.stringify(of, undefined, space);
  return isAscii
    ? text.replace(/[^\x20-\x7e\n\t]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    : text;
});
const pieces = (text: string) =>
  fc
    .array(fc.integer({ min: 0, max: text.length }), { maxLength: 12 })
    .map((places) => [0, ...places.toSorted((a, b) => a - b), text.length])
    .map((places) => places.slice(1).map((place, index) => text.slice(places[index], place)));
const split = written.chain((text) => fc.tuple(fc.constant(text), pieces(text)));
const words = fc.constantFrom("", "\ufeff", "```json\n", "Here you are [1], {name}:\n", "So: ");

test("JSON of an object is read as JSON.parse reads it, whatever words stand around it", () => {
  fc.assert(
    fc.property(written, words, fc.constantFrom("", "\n```", "\nThat is all [2]."), (text, before, after) => {
      const found = findJson(before + text + after);
      expect(found).toEqual({ kind: "value", value: JSON.parse(text), hasTail: after.includes("all") });
      // `toEqual` sees neither a prototype nor the order of keys.
      expect(found.kind === "value" && JSON.stringify(found.value)).toBe(JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: RUNS },
  );
});

test("split anywhere, it is the same, and each snapshot on the way is a beginning of it that never changes", () => {
  fc.assert(
    fc.property(split, ([text, parts]) => {
      const finder = new JsonFinder();
      const snapshots: { value: unknown; text: string }[] = [];
      for (const part of parts) {
        finder.feed(part);
        if (!finder.reader?.isChanged) continue;
        const value = finder.reader.snapshot();
        snapshots.push({ value, text: JSON.stringify(value) });
      }
      const whole: unknown = JSON.parse(text);
      expect(finder.end()).toEqual({ kind: "value", value: whole, hasTail: false });
      let before: unknown;
      for (const { value, text: then } of snapshots) {
        expect(JSON.stringify(value)).toBe(then);
        expect(isJsonPrefix(value, whole), `${then} is no beginning of ${text}`).toBe(true);
        if (before !== undefined) expect(JSON.stringify(before)).not.toBe(then);
        before = value;
      }
    }),
    { numRuns: RUNS },
  );
});

test("a text that was cut is never read as a whole value", () => {
  fc.assert(
    fc.property(written, fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
      const cut = text.slice(0, Math.min(text.length - 1, Math.floor(share * text.length)));
      expect(findJson(cut).kind).toBe(cut === "" ? "blank" : "open");
    }),
    { numRuns: RUNS },
  );
});

test("any text gives an outcome, and never throws", () => {
  const noise = fc.string({ unit: fc.constantFrom(..."{}[]\"'\\,:/*`\n 01.eE+-truefalsn".split("")), maxLength: 60 });
  fc.assert(
    fc.property(fc.oneof(noise, fc.string({ unit: "binary", maxLength: 60 })), (text) => {
      const found = findJson(text);
      expect(found.kind).toMatch(/^(value|blank|none|several|open|broken)$/);
      // What JSON.parse takes as an object, it never takes for something else.
      if (parsed(text) !== undefined) expect(found).toMatchObject({ kind: "value", value: parsed(text) as object });
    }),
    { numRuns: RUNS * 5 },
  );
});

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
