import { expect, test } from "vitest";
import { findJson, JsonFinder } from "../../../src/structured/find-json.ts";

const value = (of: object, hasTail = false) => ({ kind: "value", value: of, hasTail });
const broken = (atChar: number, expected: string) => ({ kind: "broken", atChar, expected });

test.each([
  ["", { kind: "blank" }],
  [" \n\t", { kind: "blank" }],
  ["No.", { kind: "none" }],
  ['"text"', { kind: "none" }],
  ["[1, 2]", { kind: "none" }],
  ['["a"]', { kind: "none" }],
  ["{}", value({})],
  ["{ \n}", value({})],
  ['Use [1] and {name}: {"a":1}', value({ a: 1 })],
  ['```json\n{"a":1}\n```', value({ a: 1 })],
  ['~~~\n{"a":1}\n~~~', value({ a: 1 }, true)],
  ['{"a":1} Done [2].', value({ a: 1 }, true)],
  ['{"a":"```"}', value({ a: "```" })],
  ['\ufeff{"a":1}', value({ a: 1 })],
  // Only one way to read it.
  ['{"a":[1,2,],}', value({ a: [1, 2] })],
  ['{"a":"one\ntwo\tthree"}', value({ a: "one\ntwo\tthree" })],
  ["{'a': 'it\\'s', \"b\": 'say \"x\"'}", value({ a: "it's", b: 'say "x"' })],
  ['{"a":True,"b":False,"c":None}', value({ a: true, b: false, c: null })],
  ['{"a":NaN,"b":-Infinity}', value({ a: Number.NaN, b: Number.NEGATIVE_INFINITY })],
  ['{"a":1,"a":{"b":2}}', value({ a: { b: 2 } })],
  // As JSON.parse has it.
  ['{"a":"\\u00e9\\/\\ud83d\\ude00"}', value({ a: "é/😀" })],
  ['{"a":-0.5e+3}', value({ a: -500 })],
  // Nobody knows what is meant.
  ['{"a":1} or {"a":1}', { kind: "several" }],
  ['{"a":1} {}', { kind: "several" }],
  ['[{"a":1},{"a":2}]', { kind: "none" }],
  ['[{"a":1}] {"a":2}', { kind: "several" }],
  ['{"a":1', { kind: "open" }],
  ["{", { kind: "open" }],
  ['{"a":1} {', { kind: "open" }],
  ['{"a":12', { kind: "open" }],
  ['{"a":"\\u12', { kind: "open" }],
  // Repairs that might change it.
  ['{"a":[1, /* and so on */ 2]}', broken(9, "a value")],
  ['{"a":1 // one\n}', broken(7, "a comma or the right closing bracket")],
  ['{"a":[1,,2]}', broken(8, "a value")],
  ['{"a":[,]}', broken(6, "a value")],
  ["{,}", { kind: "none" }],
  ['{,"a":1}', broken(1, "a key in double quotes")],
  ['{"a":[1, ...]}', broken(12, "a number, true, false or null")],
  ['{"a":1 "b":2}', broken(7, "a comma or the right closing bracket")],
  ['{"a":[1}', broken(7, "a comma or the right closing bracket")],
  ['{"a":"say "x""}', broken(11, "a comma or the right closing bracket")],
  ['{a: 1, b: {"c":1}}', broken(1, "a key in double quotes")],
  ["{'a':'it's'}", broken(9, "a comma or the right closing bracket")],
  ['{"a":"\\alpha"}', broken(7, "an escape that JSON has")],
  ['{"a":"\\\'"}', broken(7, "an escape that JSON has")],
  ['{"a":"\\u12x4"}', broken(10, "an escape that JSON has")],
  ['{"a":undefined}', broken(14, "a number, true, false or null")],
  ['{"a":01}', broken(7, "a number, true, false or null")],
  ['{"a":+1}', broken(7, "a number, true, false or null")],
  ['{"a":0x10}', broken(9, "a number, true, false or null")],
  ['{"a" 1}', broken(5, "a colon")],
  ['{"a":{"b":1} oops}', broken(13, "a comma or the right closing bracket")],
])("in %j, at once or character by character, there is %o", (text, found) => {
  expect(findJson(text)).toEqual(found);
  const finder = new JsonFinder();
  for (const character of text.split("")) finder.feed(character);
  expect(finder.end()).toEqual(found);
});

test("200 levels are read, and no more", () => {
  const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  expect(findJson(nested(200)).kind).toBe("value");
  expect(findJson(nested(201))).toMatchObject({ kind: "broken", expected: "no more than 200 levels" });
});

const MB = 1_000_000;
test.each([
  ["brackets", "[".repeat(MB)],
  ["braces", "{".repeat(MB)],
  ["pairs of brackets", "[]".repeat(MB / 2)],
  ["quotes", '"'.repeat(MB)],
  ["escapes that do not end", `{"a":"${"\\\\".repeat(MB / 2)}`],
  ["unicode escapes", `{"a":"${"\\ud83d".repeat(MB / 6)}"}`],
  ["digits", `{"a":${"1".repeat(MB)}}`],
  ["spaces", `{"a":${" ".repeat(MB)}`],
  ["keys", `{${'"a":1,'.repeat(MB / 6)}`],
  ["a bracket that never closes", `[${"a".repeat(MB)}`],
])("a million of %s take no longer than they are long, at once or piece by piece", (_, text) => {
  const startedAt = performance.now();
  findJson(text);
  const finder = new JsonFinder();
  for (let at = 0; at < text.length; at += 7) {
    finder.feed(text.slice(at, at + 7));
    if (finder.reader?.isChanged) finder.reader.snapshot();
  }
  // A second at worst; what grows with the square takes hours.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

test("a snapshot shares what did not change with the one before, and copies only what is open", () => {
  const finder = new JsonFinder();
  const shot = (piece: string) => {
    finder.feed(piece);
    return finder.reader?.snapshot() as { a: { b: number[] }; c: { d: string } };
  };
  const first = shot('{"a":{"b":[1,2]},"c":{"d":"x');
  const second = shot("y");
  const third = shot('"}}');
  expect(first).toEqual({ a: { b: [1, 2] }, c: { d: "x" } });
  expect(second).toEqual({ a: { b: [1, 2] }, c: { d: "xy" } });
  expect(second.a).toBe(first.a);
  expect(second.c).not.toBe(first.c);
  expect(third).toEqual(second);
});

test("half of a character is not shown, and its other half brings news", () => {
  const finder = new JsonFinder();
  finder.feed('{"a":"x\ud83d');
  expect(finder.reader?.snapshot()).toEqual({ a: "x" });
  finder.feed("\ude00");
  expect(finder.reader?.isChanged).toBe(true);
  expect(finder.reader?.snapshot()).toEqual({ a: "x😀" });
  finder.feed("\ud83d");
  expect(finder.reader?.isChanged).toBe(false);
  // A half that stays one is the model's own word, as it is for JSON.parse.
  finder.feed('"}');
  expect(finder.reader?.isChanged).toBe(true);
  expect(finder.reader?.snapshot()).toEqual({ a: "x😀\ud83d" });
});
