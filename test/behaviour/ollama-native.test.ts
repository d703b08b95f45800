import { expect, test } from "vitest";
import { createResilientClient, ollama, runTools, tool } from "../../src/index.ts";
import { createSimulator, createVirtualClock, type SimulatorOptions } from "../../src/testing/index.ts";
import { createWorld, params, type WorldOptions } from "../support/busy-world.ts";
import { expectRight, observe, READINGS } from "../support/observe-call.ts";
import { expectClosed } from "../support/resume-world.ts";

const BASE = "https://api.deepseek.com"; // where the world's simulator stands
const home = ollama({
  model: "qwen3:8b",
  route: "native",
  baseURL: BASE,
  contextWindow: 4096,
  timeouts: { contentMs: 30_000 },
});
const SILENT = { ...params, thinking: { type: "disabled" } } as const;

const native = ({ client, ...options }: WorldOptions = {}) =>
  createWorld({ dialect: "ollama", ...options, client: { providers: [home], ...client } });

test.each(READINGS)("an answer of Ollama's own route is like any other: %s", async (reading) => {
  const world = native();
  const seen = await observe(world, reading);
  expectRight(seen, world.simulator);
  const [request] = world.simulator.requests;
  expect(request).toMatchObject({ path: "/api/chat", status: 200, outcome: "finished" });
  expect(request?.body).toMatchObject({ model: "qwen3:8b", truncate: false, options: { num_ctx: 4096 } });
  expect(seen.completion?.choices[0]?.message).toEqual({
    role: "assistant",
    content: request?.answer?.content,
    reasoning_content: request?.answer?.reasoning,
  });
  expect(seen.completion?.usage?.completion_tokens).toBe(request?.tokens);
  await expectClosed(world, world.simulator);
});

test("thinking is off where the request says so, on both wires", async () => {
  for (const wire of ["stream", "json"] as const) {
    const world = native({ client: { wire } });
    const seen = await observe(world, "create", { params: SILENT });
    expectRight(seen, world.simulator);
    expect(world.simulator.requests[0]?.body).toMatchObject({ think: false, stream: wire === "stream" });
    expect(seen.thinking).toBe("");
  }
});

test.each<[NonNullable<SimulatorOptions["script"]>[number], string]>([
  ["busy", "busy"],
  [{ kind: "in_stream_error", afterTokens: 0 }, "busy"],
  ["outage", "connection"],
  [{ kind: "empty" }, "empty_answer"],
  [{ kind: "malformed", what: "event" }, "unexpected_response"],
  [{ kind: "malformed", what: "tool_call" }, "malformed_output"],
  [{ kind: "cut", afterTokens: 0, afterBytes: 5 }, "stream_interrupted"],
])("after %o it is asked again", async (trouble, code) => {
  const world = native({ script: [trouble] });
  const seen = await observe(world, "create");
  expectRight(seen, world.simulator);
  expect(seen.report.attempts.map(({ error }) => error?.code)).toEqual([code, undefined]);
});

test.each(["cut", "end"] as const)(
  "after a %s in the text it goes on by prefill, where that is permitted",
  async (kind) => {
    for (const reading of READINGS) {
      const world = native({
        script: [{ kind, afterTokens: 40 }],
        answerTokens: 80,
        client: { resume: { bestEffort: true } },
      });
      const seen = await observe(world, reading, { params: { ...params, thinking: { type: "enabled" } } });
      expectRight(seen, world.simulator);
      const [first, rest] = world.simulator.requests;
      expect(first?.body).toMatchObject({ think: true });
      if (reading !== "create") {
        expect(rest?.body).toMatchObject({ think: false });
        expect(rest?.body.messages?.at(-1)).toEqual({ role: "assistant", content: expect.stringMatching(/./) });
        expect(seen.report.seams).toMatchObject([{ how: "prefill" }]);
      }
      await expectClosed(world, world.simulator);
    }
  },
);

