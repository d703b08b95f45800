import { expect, test } from "vitest";
import * as z from "zod";
import { runTools, ToolStepsError, tool } from "../../src/index.ts";
import { asks, type Said, toolsWorld } from "../support/tools-world.ts";

const weather = tool({
  name: "weather",
  description: "The weather in a city.",
  input: z.object({ city: z.string() }),
  execute: ({ city }) => ({ city, degrees: 12 }),
});
const time = tool({ name: "time", execute: () => "12:00" });
const question = { role: "user", content: "How is it in Oslo, and what time is it?" } as const;
const params = { model: "deepseek-flash", messages: [question], tools: [weather, time] } as const;
const plain = { ...params, thinking: { type: "disabled" } } as const;

const results = (said: readonly Said[]) => said.filter(({ role }) => role === "tool");
const oslo = asks("weather", { city: "Oslo" }, "call_a");
const noon = asks("time", {}, "call_b");

test("the model asks for tools, is told what came of them, and answers", async () => {
  const world = toolsWorld((said) =>
    results(said).length === 0
      ? { reasoning: "I must look.", content: "Let me see.", toolCalls: [oslo, noon] }
      : { reasoning: "Now I know.", content: "12 degrees, at noon." },
  );
  const run = await world.run(runTools(world.client, params));
  expect(run.content).toBe("12 degrees, at noon.");
  expect(run.completion.choices[0]?.message).toEqual(run.message);
  expect(run.messages).toEqual([
    question,
    { role: "assistant", content: "Let me see.", reasoning_content: "I must look.", tool_calls: [oslo, noon] },
    { role: "tool", tool_call_id: "call_a", content: '{"city":"Oslo","degrees":12}' },
    { role: "tool", tool_call_id: "call_b", content: "12:00" },
    { role: "assistant", content: "12 degrees, at noon.", reasoning_content: "Now I know." },
  ]);
  expect(world.sent()[1]?.messages).toEqual(run.messages.slice(0, 4));
  expect(run.steps.map(({ step, finishReason, calls }) => [step, finishReason, calls])).toEqual([
    [
      0,
      "tool_calls",
      [
        {
          id: "call_a",
          name: "weather",
          input: { city: "Oslo" },
          status: "done",
          output: { city: "Oslo", degrees: 12 },
          told: '{"city":"Oslo","degrees":12}',
        },
        { id: "call_b", name: "time", input: {}, status: "done", output: "12:00", told: "12:00" },
      ],
    ],
    [1, "stop", []],
  ]);
  expect(run.reports.map(({ outcome }) => outcome)).toEqual(["succeeded", "succeeded"]);
  const sumOf = (count: keyof typeof run.usage) => run.reports.reduce((sum, { billed }) => sum + billed[count], 0);
  expect([run.usage.promptTokens, run.usage.completionTokens]).toEqual([
    sumOf("promptTokens"),
    sumOf("completionTokens"),
  ]);
  expect(run.warnings).toEqual([]);
  expect(world.clock.pending).toBe(0);
});

test("the history that comes back can be gone on with, and the list that was given is left as it was", async () => {
  const world = toolsWorld((said) => (results(said).length < 1 ? { toolCalls: [oslo] } : "Good."));
  const messages = [question];
  const first = await world.run(runTools(world.client, { ...params, messages }));
  expect(messages).toEqual([question]);
  const more = { role: "user", content: "And now?" } as const;
  const second = await world.run(runTools(world.client, { ...params, messages: [...first.messages, more] }));
  expect(second.messages.slice(0, -2)).toEqual(first.messages);
});

