// What users of other clients suffer from long conversations. The numbers are those of the list of pain points.
import { expect, test } from "vitest";
import { type ChatMessage, type ClientOptions, createResilientClient } from "../../src/index.ts";
import { createSimulator, createVirtualClock, type SimulatorOptions } from "../../src/testing/index.ts";
import { promptTokens } from "../../src/testing/request-rules.ts";

const tool = { type: "function", function: { name: "look", parameters: { type: "object" } } } as const;

function createWorld(options: ClientOptions, simulation: SimulatorOptions = {}) {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, window: 16_000, ...simulation });
  const client = createResilientClient({
    apiKey: "sk-any",
    clock,
    fetch: simulator.fetch,
    random: () => 0,
    ...options,
  });
  const ask = (messages: readonly ChatMessage[], more: object = {}) =>
    clock.run(
      client.chat.completions
        .create({ model: "deepseek-flash", messages, thinking: { type: "disabled" }, ...more })
        .withReport(),
    );
  const sent = (at: number) => simulator.requests.at(at)?.body["messages"] as readonly unknown[] as ChatMessage[];
  return { simulator, ask, sent };
}

/** Turns with two tool calls at once, whose results are long. */
const agent = (turns: number): ChatMessage[] =>
  Array.from({ length: turns }, (_, turn): ChatMessage[] => [
    { role: "user", content: `Look at ${turn}.` },
    {
      role: "assistant",
      content: "",
      reasoning_content: "",
      tool_calls: ["a", "b"].map((id) => ({
        id: `${id}${turn}`,
        type: "function",
        function: { name: "look", arguments: "{}" },
      })),
    },
    { role: "tool", tool_call_id: `a${turn}`, content: "seen ".repeat(300) },
    { role: "tool", tool_call_id: `b${turn}`, content: "heard ".repeat(300) },
    { role: "assistant", content: `That was ${turn}.`, reasoning_content: "" },
  ]).flat();

const chat = (turns: number): ChatMessage[] =>
  Array.from({ length: turns }, (_, turn): ChatMessage[] => [
    { role: "user", content: `Question ${turn}: ${"why ".repeat(60)}` },
    { role: "assistant", content: `Because of ${turn}. ${"so ".repeat(60)}` },
  ]).flat();

test("pain point 30, an overflow is not recognised: its numbers are read, it is cut in one step, and tried once more", async () => {
  const { simulator, ask } = createWorld({ context: {} });
  const { report } = await ask([...chat(150), { role: "user", content: "And now?" }]);
  expect(report.attempts.map(({ kind, status }) => [kind, status])).toEqual([
    ["first", 400],
    ["repair", 200],
  ]);
  expect(simulator.requests.length).toBe(2);
});

test("pain point 31, trimming orphans tool messages: a call and its results go together, in every size of window", async () => {
  for (const windowTokens of [2_000, 4_000, 8_000, 15_000]) {
    const { simulator, ask } = createWorld({ context: { windowTokens } });
    await ask([...agent(20), { role: "user", content: "And now?" }], { tools: [tool] });
    // The simulator refuses whatever the API refuses.
    expect(simulator.requests.map(({ status }) => status)).toEqual([200]);
  }
});

test("pain point 32, trimming destroys the prefix cache: most of what is sent was sent before", async () => {
  const { simulator, ask, sent } = createWorld({ context: { windowTokens: 12_000 } });
  const messages: ChatMessage[] = [{ role: "system", content: "You are kind." }];
  let [read, cached] = [0, 0];
  for (let turn = 0; turn < 120; turn += 1) {
    messages.push({ role: "user", content: `Question ${turn}: ${"why ".repeat(60)}` });
    const { data } = await ask(messages);
    const [last, now] = [simulator.requests.length > 1 ? sent(-2) : [], sent(-1)];
    const alike = now.findIndex((message, index) => JSON.stringify(message) !== JSON.stringify(last[index]));
    read += promptTokens({ messages: now });
    cached += promptTokens({ messages: now.slice(0, alike < 0 ? now.length : alike) });
    const [choice] = data.choices;
    if (choice) messages.push(choice.message as ChatMessage);
  }
  expect(simulator.requests.every(({ status }) => status === 200)).toBe(true);
  expect(messages.length).toBe(241);
  expect(cached / read).toBeGreaterThan(0.85);
});

test("pain point 33, token counts are wrong: they are corrected by what the server counted, for Chinese as for English", async () => {
  const { simulator, ask } = createWorld({ context: { windowTokens: 12_000 } });
  for (const text of ["why ", "为什么", "const x = 1; "]) {
    const messages = [...chat(20), { role: "user", content: text.repeat(500) }] as ChatMessage[];
    for (let turn = 0; turn < 3; turn += 1) await ask(messages);
  }
  expect(simulator.requests.every(({ status }) => status === 200)).toBe(true);
});

test("pain point 34, usage is lost: a cut request counts what it was sent, and the report has hits and misses of the cache", async () => {
  const { ask } = createWorld({ context: { windowTokens: 4_000 } });
  const { report } = await ask([...chat(60), { role: "user", content: "And now?" }]);
  const [attempt] = report.attempts;
  expect(attempt?.tokens?.promptTokens).toBeLessThan(4_000);
  expect(report.billed).toMatchObject({
    promptTokens: attempt?.tokens?.promptTokens,
    cachedTokens: expect.any(Number),
  });
  expect(report.changes).toHaveLength(1);
});
