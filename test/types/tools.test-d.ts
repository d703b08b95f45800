import {
  createResilientClient,
  type NoInput,
  runTools,
  streamTools,
  type ToolContext,
  type ToolRun,
  ToolStepsError,
  tool,
} from "resilient-deepseek";
import { expectTypeOf, test } from "vitest";
import * as z from "zod";

const client = createResilientClient();
const weather = tool({
  name: "weather",
  input: z.object({ city: z.string(), days: z.number().default(1) }),
  execute(input, context) {
    expectTypeOf(input).toEqualTypeOf<{ city: string; days: number }>();
    expectTypeOf(context).toEqualTypeOf<ToolContext>();
    return Promise.resolve({ celsius: 12 });
  },
});
const now = tool({ name: "now", execute: () => "12:00" });
const raw = tool({ name: "raw", parameters: { type: "object" }, execute: (input) => [input] });
const params = {
  model: "deepseek-flash",
  messages: [{ role: "user", content: "hi" }],
  tools: [weather, now, raw],
} as const;

test("a tool has the types of its schema, without annotations", () => {
  expectTypeOf(weather.name).toEqualTypeOf<"weather">();
  expectTypeOf<Parameters<typeof weather.execute>[0]>().toEqualTypeOf<{ city: string; days: number }>();
  expectTypeOf<Parameters<typeof now.execute>[0]>().toEqualTypeOf<NoInput>();
  expectTypeOf<Parameters<typeof raw.execute>[0]>().toEqualTypeOf<unknown>();
});

test("the steps of a run have the types of its tools, told apart by name and status", async () => {
  const run = await runTools(client, params);
  expectTypeOf(run).toEqualTypeOf<ToolRun<typeof weather | typeof now | typeof raw>>();
  for (const call of run.steps.flatMap(({ calls }) => calls)) {
    if (call.status === "invalid") expectTypeOf(call.input).toEqualTypeOf<unknown>();
    else if (call.name === "weather") {
      expectTypeOf(call.input).toEqualTypeOf<{ city: string; days: number }>();
      if (call.status === "done") expectTypeOf(call.output).toEqualTypeOf<{ celsius: number }>();
      if (call.status === "refused") expectTypeOf(call.reason).toEqualTypeOf<string>();
      if (call.status === "failed") expectTypeOf(call.error).toEqualTypeOf<unknown>();
    } else if (call.name === "now" && call.status === "done") expectTypeOf(call.output).toEqualTypeOf<string>();
  }
});

test("so have the parts of a stream", async () => {
  for await (const part of streamTools(client, params).parts()) {
    if (part.type === "text-delta") expectTypeOf(part.text).toEqualTypeOf<string>();
    if (part.type === "tool-result" && part.name === "weather")
      expectTypeOf(part.output).toEqualTypeOf<{ celsius: number }>();
    if (part.type === "finish") expectTypeOf(part.result.content).toEqualTypeOf<string>();
  }
  expectTypeOf(streamTools(client, params).textStream()).toExtend<AsyncIterable<string>>();
});

test("whoever approves is told the input by the name, and may say nothing", () => {
  void runTools(client, {
    ...params,
    onToolCall(call) {
      expectTypeOf(call.name).toEqualTypeOf<"weather" | "now" | "raw">();
      if (call.name === "weather") expectTypeOf(call.input.city).toEqualTypeOf<string>();
      return call.name === "raw" ? "not that one" : true;
    },
  });
  void runTools(client, { ...params, onToolCall: async ({ name }) => console.log(name) });
  // @ts-expect-error: a verdict is no number
  void runTools(client, { ...params, onToolCall: () => 1 });
});

test("the messages of a run, and of one with too many steps, go on in the next", async () => {
  const { messages } = await runTools(client, params);
  void runTools(client, { ...params, messages });
  try {
    await runTools(client, params);
  } catch (error) {
    if (ToolStepsError.isInstance(error)) void runTools(client, { ...params, messages: error.messages });
  }
});

test("what cannot be right does not compile", () => {
  // @ts-expect-error: nobody runs it
  tool({ name: "idle" });
  // @ts-expect-error: an input is a schema
  tool({ name: "x", input: { city: "string" }, execute: () => 1 });
  // @ts-expect-error: the schema knows no such field
  tool({ name: "x", input: z.object({ city: z.string() }), execute: ({ town }) => town });
  // @ts-expect-error: tools are made by tool()
  void runTools(client, { ...params, tools: [{ type: "function", function: { name: "x" } }] });
  // @ts-expect-error: there are no tools
  void runTools(client, { model: "deepseek-flash", messages: params.messages });
});
