import { expect, test } from "vitest";
import * as z from "zod";
import { type PendingToolCall, runTools, type Tool, tool } from "../../src/index.ts";
import { asks, type Said, toolsWorld } from "../support/tools-world.ts";

const params = { model: "deepseek-flash", messages: [{ role: "user", content: "Do it." }] } as const;
const results = (said: readonly Said[]) => said.filter(({ role }) => role === "tool");

/** A model that asks for these once, and then answers. */
const askingFor =
  (...names: readonly string[]) =>
  (said: readonly Said[]) =>
    results(said).length === 0 ? { toolCalls: names.map((name) => asks(name, {}, `id_${name}`)) } : "Done.";

test("so many calls run at once, each exactly once, and their results keep the order of the calls", async () => {
  const names = Array.from({ length: 9 }, (_, index) => `t${index}`);
  const world = toolsWorld(askingFor(...names));
  let [running, most] = [0, 0];
  const ran: string[] = [];
  const tools = names.map((name, index) =>
    tool({
      name,
      async execute(_, { toolCallId }) {
        ran.push(toolCallId);
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => world.clock.after(1_000 - index * 100, resolve));
        running -= 1;
        return name;
      },
    }),
  );
  const run = await world.run(runTools(world.client, { ...params, tools, concurrency: 3, clock: world.clock }));
  expect([most, ran]).toEqual([3, names.map((name) => `id_${name}`)]);
  expect(run.steps[0]?.calls.map(({ told }) => told)).toEqual(names);
  expect(results(run.messages as readonly Said[]).map(({ content }) => content)).toEqual(names);
  expect(world.clock.pending).toBe(0);
});

test("a tool that ignores its signal does not hold the run, and what it gives back later is dropped", async () => {
  const world = toolsWorld(askingFor("slow", "deaf", "own"));
  let signal: AbortSignal | undefined;
  let late: ((value: string) => void) | undefined;
  const hanging = (timeoutMs?: number) => ({
    timeoutMs,
    execute: (_: unknown, context: { signal: AbortSignal }) => {
      signal = context.signal;
      return new Promise<string>((resolve) => {
        late = resolve;
      });
    },
  });
  const tools = [
    tool({ name: "slow", ...hanging() }),
    tool({ name: "deaf", ...hanging(2_000) }),
    tool({ name: "own", timeoutMs: Number.POSITIVE_INFINITY, execute: () => "mine" }),
  ];
  const startedAt = world.clock.now();
  const run = await world.run(runTools(world.client, { ...params, tools, toolTimeoutMs: 5_000, clock: world.clock }));
  expect(run.steps[0]?.calls.map(({ status, told }) => [status, told])).toEqual([
    ["failed", "Error: slow did not finish within 5000 ms."],
    ["failed", "Error: deaf did not finish within 2000 ms."],
    ["done", "mine"],
  ]);
  expect(signal?.aborted && (signal.reason as Error).name).toBe("TimeoutError");
  expect(world.clock.now() - startedAt).toBeLessThan(8_000);
  late?.("late");
  await Promise.resolve();
  expect(run.steps[0]?.calls[1]).toMatchObject({ status: "failed" });
  expect([run.content, world.clock.pending]).toEqual(["Done.", 0]);
});

