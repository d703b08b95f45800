import { expect, test } from "vitest";
import { openaiCompatible } from "../../src/index.ts";
import type { ToolCall } from "../../src/testing/index.ts";
import { addHost, createWorld, KEY, params } from "../support/busy-world.ts";
import { expectTruePartial, observe, prefixOf, READINGS } from "../support/observe-call.ts";
import { expectClosed, SECOND } from "../support/resume-world.ts";
import { scriptedHost } from "../support/scripted-host.ts";

const weather: ToolCall = {
  id: "call_1",
  type: "function",
  function: { name: "weather", arguments: '{"city":"Paris","days":[1,2,3]}' },
};
const time: ToolCall = { id: "call_2", type: "function", function: { name: "time", arguments: '{"zone":"UTC"}' } };
const tools = [{ type: "function", function: { name: "weather" } }] as const;
const asks = { ...params, tools, thinking: { type: "disabled" } } as const;
const answersCalls = (content: string) => () => ({ content, reasoning: "", toolCalls: [weather, time] });

/** Every place inside two tool calls and nothing else: 1 + 7 and 1 + 3 tokens. */
const PLACES = [1, 4, 8, 9, 11];

test.each(READINGS)("cut inside tool calls with no text before: run again unseen: %s", async (reading) => {
  for (const afterTokens of PLACES) {
    const world = createWorld({ script: [{ kind: "cut", afterTokens }], answer: answersCalls("") });
    const seen = await observe(world, reading, { params: asks });
    expect(seen.error).toBeUndefined();
    expect(seen.completion?.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { content: "", tool_calls: [weather, time] },
    });
    if (reading === "chunks")
      expect(seen.chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])).toMatchObject([weather, time]);
    if (reading === "parts")
      expect(seen.parts.filter(({ type }) => type === "tool-calls")).toEqual([
        { type: "tool-calls", toolCalls: [weather, time] },
      ]);
    expect(world.simulator.requests.map((request) => prefixOf(request))).toEqual([undefined, undefined]);
    expect(seen.report.attempts.map(({ wasted }) => wasted)).toEqual([true, false]);
    await expectClosed(world, world.simulator);
  }
});

test.each(["text", "chunks", "parts"] as const)(
  "cut inside tool calls with text before: stream_interrupted: %s",
  async (reading) => {
    const world = createWorld({ script: [{ kind: "cut", afterTokens: 8 }], answer: answersCalls("Let me see. ") });
    const seen = await observe(world, reading, { params: asks });
    expect(seen.error).toMatchObject({ code: "stream_interrupted" });
    expect(expectTruePartial(seen, reading, world.simulator)).toBe("Let me see. ");
    expect(seen.chunks.some(({ choices }) => choices[0]?.delta.tool_calls)).toBe(false);
    expect(world.simulator.requests.length).toBe(1);
  },
);

test("a plain call cut there is run again, text and all", async () => {
  const world = createWorld({
    script: [
      { kind: "cut", afterTokens: 8 },
      { kind: "stall", afterTokens: 10 },
    ],
    answer: answersCalls("Let me see. "),
  });
  const { completion } = await observe(world, "create", { params: asks });
  expect(completion?.choices[0]?.message).toEqual({
    role: "assistant",
    content: "Let me see. ",
    tool_calls: [weather, time],
  });
});

test("parts() that may be reset is run again there, too", async () => {
  const world = createWorld({ script: [{ kind: "cut", afterTokens: 8 }], answer: answersCalls("Let me see. ") });
  const seen = await observe(world, "parts", { params: asks, options: { resume: { onUnresumable: "reset" } } });
  expect(seen.completion?.choices[0]?.message).toMatchObject({ content: "Let me see. ", tool_calls: [weather, time] });
  expect(seen.text).toBe("Let me see. ");
  expect(seen.parts.filter(({ type }) => type === "tool-calls").length).toBe(1);
});

