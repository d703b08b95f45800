import { expect, test } from "vitest";
import { deepseek, type FunctionTool, openaiCompatible } from "../../src/index.ts";
import type { ScriptStep } from "../../src/testing/index.ts";
import { addHost, createWorld, failure, KEY } from "../support/busy-world.ts";
import { observe, READINGS } from "../support/observe-call.ts";
import { makeResponse } from "../support/wire-response.ts";

const TOOL: FunctionTool = {
  type: "function",
  function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};
const toolCalls = [
  { id: "call_1", type: "function" as const, function: { name: "weather", arguments: '{"city":"Oslo"}' } },
];
const params = {
  model: "deepseek-flash",
  messages: [{ role: "user", content: "How is the weather in Oslo?" }],
  tools: [TOOL],
} as const;
const answer = () => ({ reasoning: "I must look.", content: "", toolCalls });
const BROKEN: readonly ScriptStep[] = [
  { kind: "malformed", what: "tool_call" },
  { kind: "malformed", what: "markup" },
];

test.each(READINGS.flatMap((reading) => BROKEN.map((step) => [reading, step] as const)))(
  "%s: a broken tool call is asked for once more without streaming, at once and at the same provider: %j",
  async (reading, step) => {
    const second = openaiCompatible({ name: "second", baseURL: "https://second.example/v1" });
    const world = createWorld({ script: [step], answer, client: { providers: [deepseek({ apiKey: KEY }), second] } });
    const other = addHost("https://second.example", { clock: world.clock, answer });
    const seen = await observe(world, reading, { params });
    expect(other.requests).toEqual([]);
    expect(seen.error).toBeUndefined();
    expect(seen.completion?.choices[0]?.message.tool_calls).toEqual(toolCalls);
    expect(world.simulator.requests.map(({ body }) => body.stream)).toEqual([true, false]);
    expect(seen.report.attempts.map(({ kind }) => kind)).toEqual(["first", "repair"]);
    expect(seen.report.waitedMs).toBe(0);
    expect(seen.text).toBe("");
  },
);

test("what is malformed again is asked elsewhere, and with nobody else it fails", async () => {
  const malformed = { kind: "malformed", what: "tool_call" } as const;
  const alone = createWorld({ script: [malformed, malformed], answer });
  expect(await failure(alone.run(alone.client.chat.completions.create(params)))).toMatchObject({
    code: "malformed_output",
    attempts: [{ kind: "first" }, { kind: "repair" }],
  });
  const second = deepseek({ name: "second", apiKey: KEY, baseURL: "https://second.example" });
  const world = createWorld({
    script: [malformed, malformed],
    answer,
    client: { providers: [deepseek({ apiKey: KEY }), second] },
  });
  addHost("https://second.example", { clock: world.clock, answer });
  const { report } = await world.run(world.client.chat.completions.create(params).withReport());
  expect(report.attempts.map(({ provider, kind }) => `${provider} ${kind}`)).toEqual([
    "deepseek first",
    "deepseek repair",
    "second resume",
  ]);
});

test("a repair that finds the server busy is tried again, and still without streaming", async () => {
  const world = createWorld({ script: [{ kind: "malformed", what: "tool_call" }, "busy", "busy"], answer });
  const { data } = await world.run(world.client.chat.completions.create(params).withReport());
  expect(data.choices[0]?.message.tool_calls).toEqual(toolCalls);
  expect(world.simulator.requests.map(({ body }) => body.stream)).toEqual([true, false, false, false]);
});

test("a whole body has the time of one: a host that streams within 30 s may take up to 90 s for it", async () => {
  const slow = openaiCompatible({ name: "slow", baseURL: "https://slow.example/v1", keepAlives: false });
  const world = createWorld({
    client: {
      providers: [slow],
      fetch: async (_, init) => {
        const isStream = JSON.parse(String(init?.body)).stream;
        const call = isStream ? { ...toolCalls[0], function: { name: "weather", arguments: '{"ci' } } : toolCalls[0];
        const message = { role: "assistant", content: "", tool_calls: [{ index: 0, ...call }] };
        if (!isStream) await new Promise<void>((resolve) => world.clock.after(80_000, resolve));
        const choice = { index: 0, [isStream ? "delta" : "message"]: message, finish_reason: "tool_calls" };
        const text = JSON.stringify({ id: "a", created: 1, model: "m", choices: [choice] });
        const body = new TextEncoder().encode(isStream ? `data: ${text}\n\ndata: [DONE]\n\n` : text);
        return makeResponse([body], 200, { "content-type": isStream ? "text/event-stream" : "application/json" });
      },
    },
  });
  const { report } = await world.run(world.client.chat.completions.create(params).withReport());
  expect(report.attempts.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
    "first interrupted",
    "repair succeeded",
  ]);
});