test("without that permission a break is told, with what had come", async () => {
  const world = native({ script: [{ kind: "cut", afterTokens: 40 }], client: { resume: false } });
  const { error, text } = await observe(world, "text", { params: SILENT });
  expect(error).toMatchObject({ code: "stream_interrupted", partial: { content: text } });
  expect(text).not.toBe("");
});

const long = { ...SILENT, messages: [{ role: "user", content: "word ".repeat(4_000) }] } as const;

test("a prompt that is too long is an error there, and not cut without a word", async () => {
  const world = native();
  const { error } = await observe(world, "create", { params: long });
  expect(error).toMatchObject({ code: "context_length" });
  const careless = native();
  const lax = { ...long, truncate: true };
  expect((await observe(careless, "create", { params: lax })).error).toBeUndefined();
});

test("a conversation that is too long is fitted to the window the model runs with", async () => {
  const world = native({ client: { context: {} } });
  const turns = Array.from({ length: 40 }, (_, turn) => [
    { role: "user", content: `question ${turn} ${"word ".repeat(100)}` } as const,
    { role: "assistant", content: `answer ${turn}` } as const,
  ]).flat();
  const messages = [...turns, { role: "user", content: "and now?" } as const];
  const seen = await observe(world, "create", { params: { ...SILENT, messages } });
  expectRight(seen, world.simulator);
  expect(seen.report.attempts).toHaveLength(1);
  expect(world.simulator.requests[0]?.body.messages?.length).toBeLessThan(messages.length);
});

test("tools are asked for, made, and told of under their names", async () => {
  const clock = createVirtualClock();
  const call = { id: "call_a", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } } as const;
  const simulator = createSimulator({
    clock,
    dialect: "ollama",
    answer: ({ messages }) => (messages.some(({ role }) => role === "tool") ? "12 degrees." : { toolCalls: [call] }),
  });
  const client = createResilientClient({ clock, fetch: simulator.fetch, providers: [home] });
  const given: unknown[] = [];
  const weather = tool({ name: "weather", parameters: { type: "object" }, execute: (input) => given.push(input) });
  const run = await clock.run(runTools(client, { ...params, tools: [weather] }));
  expect(run.content).toBe("12 degrees.");
  expect(given).toEqual([{ city: "Oslo" }]);
  expect(simulator.requests[1]?.body.messages?.slice(1)).toEqual([
    {
      role: "assistant",
      content: "",
      thinking: simulator.requests[0]?.answer?.reasoning,
      tool_calls: [{ id: "call_a", function: { name: "weather", arguments: { city: "Oslo" } } }],
    },
    { role: "tool", tool_call_id: "call_a", tool_name: "weather", content: "1" },
  ]);
});

test("what cannot be said there is skipped, and others are asked", async () => {
  const seeing = { model: "llava", baseURL: BASE, abilities: { images: true } } as const;
  const providers = [ollama({ ...seeing, name: "own", route: "native" }), ollama({ ...seeing, baseURL: `${BASE}/v1` })];
  const picture = { type: "image_url", image_url: { url: "https://example.com/a.png" } } as const;
  const request = { ...params, messages: [{ role: "user", content: [picture] }] } as const;
  const world = native({ client: { providers } });
  const { report } = await observe(world, "create", { params: request });
  expect(report.skipped).toEqual([{ provider: "own", reason: "images" }]);
  expect(world.simulator.requests.map(({ path }) => path)).toEqual(["/v1/chat/completions"]);
  const lone = native({ client: { providers: providers.slice(0, 1) } });
  expect((await observe(lone, "create", { params: request })).error).toMatchObject({ code: "unsupported" });
});

test("its models are listed as on the other route", async () => {
  const world = native({ models: ["qwen3:8b"] });
  const list = await world.run(world.client.models.list());
  expect(list.data.map(({ id }) => id)).toEqual(["qwen3:8b"]);
  expect(world.simulator.requests[0]?.path).toBe("/v1/models");
});
