import fc from "fast-check";
import { expect, test } from "vitest";
import type { ToolCallDelta } from "../../../src/chat/chat-response.ts";
import { createToolCallCollector, wholeToolCalls, withoutToolCalls } from "../../../src/chat/collect-tool-calls.ts";
import { textChunk } from "../../support/scripted.ts";

/** What comes of these pieces. They are outside data: a server may send anything in their place. */
function collect(...deltas: readonly unknown[]) {
  const collector = createToolCallCollector();
  for (const delta of deltas) collector.add([delta as ToolCallDelta]);
  return collector.complete();
}

const call = (id: string, name: string, args: string) => ({
  id,
  type: "function",
  function: { name, arguments: args },
});
const opener = (index: number, id: string, name: string, args = "") => ({
  index,
  id,
  type: "function",
  function: { name, arguments: args },
});
const piece = (index: number, args: string) => ({ index, function: { arguments: args } });

test("a name after another one, without an id, begins a call when the one before has its arguments", () => {
  const bare = (name: string, args: string) => ({ function: { name, arguments: args } });
  expect(collect(bare("a", '{"x":1}'), bare("b", ""))).toEqual([
    call("call_0", "a", '{"x":1}'),
    call("call_1", "b", "{}"),
  ]);
});

test.each([
  [
    "the calls cannot be told apart",
    [
      { index: 0, function: { name: "delete_all", arguments: "" } },
      { index: 0, function: { name: "read_file", arguments: '{"path":"/x"}' } },
    ],
  ],
  [
    "a name comes in pieces",
    [
      { index: 0, function: { name: "get_" } },
      { index: 0, function: { name: "weather", arguments: "{}" } },
    ],
  ],
  ["one id has two names", [opener(0, "c1", "a"), opener(0, "c1", "b", "{}")]],
  [
    "the arguments are too deep to be written",
    [{ index: 0, function: { name: "a", arguments: JSON.parse("[".repeat(20_000) + "]".repeat(20_000)) } }],
  ],
])("no call is handed out when %s: nobody knows what was meant", (_, deltas) => {
  expect(collect(...deltas)).toBeUndefined();
});

test("a host may repeat the name with every piece", () => {
  const repeated = (args: string) => ({ index: 0, function: { name: "now", arguments: args } });
  expect(collect(repeated('{"a"'), repeated(":1}"))).toEqual([call("call_0", "now", '{"a":1}')]);
});

test("pieces are put together by their index, in the order the calls began", () => {
  const deltas = [
    opener(0, "call_00", "weather"),
    piece(0, '{"city":'),
    opener(1, "call_01", "time"),
    piece(1, '{"zone":"UTC"}'),
    piece(0, '"Oslo"}'),
  ];
  expect(collect(...deltas)).toEqual([
    call("call_00", "weather", '{"city":"Oslo"}'),
    call("call_01", "time", '{"zone":"UTC"}'),
  ]);
});

const toolName = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const wholeCall = fc.record({ name: toolName, args: fc.dictionary(fc.string(), fc.jsonValue()) });

test("however the arguments are cut and the calls interleaved, the same calls come out, character by character", () => {
  const plan = fc.array(fc.record({ call: wholeCall, cuts: fc.array(fc.nat(), { maxLength: 6 }) }), { maxLength: 5 });
  fc.assert(
    fc.property(plan, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), (calls, order) => {
      const queues = calls.map(({ call: { name, args }, cuts }, index) => {
        const text = JSON.stringify(args);
        const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((a, b) => a - b);
        const pieces = ends.map((end, at) => piece(index, text.slice(ends[at - 1] ?? 0, end)));
        return [opener(index, `id_${index}`, name), ...pieces];
      });
      // The openers in order, as servers send them; everything after them in any order of the calls.
      const deltas = queues.flatMap((queue) => queue.splice(0, 1));
      for (let step = 0; queues.some(({ length }) => length > 0); step++) {
        const waiting = queues.filter(({ length }) => length > 0);
        deltas.push(...(waiting[(order[step] ?? 0) % waiting.length]?.splice(0, 1) ?? []));
      }
      const expected = calls.map(({ call: { name, args } }, index) => call(`id_${index}`, name, JSON.stringify(args)));
      expect(collect(...deltas)).toEqual(expected);
    }),
  );
});

test("a cut tool call is never handed out, wherever the cut is, nor any of its whole neighbours", () => {
  const text = '{"path":"/tmp/x","n":12}';
  for (let length = 1; length < text.length; length++) {
    expect(collect(opener(0, "a", "whole", "{}"), opener(1, "b", "rm", text.slice(0, length)))).toBeUndefined();
  }
});

const LONG = JSON.stringify({ path: "/tmp/x", text: "0123456789abcdef".repeat(4_500), last: true });

