import { expect, test } from "vitest";
import { createSimulator, createVirtualClock, type Trouble } from "../../../src/testing/index.ts";
import { ask, PLAIN, tell } from "./ask.ts";

test("steps of the script that nobody asked for are told", async () => {
  const simulator = createSimulator({ script: ["ok", "busy"] });
  expect(simulator.unused).toEqual(["ok", "busy"]);
  await ask(simulator);
  expect(simulator.unused).toEqual(["busy"]);
  simulator.script({ kind: "queue", forMs: 1 });
  await ask(simulator);
  expect(simulator.unused).toEqual([{ kind: "queue", forMs: 1 }]);
});

test("a cut beyond the end of an answer cuts nothing", async () => {
  for (const stream of [true, false]) {
    const calm = await ask(createSimulator(), { stream });
    const cut = async (place: Omit<Trouble & { kind: "cut" }, "kind">) => {
      const simulator = createSimulator({ clock: createVirtualClock(), script: [{ kind: "cut", ...place }] });
      const { error } = await ask(simulator, { stream });
      return [simulator.requests[0]?.outcome, error === undefined];
    };
    expect(await cut({ afterTokens: 1_000 })).toEqual(["finished", true]);
    expect(await cut({ afterBytes: calm.bytes.length + 1 })).toEqual(["finished", true]);
    expect(await cut({ afterBytes: calm.bytes.length })).toEqual(["cut", false]);
    expect(await cut({ afterTokens: 3 })).toEqual(["cut", false]);
  }
});

test("parallel tool calls come one after the other, in pieces", async () => {
  const call = (id: string, args: string) =>
    ({ id, type: "function", function: { name: "now", arguments: args } }) as const;
  const toolCalls = [call("call_00_a", '{"zone":"utc"}'), call("call_01_b", '{"zone":"cet"}')];
  const { chunks, finishReason } = await tell(createSimulator({ answer: () => ({ content: "", toolCalls }) }), PLAIN);
  const indexes = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls?.map(({ index }) => index) ?? []);
  expect(indexes).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect(finishReason).toBe("tool_calls");
});

test("what was asked is typed: the model, the messages, and all else unknown", async () => {
  const simulator = createSimulator({
    answer: ({ model, messages, temperature }) => `${model}: ${messages.at(-1)?.content} at ${String(temperature)}`,
  });
  const { content } = await tell(simulator, { ...PLAIN, temperature: 1 });
  expect(content).toBe("deepseek-flash: hi at 1");
  const model: string | undefined = simulator.requests[0]?.body.model;
  expect(model).toBe("deepseek-flash");
  expect(simulator.requests[0]?.body.messages?.[0]?.role).toBe("user");
});
