import { expect, test } from "vitest";
import type { AttemptCall } from "../../../src/call.ts";
import { openReply } from "../../../src/transport/open-reply.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";
import { makeSource } from "../../support/scripted-source.ts";
import { drain, watchAttempt } from "../../support/watched-attempt.ts";
import { makeChunk } from "../../support/wire-response.ts";

const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
const say = (content: string) => makeChunk({ content });
const finish = (reason: string) => makeChunk({ content: "" }, reason, { usage });
const begin = (index: number, id: string, name: string) =>
  makeChunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] });
const go = (index: unknown, text: unknown) => makeChunk({ tool_calls: [{ index, function: { arguments: text } }] });
const whole = (index: number, id: string, name: string, args: string) => ({
  index,
  id,
  type: "function",
  function: { name, arguments: args },
});

async function play(chunks: readonly ReturnType<typeof say>[], overrides: Partial<AttemptCall> = {}) {
  // One chunk a read: the worst splitting.
  const source = makeSource(...chunks.map((chunk) => [chunk]));
  return drain(await openReply(source, watchAttempt(overrides).call, { provider: "scripted" }));
}

test("tool calls come in one chunk right before the finish", async () => {
  const chunks = await play([
    say("Let me see."),
    begin(0, "c1", "weather"),
    go(0, '{"ci'),
    go(0, 'ty":"Paris"}'),
    begin(1, "c2", "now"),
    go(1, "{}"),
    finish("tool_calls"),
  ]);
  expect(chunks).toHaveLength(3);
  expect(chunks[0]).toEqual(say("Let me see."));
  const toolCalls = [whole(0, "c1", "weather", '{"city":"Paris"}'), whole(1, "c2", "now", "{}")];
  expect(chunks[1]).toEqual({
    ...finish("tool_calls"),
    choices: [{ index: 0, delta: { tool_calls: toolCalls }, finish_reason: null }],
    usage: null,
  });
  expect(chunks[2]).toEqual(finish("tool_calls"));
});

test("text in the chunk of a tool call is delivered, the tool call is not", async () => {
  const both = makeChunk({ content: "so", tool_calls: [whole(0, "c1", "now", "{}")] });
  const chunks = await play([both, finish("tool_calls")]);
  expect(chunks[0]).toEqual(say("so"));
  expect(chunks[1]?.choices[0]?.delta).toEqual({ tool_calls: [whole(0, "c1", "now", "{}")] });
});

test("a tool call in the finish chunk itself is delivered once, before it", async () => {
  const last = makeChunk({ tool_calls: [whole(0, "c1", "now", "{}")] }, "tool_calls", { usage });
  const chunks = await play([last]);
  expect(chunks.map(({ choices }) => [choices[0]?.delta, choices[0]?.finish_reason])).toEqual([
    [{ tool_calls: [whole(0, "c1", "now", "{}")] }, null],
    [{}, "tool_calls"],
  ]);
  expect(chunks[1]?.usage).toEqual(usage);
});

test("tool calls that end with stop are delivered too", async () => {
  const chunks = await play([begin(0, "c1", "now"), finish("stop")]);
  expect(chunks[0]?.choices[0]?.delta).toEqual({ tool_calls: [whole(0, "c1", "now", "{}")] });
});

test("a length turn never delivers a tool call, not even a whole one", async () => {
  const cut = [begin(0, "c1", "now"), go(0, "{}"), begin(1, "c2", "weather"), go(1, '{"ci'), finish("length")];
  expect(await play([say("a"), ...cut])).toEqual([say("a"), finish("length")]);
  expect(await play(cut)).toEqual([finish("length")]);
  expect(await play([begin(0, "c1", "now"), go(0, "{}"), finish("length")])).toEqual([finish("length")]);
});

test("a length turn stays one, whatever other chunks say", async () => {
  for (const reasons of [
    ["length", "stop"],
    ["stop", "length"],
    ["length", "tool_calls"],
  ]) {
    const chunks = await play([say("a"), begin(0, "c1", "now"), go(0, "{}"), ...reasons.map(finish)]);
    expect(chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])).toEqual([]);
  }
});

test("a refusal stays one, although the chunk with the usage says stop", async () => {
  const refused = play([say("a"), finish("content_filter"), finish("stop")]);
  expect(await rejectionOf(refused)).toMatchObject({ code: "content_filter" });
});

test("in live mode the pieces come as they are, also of a length turn", async () => {
  const pieces = [begin(0, "c1", "now"), go(0, '{"a'), finish("length")];
  expect(await play(pieces, { toolCalls: "live" })).toEqual(pieces);
  const all = [begin(0, "c1", "now"), go(0, "{}"), finish("tool_calls")];
  expect(await play(all, { toolCalls: "live" })).toEqual(all);
});

test("arguments that come as the object they stand for are written as text, never dropped", async () => {
  const chunks = await play([begin(0, "c1", "weather"), go(0, { city: "Paris" }), finish("tool_calls")]);
  expect(chunks[0]?.choices[0]?.delta.tool_calls).toEqual([whole(0, "c1", "weather", '{"city":"Paris"}')]);
});

test.each([
  ["arguments cut off", [begin(0, "c1", "now"), go(0, '{"a')]],
  ["no name", [go(0, "{}")]],
  ["one whole and one cut", [begin(0, "c1", "now"), begin(1, "c2", "now"), go(1, "{")]],
  ["an index no honest server sends", [makeChunk({ tool_calls: [whole(128, "c1", "now", "{}")] })]],
  ["an index that is no number", [makeChunk({ tool_calls: [{ ...whole(0, "c1", "now", "{}"), index: "0" }] })]],
  ["nothing but junk", [makeChunk({ tool_calls: [null, 7, "x", [], { function: null }] })]],
  ["arguments that are neither text nor object", [begin(0, "c1", "weather"), go(0, 7)]],
  ["arguments of which one piece is no text", [begin(0, "c1", "weather"), go(0, "{"), go(0, {}), go(0, "}")]],
])("a tool call with %s fails the answer, and none is delivered", async (_, pieces) => {
  const source = makeSource([say("a"), ...pieces, finish("tool_calls")]);
  const reply = await openReply(source, watchAttempt().call, {});
  expect(reply.take()).toEqual(say("a"));
  expect(reply.take()).toBeUndefined();
  expect(await rejectionOf(reply.more())).toMatchObject({ code: "malformed_output" });
  expect(reply.take()).toBeUndefined();
});

test("__proto__ as the name and id of a tool call is a name and an id", async () => {
  const call = whole(0, "__proto__", "__proto__", '{"__proto__":{"polluted":1}}');
  const chunks = await play([makeChunk({ tool_calls: [call] }), finish("tool_calls")]);
  expect(chunks[0]?.choices[0]?.delta.tool_calls).toEqual([call]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