test("thinking was shown before the cut tool calls: they are run again, with the thinking of the last run in the message", async () => {
  let asked = 0;
  const answer = () => {
    asked += 1;
    return { content: "", reasoning: `thought ${asked}`, toolCalls: [weather] };
  };
  const world = createWorld({ script: [{ kind: "cut", afterTokens: 6 }], answer });
  const seen = await observe(world, "chunks", { params: { ...params, tools } });
  expect(seen.thinking).toBe("thought 1");
  expect(seen.completion?.choices[0]?.message).toMatchObject({
    content: "",
    reasoning_content: "thought 2",
    tool_calls: [weather],
  });
});

test.each(["chunks", "parts"] as const)(
  "toolCalls: live gives that up: what was seen of a call cannot be run again: %s",
  async (reading) => {
    const world = createWorld({ script: [{ kind: "cut", afterTokens: 4 }], answer: answersCalls("") });
    const seen = await observe(world, reading, { params: asks, options: { toolCalls: "live" } });
    expect(seen.error).toMatchObject({ code: "stream_interrupted" });
    expect(seen.parts.filter(({ type }) => type === "tool-calls")).toEqual([]);
    expect(world.simulator.requests.length).toBe(1);
    if (reading === "chunks") {
      const pieces = seen.chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
      expect(
        weather.function.arguments.startsWith(pieces.map((piece) => piece.function?.arguments ?? "").join("")),
      ).toBe(true);
      expect(pieces.length).toBeGreaterThan(1);
    }
  },
);

test("toolCalls: live of a plain call, which shows nothing, gives nothing up", async () => {
  const world = createWorld({ script: [{ kind: "cut", afterTokens: 4 }], answer: answersCalls("") });
  const seen = await observe(world, "create", { params: asks, options: { toolCalls: "live" } });
  expect(seen.completion?.choices[0]?.message.tool_calls).toEqual([weather, time]);
});

test("with tools nobody goes on by prefix unless the host is said to: no page promises it", async () => {
  const text = "There is no tool for that, so I will say it all in words, one after the other.";
  const world = createWorld({ script: [{ kind: "cut", afterTokens: 9 }], answer: () => text });
  const seen = await observe(world, "text", { params: asks });
  // A new start that says the same.
  expect(seen.text).toBe(text);
  expect(seen.report.seams).toMatchObject([{ how: "restart" }]);
  const able = openaiCompatible({
    name: "able",
    baseURL: `${SECOND}/beta`,
    apiKey: KEY,
    abilities: { prefix: true, reasoningPrefix: true, prefixWithTools: true },
  });
  const other = createWorld({ client: { providers: [able] } });
  const host = addHost(SECOND, { clock: other.clock, script: [{ kind: "cut", afterTokens: 30 }] });
  const gone = await observe(other, "text", { params: { ...params, tools } });
  expect(host.isWholeAnswer(gone.text)).toBe(true);
  expect(gone.report.seams).toMatchObject([{ how: "prefix" }]);
  // DeepSeek wants the thinking of every assistant message when there are tools.
  expect(host.requests[1]?.body.messages?.at(-1)).toMatchObject({
    prefix: true,
    reasoning_content: expect.any(String),
  });
});

test("a tool call that the continuation makes comes with its text", async () => {
  const piece = { index: 0, id: "c1", type: "function", function: { name: "now", arguments: "{}" } } as const;
  const host = scriptedHost([
    { says: ["one", " two"], ends: "cut" },
    { says: [" three", { tool_calls: [piece] }], ends: "tool_calls" },
  ]);
  for (const reading of ["create", "parts"] as const) {
    host.requests.length = 0;
    const world = createWorld({ client: { providers: [host.provider] } });
    const seen = await observe(world, reading);
    expect(seen.completion?.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { content: "one two three", tool_calls: [{ id: "c1", function: { name: "now", arguments: "{}" } }] },
    });
  }
});