test("a tool is aborted at its time, and may end in order", async () => {
  const world = toolsWorld(askingFor("polite"));
  const polite = tool({
    name: "polite",
    execute: (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
  });
  const run = await world.run(
    runTools(world.client, { ...params, tools: [polite], toolTimeoutMs: 100, clock: world.clock }),
  );
  // Whichever came first: both say that it is over.
  expect(run.steps[0]?.calls[0]).toMatchObject({
    status: "failed",
    told: "Error: polite did not finish within 100 ms.",
  });
});

test.each([["a text"], [new Error("enough")], [undefined], [0]])(
  "an abort while a tool runs comes back unchanged, ends the tool, and asks nobody any more: %j",
  async (reason) => {
    const world = toolsWorld(askingFor("hang"));
    const controller = new AbortController();
    let seen: AbortSignal | undefined;
    const hang = tool({
      name: "hang",
      execute(_, { signal }) {
        seen = signal;
        world.clock.after(500, () => controller.abort(reason));
        return new Promise<never>(() => {});
      },
    });
    const run = runTools(world.client, { ...params, tools: [hang], clock: world.clock }, { signal: controller.signal });
    expect(await world.failure(run)).toBe(controller.signal.reason);
    expect(seen?.reason).toBe(controller.signal.reason);
    expect([world.sent().length, world.clock.pending]).toEqual([1, 0]);
  },
);

test("an abort before the run, and during an answer, comes back unchanged", async () => {
  const world = toolsWorld(askingFor("any"));
  const any = tool({ name: "any", execute: () => 1 });
  const before = AbortSignal.abort("never");
  expect(await world.failure(runTools(world.client, { ...params, tools: [any] }, { signal: before }))).toBe("never");
  expect(world.sent().length).toBe(0);
  const controller = new AbortController();
  world.clock.after(200, () => controller.abort("now"));
  const run = runTools(world.client, { ...params, tools: [any] }, { signal: controller.signal });
  expect(await world.failure(run)).toBe("now");
  await world.clock.advance(1_000);
  expect([world.hosts[0]?.stats.inFlight, world.clock.pending]).toEqual([0, 0]);
});

const refusing = (verdict: unknown) => async () => {
  const world = toolsWorld(askingFor("wipe"));
  let ran = 0;
  const wipe = tool({ name: "wipe", execute: () => ++ran });
  const asked: PendingToolCall[] = [];
  const onToolCall = (call: PendingToolCall) => {
    asked.push(call);
    return verdict as boolean;
  };
  const run = await world.run(runTools(world.client, { ...params, tools: [wipe as Tool], onToolCall }));
  return { run, ran, asked, world };
};

test.each([
  [false, "", "Error: the call was refused."],
  ["not today", "not today", "Error: the call was refused: not today"],
  ["", "", "Error: the call was refused."],
  [Promise.resolve("ask first"), "ask first", "Error: the call was refused: ask first"],
])("a call that is refused is not made, and the model is told why: %j", async (verdict, reason, told) => {
  const { run, ran, asked, world } = await refusing(verdict)();
  expect(ran).toBe(0);
  expect(asked).toMatchObject([{ id: "id_wipe", name: "wipe", input: {}, step: 0 }]);
  expect(run.steps[0]?.calls).toEqual([{ id: "id_wipe", name: "wipe", input: {}, status: "refused", reason, told }]);
  expect(results(world.sent()[1]?.messages ?? [])[0]?.content).toBe(told);
});

test.each([[true], [undefined], [Promise.resolve(true)]])("a call that is approved is made: %j", async (verdict) => {
  expect((await refusing(verdict)()).ran).toBe(1);
});

test.each([[null], [{ approved: false }], [0]])(
  "what is neither yes nor no ends the run, and nothing is made: %j",
  async (verdict) => {
    const world = toolsWorld(askingFor("wipe"));
    let ran = 0;
    const wipe = tool({ name: "wipe", execute: () => ++ran });
    const onToolCall = () => verdict as unknown as boolean; // As JavaScript may.
    const error = await world.failure(runTools(world.client, { ...params, tools: [wipe as Tool], onToolCall }));
    expect(error).toMatchObject({
      code: "invalid_options",
      message: expect.stringMatching(/^What onToolCall gives must be true, false, a text or undefined, got /),
    });
    expect([ran, world.sent().length]).toEqual([0, 1]);
  },
);

test("what onToolCall throws ends the run unchanged, and the tools that run", async () => {
  const world = toolsWorld(askingFor("first", "second", "third"));
  let seen: AbortSignal | undefined;
  const ran: string[] = [];
  const tools = ["first", "second", "third"].map((name) =>
    tool({
      name,
      execute(_, { signal }) {
        ran.push(name);
        seen = signal;
        return new Promise<never>(() => {});
      },
    }),
  );
  const reason = { own: "reason" };
  const onToolCall = async (call: PendingToolCall) => {
    await new Promise<void>((resolve) => world.clock.after(100, resolve));
    if (call.name === "second") throw reason;
    return true;
  };
  const run = runTools(world.client, { ...params, tools: tools as Tool[], onToolCall, clock: world.clock });
  expect(await world.failure(run)).toBe(reason);
  expect([ran, seen?.reason, world.sent().length, world.clock.pending]).toEqual([["first"], reason, 1, 0]);
});

test("one question is asked at a time, in the order of the calls, and none for a call that cannot be made", async () => {
  const world = toolsWorld(askingFor("a", "nobody", "b", "c"));
  const log: string[] = [];
  const tools = ["a", "b", "c"].map((name) => tool({ name, execute: () => name }));
  const onToolCall = async ({ name }: { name: string }) => {
    log.push(`ask ${name}`);
    await new Promise<void>((resolve) => world.clock.after(100, resolve));
    log.push(`told ${name}`);
  };
  await world.run(runTools(world.client, { ...params, tools, onToolCall, clock: world.clock }));
  expect(log).toEqual(["ask a", "told a", "ask b", "told b", "ask c", "told c"]);
});

test("a schema may be asynchronous, and what it throws is told like a tool's error", async () => {
  const world = toolsWorld(askingFor("checked", "broken"));
  const checked = tool({
    name: "checked",
    input: z.object({}).refine(async () => false, { message: "no such place" }),
    execute: () => 1,
  });
  const broken = tool({
    name: "broken",
    input: z.object({}).refine(() => {
      throw new Error("the check failed");
    }),
    execute: () => 1,
  });
  const run = await world.run(runTools(world.client, { ...params, tools: [checked, broken] }));
  expect(run.steps[0]?.calls.map(({ status, told }) => [status, told])).toEqual([
    ["invalid", "Error: the arguments do not fit: no such place. Call it again with others."],
    ["failed", "Error: the check failed"],
  ]);
});

test("a client that is closed ends the run with its error", async () => {
  const world = toolsWorld(askingFor("any"));
  const any = tool({ name: "any", execute: () => void world.client.close() });
  expect(await world.failure(runTools(world.client, { ...params, tools: [any] }))).toMatchObject({
    code: "client_closed",
  });
});

test("what is wrong is refused before anything is sent", async () => {
  const world = toolsWorld(askingFor("any"));
  const any = tool({ name: "any", execute: () => 1 });
  const many = Array.from({ length: 129 }, (_, index) => tool({ name: `t${index}`, execute: () => 1 }));
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ tools: [] }, /tools must be a list of at least one tool/],
    [{ tools: [{ type: "function", function: { name: "x" } }] }, /as made by tool\(\)/],
    [{ tools: [any, any] }, /two tools have the name "any"/],
    [{ tools: many }, /tools has 129, and DeepSeek takes at most 128/],
    [{ tools: [any], maxSteps: 0 }, /runTools: maxSteps must be a whole number from 1, got 0/],
    [{ tools: [any], concurrency: 1.5 }, /concurrency must be a whole number from 1/],
    [{ tools: [any], toolTimeoutMs: 0 }, /toolTimeoutMs must be milliseconds from 1/],
    [{ tools: [any], onToolCall: true }, /onToolCall must be a function/],
    [{ tools: [any], maxStep: 1 }, /runTools: unknown parameter maxStep\. Did you mean maxSteps\?/],
    [{ tools: [any], tool_timeout_ms: 1 }, /unknown parameter tool_timeout_ms\. Did you mean toolTimeoutMs\?/],
    [{ tools: [any], clock: {} }, /clock must be a clock/],
    [{ tools: [any], messages: "hi" }, /messages must be a list of messages/],
    [{ tools: [any], messages: [] }, /messages must hold at least one message/],
  ];
  for (const [wrong, message] of cases) {
    const error = await world.failure(runTools(world.client, { ...params, ...wrong } as never));
    expect((error as Error).message).toMatch(message);
  }
  expect(await world.failure(runTools({} as never, { ...params, tools: [any] }))).toMatchObject({
    code: "invalid_options",
  });
  expect(await world.failure(runTools(world.client, null as never))).toMatchObject({ code: "invalid_options" });
  expect(world.sent()).toEqual([]);
});
