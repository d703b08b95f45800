import { expect, test } from "vitest";
import * as z from "zod";
import { runTools, streamTools, type ToolStreamPart, tool } from "../../src/index.ts";
import { asks, type Said, toolsWorld } from "../support/tools-world.ts";

const params = { model: "deepseek-flash", messages: [{ role: "user", content: "How is it in Oslo?" }] } as const;
const results = (said: readonly Said[]) => said.filter(({ role }) => role === "tool");
const weather = tool({ name: "weather", input: z.object({ city: z.string() }), execute: ({ city }) => `${city}: 12` });
const oslo = asks("weather", { city: "Oslo" }, "call_a");
const nowhere = asks("nowhere", {}, "call_b");
const model = (said: readonly Said[]) =>
  results(said).length === 0
    ? { reasoning: "Hm.", content: "Let me see. ", toolCalls: [oslo, nowhere] }
    : { reasoning: "Ah.", content: "It is 12 degrees, and no more is known of it." };

/** Neighbouring pieces of one kind as one. */
function joined(parts: readonly ToolStreamPart[]): unknown[] {
  const rows: unknown[] = [];
  for (const part of parts) {
    const last = rows.at(-1) as ToolStreamPart | undefined;
    const isText = part.type === "text-delta" || part.type === "reasoning-delta";
    if (isText && last?.type === part.type && "text" in last)
      rows.splice(-1, 1, { ...last, text: last.text + part.text });
    else rows.push(part);
  }
  return rows;
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

test("a run is told as typed parts, step by step, and ends with the result that runTools gives", async () => {
  const world = toolsWorld(model);
  const stream = streamTools(world.client, { ...params, tools: [weather] });
  const parts = await world.run(collect(stream.parts()));
  const result = await world.run(stream.finalResult());
  expect(joined(parts)).toEqual([
    { type: "reasoning-delta", step: 0, text: "Hm." },
    { type: "text-delta", step: 0, text: "Let me see. " },
    { type: "tool-call", step: 0, toolCall: oslo },
    { type: "tool-call", step: 0, toolCall: nowhere },
    { type: "tool-error", step: 0, ...result.steps[0]?.calls[1] },
    { type: "tool-result", step: 0, ...result.steps[0]?.calls[0] },
    { type: "step-finish", ...result.steps[0] },
    { type: "reasoning-delta", step: 1, text: "Ah." },
    { type: "text-delta", step: 1, text: "It is 12 degrees, and no more is known of it." },
    { type: "step-finish", ...result.steps[1] },
    { type: "finish", result },
  ]);
  expect(parts.filter(({ type }) => type === "text-delta").length).toBeGreaterThan(5);
  const other = toolsWorld(model);
  const whole = await other.run(runTools(other.client, { ...params, tools: [weather] }));
  const timeless = ({ messages, content, usage }: typeof whole) => ({ messages, content, usage });
  expect(timeless(result)).toEqual(timeless(whole));
});

test("textStream() gives the text of every step, and finalResult() works beside it", async () => {
  const world = toolsWorld(model);
  const stream = streamTools(world.client, { ...params, tools: [weather] });
  const [texts, result] = await world.run(Promise.all([collect(stream.textStream()), stream.finalResult()]));
  expect(texts.join("")).toBe("Let me see. It is 12 degrees, and no more is known of it.");
  expect(stream.messages).toEqual(result.messages);
  expect(stream.steps).toEqual(result.steps);
});

test("a run is read once, and asks nobody before", async () => {
  const world = toolsWorld(model);
  const stream = streamTools(world.client, { ...params, tools: [weather] });
  stream.parts();
  expect(() => stream.textStream()).toThrow(TypeError);
  expect(() => stream.parts()).toThrow("This run is being read already; it can be read once.");
  await world.clock.advance(1_000);
  expect([world.sent().length, world.clock.pending]).toEqual([0, 0]);
});

test("options that are wrong are refused at once", () => {
  const world = toolsWorld(model);
  expect(() => streamTools(world.client, { ...params, tools: [weather, weather] })).toThrow(/two tools/);
  expect(() => streamTools(world.client, { ...params, tools: [weather] }, { timeout: 1 } as never)).toThrow(/timeout/);
});

test.each(["text-delta", "tool-call", "tool-result", "step-finish"] as const)(
  "leaving the loop at a %s ends everything",
  async (type) => {
    const world = toolsWorld((said) =>
      results(said).length === 0 ? { content: "Let me.", toolCalls: [oslo, asks("hang", {})] } : "Late.",
    );
    let seen: AbortSignal | undefined;
    const hang = tool({
      name: "hang",
      execute: (_, { signal }) => {
        seen = signal;
        return type === "step-finish" ? "short" : new Promise<never>(() => {});
      },
    });
    const stream = streamTools(world.client, { ...params, tools: [weather, hang], clock: world.clock });
    const read = async () => {
      for await (const part of stream.parts()) if (part.type === type) break;
    };
    await world.run(read());
    expect(await world.failure(stream.finalResult())).toMatchObject({ name: "AbortError" });
    await world.clock.advance(2_000);
    expect([world.sent().length, world.hosts[0]?.stats.inFlight, world.clock.pending]).toEqual([1, 0, 0]);
    if (type === "tool-result") expect(seen?.aborted).toBe(true);
    if (type === "tool-call" || type === "text-delta") expect(seen).toBeUndefined();
  },
);

test("abort() ends the run with its reason, wherever it is: before, in an answer, in a tool", async () => {
  for (const afterMs of [0, 200, 1_500]) {
    const world = toolsWorld(() => ({ toolCalls: [asks("hang", {})] }));
    const hang = tool({ name: "hang", execute: () => new Promise<never>(() => {}) });
    const stream = streamTools(world.client, { ...params, tools: [hang], clock: world.clock });
    if (afterMs === 0) stream.abort("mine");
    else world.clock.after(afterMs, () => stream.abort("mine"));
    expect(await world.failure(collect(stream.parts()))).toBe("mine");
    expect(await world.failure(stream.finalResult())).toBe("mine");
    await world.clock.advance(1_000);
    expect([world.hosts[0]?.stats.inFlight, world.clock.pending]).toEqual([0, 0]);
  }
});

test("a run works across a failover in each of its answers, and each call is made once", async () => {
  let ran = 0;
  const once = tool({ name: "weather", input: z.object({ city: z.string() }), execute: () => ++ran });
  const world = toolsWorld(
    (said) => (results(said).length === 0 ? { reasoning: "Hm.", content: "", toolCalls: [oslo] } : model(said)),
    // In the thinking; then behind the beginning of the text.
    {
      script: [
        { kind: "cut", afterTokens: 1 },
        { kind: "cut", afterTokens: 12 },
      ],
    },
    { hosts: 2 },
  );
  const stream = streamTools(world.client, { ...params, tools: [once] });
  const parts = await world.run(collect(stream.parts()));
  const { content, reports } = await stream.finalResult();
  const shown = parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
  expect([content, shown, ran]).toEqual([
    "It is 12 degrees, and no more is known of it.",
    "It is 12 degrees, and no more is known of it.",
    1,
  ]);
  expect(parts.filter(({ type }) => type === "seam")).toMatchObject([
    { step: 0, from: "p0", to: "p1", atChar: 0 },
    { step: 1, from: "p0", to: "p1" },
  ]);
  expect(reports.map(({ attempts }) => attempts.map(({ provider }) => provider))).toEqual([
    ["p0", "p1"],
    ["p0", "p1"],
  ]);
});

test("where a consumer can discard, a new start in other words is told by a reset, and its calls are made once", async () => {
  let [ran, starts] = [0, 0];
  const once = tool({ name: "weather", input: z.object({ city: z.string() }), execute: () => ++ran });
  const world = toolsWorld(
    (said) => {
      if (results(said).length > 0) return model(said);
      starts += 1;
      return { content: starts === 1 ? "Let me see. " : "I shall look. ", toolCalls: [oslo] };
    },
    { script: [{ kind: "cut", afterTokens: 2 }] },
  );
  const asked = { ...params, thinking: { type: "disabled" }, tools: [once] } as const;
  const stream = streamTools(world.client, asked, { resume: { onUnresumable: "reset" } });
  const rows = joined(await world.run(collect(stream.parts()))) as ToolStreamPart[];
  expect(rows.slice(0, 4)).toMatchObject([
    { type: "text-delta", text: expect.stringMatching(/^Let /) },
    { type: "reset", step: 0 },
    { type: "text-delta", text: "I shall look. " },
    { type: "tool-call", toolCall: oslo },
  ]);
  expect([ran, world.sent().length]).toEqual([1, 3]);
});

test("what was said before a failure is kept, and a run that goes on with it does nothing twice", async () => {
  let ran = 0;
  const once = tool({ name: "weather", input: z.object({ city: z.string() }), execute: () => ++ran });
  const world = toolsWorld(model, { script: ["ok", "authentication"] }, { retry: false });
  const stream = streamTools(world.client, { ...params, tools: [once] });
  expect(await world.failure(stream.finalResult())).toMatchObject({ code: "authentication" });
  expect(stream.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool"]);
  const again = toolsWorld(model);
  const { content } = await again.run(runTools(again.client, { ...params, messages: stream.messages, tools: [once] }));
  expect([content, ran]).toEqual(["It is 12 degrees, and no more is known of it.", 1]);
});