test("a call that goes on under other indices, without a name or an id, is one call: arguments of 72 KB, split every 32 KB", () => {
  const parts = [LONG.slice(0, 32_768), LONG.slice(32_768, 65_536), LONG.slice(65_536)];
  const deltas = [
    opener(0, "a", "write"),
    piece(0, parts[0] as string),
    piece(1, parts[1] as string),
    piece(2, parts[2] as string),
    opener(3, "b", "read", "{}"),
  ];
  expect(collect(...deltas)).toEqual([call("a", "write", LONG), call("b", "read", "{}")]);
  // Also in many pieces, and asked for twice.
  const collector = createToolCallCollector();
  for (const delta of [opener(0, "a", "write"), ...[...LONG].map((letter, at) => piece(at < 40_000 ? 0 : 1, letter))])
    collector.add([delta as ToolCallDelta]);
  expect([collector.complete(), collector.complete()]).toEqual([
    [call("a", "write", LONG)],
    [call("a", "write", LONG)],
  ]);
});

test.each([
  ["the call before is whole", [opener(0, "a", "rm", "{}"), piece(1, '{"path":"/"}')]],
  ["the call before has no arguments of its own", [opener(0, "a", "rm"), piece(1, '{"path":"/"}')]],
  ["the whole is still cut", [opener(0, "a", "rm", '{"path":"/tm'), piece(1, "p/x"), piece(2, '"')]],
  ["the whole is more than one value", [opener(0, "a", "rm", '{"path":'), piece(1, '"/"}'), piece(2, "{}")]],
  ["there is none before it", [piece(1, '{"path":"/"}'), opener(0, "a", "rm", '{"path":')]],
  [
    "it has an id of its own",
    [opener(0, "a", "rm", '{"path":'), { index: 1, id: "b", function: { arguments: '"/"}' } }],
  ],
  [
    "a piece of it is no text",
    [opener(0, "a", "rm", '{"path":'), { index: 1, function: { arguments: 7 } }, piece(1, '"/"}')],
  ],
])("what has neither name nor id is no part of the call before it when %s", (_, deltas) => {
  expect(collect(...deltas)).toBeUndefined();
});

test("a call without a name is broken", () => {
  expect(collect({ index: 0, id: "a", function: { arguments: "{}" } })).toBeUndefined();
  expect(collect(opener(0, "a", "", "{}"))).toBeUndefined();
});

test("no pieces make no calls, and that is no fault", () => {
  expect(collect()).toEqual([]);
  expect(createToolCallCollector().size).toBe(0);
});

test.each(["", " ", "\n\t "])("a function without parameters may come with blank arguments: %j", (blank) => {
  expect(collect(opener(0, "a", "now", blank))).toEqual([call("a", "now", "{}")]);
});

test("the name comes once; a host that repeats it with every piece changes nothing", () => {
  expect(collect(opener(0, "a", "now", '{"a"'), opener(0, "a", "now", ":1}"))).toEqual([call("a", "now", '{"a":1}')]);
});

test("another id at the same index is another call, for hosts that number every call 0", () => {
  expect(collect(opener(0, "a", "one", "{}"), opener(0, "b", "two", '{"x"'), piece(0, ":1}"))).toEqual([
    call("a", "one", "{}"),
    call("b", "two", '{"x":1}'),
  ]);
});

test("an id that comes late still belongs to its call", () => {
  expect(
    collect({ index: 0, function: { name: "now", arguments: "{" } }, { index: 0, id: "late" }, piece(0, "}")),
  ).toEqual([call("late", "now", "{}")]);
});

test("a piece without an index belongs to the first call", () => {
  expect(collect({ id: "a", function: { name: "now", arguments: "{}" } })).toEqual([call("a", "now", "{}")]);
});

test("calls without an id get one each, which no other call of the answer has", () => {
  const nameless = { function: { name: "now", arguments: "{}" } };
  expect(collect({ index: 0, ...nameless }, { index: 1, ...nameless })?.map(({ id }) => id)).toEqual([
    "call_0",
    "call_1",
  ]);
  const ids = collect(opener(0, "call_1", "now", "{}"), { index: 1, ...nameless })?.map(({ id }) => id) ?? [];
  expect(new Set(ids).size).toBe(2);
});

test("index 127 is the last one; anything beyond or beside it opens no call", () => {
  expect(collect(opener(127, "a", "now", "{}"))).toEqual([call("a", "now", "{}")]);
  for (const index of [128, 1e9, 2 ** 53, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, "1", true, [], {}]) {
    const collector = createToolCallCollector();
    collector.add([{ ...opener(0, "a", "now", "{}"), index } as ToolCallDelta]);
    expect(collector.size).toBe(0);
  }
});

