import { expect, test } from "vitest";
import { ownCopy } from "../../../src/conversation/own-copy.ts";
import { readInput } from "../../../src/conversation/read-input.ts";
import { InvalidRequestError } from "../../../src/index.ts";

test("a text, parts and messages become messages that nobody can change", () => {
  const parts = [{ type: "text", text: "hi" }] as const;
  const messages = [{ role: "user", content: parts }] as const;
  expect(readInput("hi")).toEqual([{ role: "user", content: "hi" }]);
  expect(readInput(parts)).toEqual(messages);
  const read = readInput(messages);
  expect(read).toEqual(messages);
  expect(read[0]).not.toBe(messages[0]);
  expect(Object.isFrozen(read[0])).toBe(true);
  const content = read[0]?.content as readonly unknown[] | undefined;
  expect(Object.isFrozen(content?.[0])).toBe(true);
  expect(Object.isFrozen(messages[0])).toBe(false);
});

test.each([
  ["nothing", undefined],
  ["no entry", []],
  ["a message outside of a list", { role: "user", content: "secret" }],
  [
    "parts and messages",
    [
      { role: "user", content: "secret" },
      { type: "text", text: "secret" },
    ],
  ],
  ["a list of texts", ["secret"]],
  ["a function within", [{ role: "user", content: "secret", run: () => {} }]],
  ["a big number within", [{ role: "user", content: "secret", at: 1n }]],
])("anything else is refused: %s", (_, input) => {
  expect(() => readInput(input as never)).toThrow(InvalidRequestError);
  expect(() => readInput(input as never)).not.toThrow(/secret/);
});

test("a copy is what JSON would have made of it", () => {
  const value = { at: new Date(0), url: new URL("https://a.example/x"), none: undefined, list: [1, null, { a: true }] };
  expect(ownCopy(value, "it")).toEqual(JSON.parse(JSON.stringify(value)));
});

test("a cycle is refused, and ends", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  expect(() => ownCopy(cycle, "it")).toThrow(/it is nested deeper than 100 levels/);
});

test("no field changes what an object is", () => {
  const data: unknown = JSON.parse('{ "a": { "__proto__": { "polluted": true } } }');
  expect(() => ownCopy(data, "it")).toThrow(/__proto__/);
  const named = ownCopy(JSON.parse('{ "constructor": { "prototype": 1 } }') as object, "it");
  expect(Object.getPrototypeOf(named)).toBe(Object.prototype);
  expect(Object.hasOwn(named, "constructor")).toBe(true);
});
