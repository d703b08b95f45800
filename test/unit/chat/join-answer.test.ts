import { expect, test } from "vitest";
import { isThere } from "../../../src/chat/begun-answer.ts";
import { WAS_THINKING } from "../../../src/chat/chat-response.ts";
import { bringsAnything, inOneRow } from "../../../src/chat/join-answer.ts";
import { deliveredPart } from "../../support/joins.ts";
import { makeChunk } from "../../support/wire-response.ts";

const same = <T>(value: T) => value;

test("a chunk comes under the id and the time of the first part, without its role, and keeps all else", () => {
  const chunk = makeChunk({ role: "assistant", content: "a", note: 1 }, null, { provider: "x" });
  const before = structuredClone(chunk);
  const { role: _, ...delta } = chunk.choices[0]?.delta ?? {};
  expect(inOneRow(chunk, deliveredPart("b"), same)).toEqual({
    ...chunk,
    id: "first",
    created: 7,
    choices: [{ ...chunk.choices[0], delta }],
  });
  expect(chunk).toEqual(before);
  expect(inOneRow(chunk, { ...deliveredPart("b"), id: "" }, same)).toMatchObject({
    id: chunk.id,
    created: chunk.created,
  });
});

test("a chunk without a choice is passed on, and of several choices only the first", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const counted = makeChunk({}, null, { choices: [], usage });
  expect(inOneRow(counted, deliveredPart("a"), same)).toEqual({ ...counted, id: "first", created: 7 });
  const [choice] = makeChunk({ content: "a" }).choices;
  const two = makeChunk({}, null, { choices: [choice, { ...choice, index: 1 }] });
  expect(inOneRow(two, deliveredPart("a"), same)?.choices).toEqual([choice]);
});

test("nothing is left of a chunk of which nothing is", () => {
  expect(inOneRow(makeChunk({ role: "assistant", content: "" }), deliveredPart("a"), same)).toBeUndefined();
  expect(inOneRow(makeChunk({ content: "a" }), deliveredPart("a"), () => ({}))).toBeUndefined();
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  expect(inOneRow(makeChunk({ content: "" }, null, { usage }), deliveredPart("a"), same)?.usage).toBe(usage);
});

test.each<[string, object, string | null, object | null]>([
  ["text", { content: "a" }, null, null],
  ["thinking", { reasoning_content: "a" }, null, null],
  ["a refusal", { refusal: "a" }, null, null],
  ["a piece of a tool call", { tool_calls: [{}] }, null, null],
  ["a field nobody knows", { audio: { id: "a" } }, null, null],
  ["a number in one", { index: 1 }, null, null],
  ["the news that text was thinking", { [WAS_THINKING]: true }, null, null],
  ["a finish reason", {}, "stop", null],
  ["log probabilities", {}, null, { content: [] }],
])("a choice brings something with %s", (_, delta, finish, logprobs) => {
  expect(bringsAnything({ index: 0, delta, finish_reason: finish, logprobs })).toBe(true);
});

test("fields without a value bring nothing", () => {
  const delta = { content: "", reasoning_content: null, tool_calls: [], refusal: undefined, extra: {}, flag: false };
  expect(bringsAnything({ index: 0, delta: delta as object, finish_reason: null })).toBe(false);
  for (const nothing of ["", null, undefined, [], {}, false, 0]) expect(isThere(nothing)).toBe(false);
  for (const something of ["a", [0], { a: null }, true, 1]) expect(isThere(something)).toBe(true);
});

test("a field called __proto__ is a field like others, and changes nothing of the chunk", () => {
  const delta = JSON.parse('{"content":"a","__proto__":{"finish_reason":"stop","polluted":1}}');
  const shown = inOneRow(makeChunk(delta), deliveredPart("b"), same);
  expect(Object.getPrototypeOf(shown?.choices[0]?.delta)).toBe(Object.prototype);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
