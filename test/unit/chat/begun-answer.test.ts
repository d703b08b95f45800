import { expect, test } from "vitest";
import { createCompletionAssembler } from "../../../src/chat/assemble-completion.ts";
import { WAS_THINKING } from "../../../src/chat/chat-response.ts";
import { makeChunk } from "../../support/wire-response.ts";

const NOTHING = { content: "", reasoning_content: "", hasOther: false, id: "", created: 0 };
const HEAD = { id: "9a7c1b6e-0000-4000-8000-000000000001", created: 1780944343 };

function begun(...deltas: readonly object[]) {
  const assembler = createCompletionAssembler();
  for (const delta of deltas) assembler.add(makeChunk({ ...delta }));
  return assembler.begun();
}

test("of an answer nobody has begun there is nothing", () => {
  expect(begun()).toEqual(NOTHING);
});

test("it is the text and the thinking so far, with the id of the first chunk", () => {
  const parts = [
    { role: "assistant", content: "" },
    { reasoning_content: "hm" },
    { content: "Hel" },
    { content: "lo" },
  ];
  expect(begun(...parts)).toEqual({ ...NOTHING, ...HEAD, content: "Hello", reasoning_content: "hm" });
  const assembler = createCompletionAssembler();
  for (const id of ["", "first", "second"])
    assembler.add(makeChunk({ content: "a" }, null, { id, created: id.length }));
  expect(assembler.begun()).toMatchObject({ id: "first", created: 5 });
});

test("text that turned out to be thinking is thinking", () => {
  expect(begun({ content: "hm" }, { content: "Hi", [WAS_THINKING]: true })).toMatchObject({
    content: "Hi",
    reasoning_content: "hm",
  });
});

test.each([
  ["a piece of a tool call", { tool_calls: [{ index: 0 }] }],
  ["a refusal", { refusal: "no" }],
  ["a field nobody knows", { audio: { id: "a" } }],
])("nobody can go on from %s", (_, delta) => {
  expect(begun({ role: "assistant", content: "" }, delta).hasOther).toBe(true);
});

test("a field nobody knows beside text or thinking is no hindrance", () => {
  for (const delta of [{ content: "a" }, { reasoning_content: "a" }])
    expect(begun({ ...delta, audio: { id: "a" } }).hasOther).toBe(false);
  expect(begun({ content: "a", refusal: "no" }).hasOther).toBe(true);
});

test("fields without a value, as many servers send them with the role, are nothing", () => {
  const opener = { role: "assistant", content: "", tool_calls: [], refusal: null };
  const empty = { function_call: null, audio: "", annotations: [], provider_specific_fields: {}, padding: false };
  expect(begun({ ...opener, ...empty })).toEqual({ ...NOTHING, ...HEAD });
});
