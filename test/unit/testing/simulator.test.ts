import fc from "fast-check";
import { expect, test } from "vitest";
import { createSimulator, createVirtualClock, type SimulatorOptions } from "../../../src/testing/index.ts";
import { ask, BASE, completionOf, goOn, KEY, PLAIN, tell } from "./ask.ts";

const STREAM = { stream: true, stream_options: { include_usage: true } };
const create = (options: SimulatorOptions = {}) => createSimulator({ clock: createVirtualClock(), ...options });

test("without any options it answers at once, by the system's clock", async () => {
  const simulator = createSimulator();
  const { status, text } = await ask(simulator);
  const created = (JSON.parse(text) as { created: number }).created * 1_000;
  expect(status).toBe(200);
  expect(Math.abs(created - Date.now())).toBeLessThan(60_000);
  await simulator.close();
});

test("the same seed and the same requests give the same bytes, another seed other ones", async () => {
  const bodies = [STREAM, {}, PLAIN, { ...STREAM, ...PLAIN }, { model: "x" }, { max_tokens: 5 }, STREAM];
  const record = async (seed: number) => {
    const simulator = create({ seed, script: ["ok", "cut", "busy"], faults: [{ kind: "cut", rate: 0.5 }] });
    const responses: string[] = [];
    for (const body of bodies) {
      const { status, headers, text } = await ask(simulator, body);
      responses.push(`${status} ${JSON.stringify([...headers])} ${text}`);
    }
    return responses;
  };
  const first = await record(1);
  expect(await record(1)).toEqual(first);
  for (const [index, response] of (await record(2)).entries()) expect(response).not.toBe(first[index]);
});

test("every fresh request gets a wording of its own, which differs in its first words", async () => {
  const simulator = create();
  const contents: string[] = [];
  for (let asked = 0; asked < 50; asked += 1) {
    const { content } = await tell(simulator, asked % 2 ? PLAIN : {});
    expect(simulator.isWholeAnswer(content)).toBe(true);
    contents.push(content.slice(0, 24));
  }
  expect(new Set(contents).size).toBe(50);
});

test("streamed or plain, the answer to the first request is the same", async () => {
  const streamed = await tell(create());
  const { choices, usage } = completionOf(await ask(create()));
  const { finish_reason, message } = choices[0] ?? {};
  expect(message).toEqual({ role: "assistant", content: streamed.content, reasoning_content: streamed.reasoning });
  expect(finish_reason).toBe(streamed.finishReason);
  expect(usage).toEqual(streamed.usage);
});

test("thinking comes first and is on by default", async () => {
  const { chunks, reasoning, content, usage } = await tell(create());
  const said = chunks.map(({ choices }) => choices[0]?.delta);
  const firstText = said.findIndex((delta) => Boolean(delta?.content));
  const lastThought = said.findLastIndex((delta) => Boolean(delta?.reasoning_content));
  expect(reasoning).not.toBe("");
  expect(content).not.toBe("");
  expect(firstText).toBe(lastThought + 1);
  expect(usage?.completion_tokens_details?.reasoning_tokens).toBe(lastThought);
  expect((await tell(create(), PLAIN)).reasoning).toBe("");
});

test("usage is on the finish chunk alone, and its numbers add up", async () => {
  const { chunks, usage, finishReason } = await tell(create(), STREAM);
  expect(finishReason).toBe("stop");
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  expect(usage?.completion_tokens).toBe(chunks.length - 2);
  expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  const { prompt_cache_hit_tokens: hit, prompt_cache_miss_tokens: miss, prompt_tokens_details } = usage ?? {};
  expect((hit ?? 0) + (miss ?? 0)).toBe(usage?.prompt_tokens);
  expect(prompt_tokens_details?.cached_tokens).toBe(hit);
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
});

test("without include_usage only the finish chunk speaks of usage", async () => {
  const { chunks } = await tell(create());
  expect(chunks.map((chunk) => "usage" in chunk).indexOf(true)).toBe(chunks.length - 1);
});

test("max_tokens bounds what is charged, of thinking, text and tool calls", async () => {
  const call = { id: "call_1", type: "function" as const, function: { name: "now", arguments: '{"zone":"UTC"}' } };
  const answer = () => ({ reasoning: "a b", content: "c d", toolCalls: [call] });
  for (const max_tokens of [1, 3, 4, 5, 7]) {
    const { usage, finishReason } = await tell(create({ answer }), { max_tokens });
    expect([usage?.completion_tokens, finishReason]).toEqual([max_tokens, "length"]);
  }
  const { usage, finishReason } = await tell(create({ answer }), { max_tokens: 8 });
  expect([usage?.completion_tokens, finishReason]).toEqual([8, "tool_calls"]);
});