test("unknown tools and arguments that do not fit are answered so that the model can correct itself, and nothing runs", async () => {
  let ran = 0;
  const strictly = tool({
    name: "book",
    input: z.object({ seats: z.array(z.object({ row: z.number() })).min(1) }),
    execute: () => ++ran,
  });
  const world = toolsWorld((said) => {
    const told = results(said);
    if (told.length === 0) return { toolCalls: [asks("constructor", {}), asks("__proto__", {}), asks("bok", {})] };
    if (told.length === 3)
      return { toolCalls: [asks("book", { seats: [{ row: "x" }] }), asks("book", [1]), asks("book", "null")] };
    if (told.length === 6) return { toolCalls: [asks("book", '{"seats":[{"row":7}],"__proto__":{"row":1}}')] };
    return "Booked.";
  });
  const run = await world.run(runTools(world.client, { ...params, tools: [strictly, time] }));
  expect(run.steps[0]?.calls.map(({ told, status }) => [status, told])).toEqual(
    ["constructor", "__proto__", "bok"].map((name) => [
      "invalid",
      `Error: there is no tool "${name}". The tools are: book, time.`,
    ]),
  );
  expect(run.steps[1]?.calls.map(({ told }) => told)).toEqual([
    "Error: the arguments do not fit: seats[0].row: Invalid input: expected number, received string. Call it again with others.",
    "Error: the arguments do not fit: the arguments must be an object. Call it again with others.",
    "Error: the arguments do not fit: the arguments must be an object. Call it again with others.",
  ]);
  expect(ran).toBe(1);
  expect(run.steps[2]?.calls[0]).toMatchObject({ status: "done", input: { seats: [{ row: 7 }] }, output: 1 });
  // What is no object is not sent back: some hosts read it.
  const sent =
    world
      .sent()
      .at(-1)
      ?.messages.flatMap(({ tool_calls: calls = [] }) => calls) ?? [];
  expect(sent.map((call) => call.function.arguments).slice(3, 6)).toEqual(['{"seats":[{"row":"x"}]}', "{}", "{}"]);
});

test.each<[string, () => unknown, string]>([
  [
    "throws",
    () => {
      throw new TypeError("no such city");
    },
    "Error: no such city",
  ],
  [
    "rejects",
    () => Promise.reject(new Error("x".repeat(5_000))),
    /^Error: x{1993}\n\(cut: the first 2000 of 5007 characters\)$/.source,
  ],
  ["throws nothing", () => Promise.reject(undefined), "Error: the tool failed"],
  ["throws a text", () => Promise.reject("closed"), "Error: closed"],
  ["throws an object", () => Promise.reject({ secret: 1 }), "Error: the tool failed"],
  ["gives what cannot be written", () => 10n, "Error: Do not know how to serialize a BigInt"],
  ["gives nothing", () => undefined, "(no output)"],
  ["gives an empty text", () => "", "(no output)"],
  ["gives null", () => null, "null"],
  ["gives half a character", () => "a\ud800", "a\ufffd"],
  ["gives too much", () => "y".repeat(300_000), `${"y".repeat(200_000)}\n(cut: the first 200000 of 300000 characters)`],
])("a tool that %s: the model is told, and the run goes on", async (_, execute, told) => {
  const world = toolsWorld((said) => (results(said).length === 0 ? { toolCalls: [asks("any", {})] } : "I see."));
  const any = tool({ name: "any", execute });
  const run = await world.run(runTools(world.client, { ...params, tools: [any] }));
  const content = run.steps[0]?.calls[0]?.told ?? "";
  if (told.startsWith("^")) expect(content).toMatch(new RegExp(told));
  else expect(content === told, content.slice(0, 100)).toBe(true);
  expect(run.content).toBe("I see.");
  expect(results(world.sent()[1]?.messages ?? [])[0]?.content).toBe(content);
});

test("after maxSteps answers the run fails, with every call answered, so that it can go on", async () => {
  let ran = 0;
  const counted = tool({ name: "count", execute: () => String(++ran) });
  const world = toolsWorld((said) => (results(said).length < 5 ? { toolCalls: [asks("count", {})] } : "Five."));
  const tooFew = { ...params, tools: [counted], maxSteps: 3 };
  const error = await world.failure(runTools(world.client, tooFew));
  if (!ToolStepsError.isInstance(error)) throw error;
  expect([error.code, error.retryable, error.steps.length, ran]).toEqual(["tool_steps", false, 3, 3]);
  expect(error.message).toBe(
    "The model still asked for tools (count) in answer 3 of 3. Raise maxSteps, or go on with error.messages: all calls are answered in them.",
  );
  expect(JSON.stringify(error)).not.toContain("Oslo");
  expect(Object.keys(error)).not.toContain("messages");
  expect(Object.keys(error)).not.toContain("steps");
  const { content } = await world.run(runTools(world.client, { ...tooFew, messages: error.messages }));
  expect([content, ran]).toEqual(["Five.", 5]);
});

