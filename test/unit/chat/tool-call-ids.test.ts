import fc from "fast-check";
import { expect, test } from "vitest";
import type { ToolCallDelta } from "../../../src/chat/chat-response.ts";
import { createToolCallCollector } from "../../../src/chat/collect-tool-calls.ts";

const opener = (index: number, id: string | undefined, name: string): ToolCallDelta => ({
  index,
  ...(id !== undefined && { id }),
  function: { name, arguments: `{"of":"${name}"}` },
});

function collect(...deltas: readonly ToolCallDelta[]) {
  const collector = createToolCallCollector();
  collector.add(deltas);
  return collector.complete();
}

test("two calls of one id get one each, and the first one keeps it", () => {
  const calls = collect(opener(0, "x", "a"), opener(1, "x", "b"), opener(2, "x", "c"));
  expect(calls?.map(({ id }) => id)).toEqual(["x", "call_0", "call_1"]);
  expect(calls?.map((call) => call.function.name)).toEqual(["a", "b", "c"]);
});

test("a made id is no other call's, not even that of a later one", () => {
  const ids = (...given: readonly (string | undefined)[]) =>
    collect(...given.map((id, index) => opener(index, id, `f${index}`)))?.map(({ id }) => id);
  expect(ids("call_0", "call_0", "call_1")).toEqual(["call_0", "call_2", "call_1"]);
  expect(ids(undefined, "call_0")).toEqual(["call_1", "call_0"]);
  expect(ids("", "", "call_1", "call_1")).toEqual(["call_0", "call_2", "call_1", "call_3"]);
});

test("whatever ids come, each call has one of its own, and every id that is one stays with its first call", () => {
  const id = fc.option(fc.constantFrom("", "x", "y", "call_0", "call_1", "call_2", "__proto__"), { nil: undefined });
  fc.assert(
    fc.property(fc.array(id, { maxLength: 20 }), (given) => {
      const calls = collect(...given.map((each, index) => opener(index, each, `f${index}`))) ?? [];
      expect(calls.map((call) => call.function)).toEqual(
        given.map((_, index) => ({ name: `f${index}`, arguments: `{"of":"f${index}"}` })),
      );
      expect(new Set(calls.map((call) => call.id)).size).toBe(given.length);
      for (const [index, each] of given.entries()) {
        if (each && given.indexOf(each) === index) expect(calls[index]?.id).toBe(each);
      }
    }),
  );
});