test("a flood of new ids at one index opens at most 128 calls", () => {
  const collector = createToolCallCollector();
  for (let n = 0; n < 10_000; n++) collector.add([opener(0, `id_${n}`, "now", "{}") as ToolCallDelta]);
  expect(collector.size).toBe(128);
});

test("arguments sent as the object they stand for are that object; anything else that is no text breaks the call", () => {
  const asObject = { index: 0, id: "a", function: { name: "rm", arguments: { path: "/tmp/x" } } };
  expect(collect(asObject)).toEqual([call("a", "rm", '{"path":"/tmp/x"}')]);
  expect(collect(opener(0, "a", "rm", '{"p'), { index: 0, function: { arguments: ["/tmp/x"] } })).toBeUndefined();
  expect(collect({ index: 0, id: "a", function: { name: "rm", arguments: 7 } })).toBeUndefined();
});

test("names and arguments about prototypes are plain text", () => {
  const text = '{"__proto__":{"polluted":true}}';
  expect(collect(opener(0, "__proto__", "constructor", text))).toEqual([call("__proto__", "constructor", text)]);
  expect({}).not.toHaveProperty("polluted");
});

test("whatever a server sends, nothing is thrown, and what is handed out has a name, an id and JSON arguments", () => {
  const field = fc.oneof(fc.anything(), fc.string(), fc.constant("{}"), fc.constant("__proto__"));
  const hostile = fc.oneof(
    fc.anything(),
    fc.record(
      {
        index: fc.oneof(fc.constantFrom(0, 1, 127, 128, -1), field),
        id: field,
        function: fc.oneof(fc.record({ name: field, arguments: field }, { requiredKeys: [] }), field),
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 20 }), (deltas) => {
      for (const { id, type, function: called } of collect(...deltas) ?? []) {
        expect(type).toBe("function");
        expect([typeof id, typeof called.name]).toEqual(["string", "string"]);
        expect([id, called.name]).not.toContain("");
        expect(() => JSON.parse(called.arguments)).not.toThrow();
      }
    }),
  );
});

test("a chunk of nothing but tool calls is held back; of any other only the tool calls are", () => {
  const held = (delta: object, finishReason: string | null = null) => {
    const choice = { index: 0, delta: { ...delta, tool_calls: [piece(0, "{}")] }, finish_reason: finishReason };
    return withoutToolCalls({ ...textChunk(""), choices: [choice] }, choice)?.choices[0];
  };
  expect(held({})).toBeUndefined();
  expect(held({ content: "", reasoning_content: null })).toBeUndefined();
  expect(held({ content: "hi" })).toEqual({ index: 0, delta: { content: "hi" }, finish_reason: null });
  expect(held({ reasoning_content: "hm" })?.delta).toEqual({ reasoning_content: "hm" });
  expect(held({ refusal: "no" })?.delta).toEqual({ refusal: "no" });
  expect(held({ role: "assistant", content: null })?.delta).toEqual({ role: "assistant", content: null });
  expect(held({}, "tool_calls")).toEqual({ index: 0, delta: {}, finish_reason: "tool_calls" });
});

test("usage or logprobs beside the tool calls are not held back: the completion needs them", () => {
  const choice = { index: 0, delta: { tool_calls: [piece(0, "{}")] }, finish_reason: null };
  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
  expect(withoutToolCalls({ ...textChunk(""), choices: [choice], usage }, choice)?.usage).toEqual(usage);
  const logprobs = { content: [{ token: "{", logprob: -1, bytes: null, top_logprobs: [] }] };
  const spoken = { ...choice, logprobs };
  expect(withoutToolCalls({ ...textChunk(""), choices: [spoken] }, spoken)?.choices[0]?.logprobs).toEqual(logprobs);
});

test("holding back leaves the server's chunk as it was", () => {
  const choice = { index: 0, delta: { content: "hi", tool_calls: [piece(0, "{}")] }, finish_reason: null };
  const chunk = { ...textChunk(""), choices: [choice] };
  const before = structuredClone(chunk);
  withoutToolCalls(chunk, choice);
  expect(chunk).toEqual(before);
});

test("the whole calls travel in one chunk of the same answer, numbered, without its finish and its usage", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
  const finish = { ...textChunk("", "tool_calls"), usage, system_fingerprint: "fp" };
  const calls = collect(opener(0, "a", "one", "{}"), opener(5, "b", "two", "{}")) ?? [];
  expect(wholeToolCalls(finish, calls)).toEqual({
    id: "chat-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "deepseek-flash",
    system_fingerprint: "fp",
    usage: null,
    choices: [
      {
        index: 0,
        delta: { tool_calls: [opener(0, "a", "one", "{}"), opener(1, "b", "two", "{}")] },
        finish_reason: null,
      },
    ],
  });
  expect(collect(...(wholeToolCalls(finish, calls).choices[0]?.delta.tool_calls ?? []))).toEqual(calls);
});