test("answers can be scripted from the request, with tool calls", async () => {
  const call = { id: "call_1", type: "function" as const, function: { name: "now", arguments: '{"zone":"UTC"}' } };
  const simulator = create({
    answer: ({ messages }) => ((messages as unknown[]).length > 1 ? "It is noon." : { toolCalls: [call] }),
  });
  const { choices } = completionOf(await ask(simulator, PLAIN));
  expect(choices).toMatchObject([
    { message: { content: "", tool_calls: [{ index: 0, ...call }] }, finish_reason: "tool_calls" },
  ]);
  const messages = [
    { role: "user", content: "hi" },
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", tool_call_id: "call_1", content: "12:00" },
  ];
  const { content, finishReason } = await tell(simulator, { ...PLAIN, messages });
  expect([content, finishReason]).toEqual(["It is noon.", "stop"]);
  expect(simulator.isWholeAnswer("It is noon.")).toBe(true);
  expect(simulator.isWholeAnswer("It is noon")).toBe(false);
});

test("only whole answers are accepted: no part, no doubling, no splice of two", async () => {
  const simulator = create();
  const answers: string[] = [];
  for (let asked = 0; asked < 4; asked += 1) answers.push((await tell(simulator, PLAIN)).content);
  for (const answer of answers) expect(simulator.isWholeAnswer(answer)).toBe(true);
  expect(simulator.isWholeAnswer("")).toBe(false);
  const place = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(400), fc.nat(400));
  fc.assert(
    fc.property(place, ([from, to, cutAt, resumeAt]) => {
      const [one = "", other = ""] = [answers[from], answers[to]];
      const splice = one.slice(0, cutAt) + other.slice(resumeAt);
      const isWhole = answers.includes(splice);
      expect(simulator.isWholeAnswer(splice)).toBe(isWhole);
      if (from !== to && cutAt > 24 && resumeAt < other.length - 40) expect(isWhole).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test("a cut stream goes on as a prefix where it stopped, again and again, to one whole answer", async () => {
  const simulator = create({ faults: [{ kind: "cut", afterTokens: 9 }] });
  let content = (await tell(simulator, PLAIN)).content;
  for (let resumes = 0; resumes < 50 && !simulator.isWholeAnswer(content); resumes += 1) {
    content += (await goOn(simulator, { content }, PLAIN)).content;
  }
  expect(simulator.isWholeAnswer(content)).toBe(true);
  expect(simulator.requests.length).toBeGreaterThan(4);
});

test("a stream cut while it thinks goes on with its thought, and then says what it meant to", async () => {
  const simulator = create({ script: [{ kind: "cut", afterTokens: 5 }] });
  const thought = (await tell(simulator)).reasoning;
  await tell(simulator);
  const rest = await goOn(simulator, { content: "", reasoning_content: thought });
  const { answer } = simulator.requests[0] ?? {};
  expect(thought + rest.reasoning).toBe(answer?.reasoning);
  expect(rest.content).toBe(answer?.content);
});

test("key, models, window and length of answers are options", async () => {
  const simulator = create({ apiKey: KEY, models: ["mine"], window: 100, answerTokens: 200 });
  expect((await ask(simulator)).text).toContain("The supported API model names are mine,");
  expect((await ask(simulator, { model: "mine", max_tokens: 100 })).text).toContain("maximum context length is 100");
  const { usage } = await tell(simulator, { model: "mine", ...PLAIN });
  expect(usage?.completion_tokens).toBeGreaterThanOrEqual(200);
  expect((await ask(create({ apiKey: "sk-other" }))).status).toBe(401);
  const list = await simulator.fetch(`${BASE}/models`, { headers: { authorization: `Bearer ${KEY}` } });
  expect(await list.json()).toEqual({
    object: "list",
    data: [{ id: "mine", object: "model", owned_by: "deepseek" }],
  });
});

test.each([
  [
    "throws",
    () => {
      throw new Error("mine");
    },
    "mine",
  ],
  [
    "returns a promise",
    async () => "hi",
    "it must return a string or { content, reasoning, toolCalls }, and no promise",
  ],
  ["returns nothing", () => undefined, "it must return a string or { content, reasoning, toolCalls }, and no promise"],
  [
    "misspells a field",
    () => ({ text: "hi" }),
    "it must return a string or { content, reasoning, toolCalls }, and no promise",
  ],
])("an answer function that %s fails the request at once, and says why", async (_, answer, message) => {
  const simulator = create({ answer: answer as unknown as () => string });
  const { status, text } = await ask(simulator);
  expect(status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({ error: { message: `The simulator's own answer() failed: ${message}` } });
});

test("closing without servers does nothing, and it can be disposed of", async () => {
  const simulator = create();
  await simulator.close();
  await simulator[Symbol.asyncDispose]();
  expect((await ask(simulator)).status).toBe(200);
});