test("an answer that was cut at its length ends the run as it is, and runs nothing", async () => {
  let ran = 0;
  const send = tool({ name: "send", input: z.object({ text: z.string() }), execute: () => ++ran });
  const long = asks("send", { text: "word ".repeat(200) });
  const world = toolsWorld(() => ({ content: "Sending.", toolCalls: [asks("send", { text: "hi" }), long] }));
  const run = await world.run(runTools(world.client, { ...plain, tools: [send], max_tokens: 60 }));
  expect([run.completion.choices[0]?.finish_reason, run.content, ran]).toEqual(["length", "Sending.", 0]);
  expect(run.messages.at(-1)).toEqual({ role: "assistant", content: "Sending." });
  expect(run.steps).toMatchObject([{ finishReason: "length", calls: [] }]);
});

test.each(["required", { type: "function", function: { name: "time" } }] as const)(
  "a choice that forces a tool holds for the first answer only: %j",
  async (choice) => {
    const world = toolsWorld((said) => (results(said).length === 0 ? { toolCalls: [noon] } : "Noon."));
    await world.run(runTools(world.client, { ...plain, tool_choice: choice }));
    expect(world.sent().map(({ tool_choice: sent }) => sent)).toEqual([choice, "auto"]);
  },
);

test("a choice that forces nothing stays", async () => {
  const world = toolsWorld(() => "No tools.");
  await world.run(runTools(world.client, { ...plain, tool_choice: "none" }));
  await world.run(runTools(world.client, plain));
  expect(world.sent().map(({ tool_choice: sent }) => sent)).toEqual(["none", undefined]);
});

test("calls of one id, as hosts without ids make them in every answer, get ids of their own", async () => {
  const ids: string[] = [];
  const noted = tool({ name: "note", execute: (_, { toolCallId, step }) => void ids.push(`${toolCallId} ${step}`) });
  const world = toolsWorld((said) =>
    results(said).length < 3 ? { toolCalls: [asks("note", {}, "call_0")] } : "Noted.",
  );
  const { messages } = await world.run(runTools(world.client, { ...params, tools: [noted] }));
  expect(ids).toEqual(["call_0 0", "call_1 1", "call_2 2"]);
  expect(messages.flatMap((message) => ("tool_call_id" in message ? message.tool_call_id : []))).toEqual([
    "call_0",
    "call_1",
    "call_2",
  ]);
});

test("strict mode is used when every tool permits it, and otherwise for none, which is said", async () => {
  const schema = z.strictObject({ city: z.string() });
  const one = tool({ name: "one", strict: true, input: schema, execute: () => 1 });
  const bare = tool({ name: "bare", strict: true, execute: () => 1 });
  const lax = tool({ name: "lax", input: schema, execute: () => 1 });
  const world = toolsWorld(() => "Hello.");
  const strictly = await world.run(runTools(world.client, { ...params, tools: [one, bare] }));
  const mixed = await world.run(runTools(world.client, { ...params, tools: [one, lax] }));
  const strictOf = (index: number) =>
    ((world.sent()[index]?.tools ?? []) as { function: { strict?: boolean } }[]).map(({ function: fn }) => fn.strict);
  expect([strictOf(0), strictOf(1)]).toEqual([
    [true, true],
    [undefined, undefined],
  ]);
  expect(world.hosts[0]?.requests.map(({ path }) => path)).toEqual(["/beta/chat/completions", "/chat/completions"]);
  expect(strictly.warnings).toEqual([]);
  expect(mixed.warnings).toEqual(["Strict mode is not used, because not every tool permits it: lax."]);
});
