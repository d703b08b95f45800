import { expect, test } from "vitest";
import type { ScriptStep } from "../../src/testing/index.ts";
import { createWorld, failure, params, type World } from "../support/busy-world.ts";
import { expectTruePartial, observe, READINGS } from "../support/observe-call.ts";
import { expectClosed } from "../support/resume-world.ts";

// The user leaves while somebody is looked for who goes on, or while it goes on. The first answer breaks off after about
// 1.8 seconds.
const CUT: ScriptStep = { kind: "cut", afterTokens: 60 };
const MOMENTS: readonly (readonly [name: string, script: readonly ScriptStep[], atMs: number])[] = [
  ["while the continuation connects", [CUT, "black_hole"], 10_000],
  ["while the continuation is queued", [CUT, { kind: "queue", forMs: 50_000 }], 20_000],
  ["in the wait before the next try", [CUT, { kind: "busy", retryAfterMs: 50_000 }], 20_000],
  ["while the continuation stalls", [CUT, { kind: "stall", afterTokens: 3 }], 20_000],
  ["in the middle of the continuation", [CUT], 2_500],
  ["in the middle of the third part", [CUT, { kind: "cut", afterTokens: 3 }], 2_700],
];
const answerTokens = 120;

test.each(MOMENTS)("an abort %s comes back at once with its own reason", async (_, script, atMs) => {
  for (const reading of READINGS) {
    const world = createWorld({ script, answerTokens });
    const controller = new AbortController();
    const reason = { mine: reading };
    world.clock.after(atMs, () => controller.abort(reason));
    const seen = await observe(world, reading, { options: { signal: controller.signal } });
    expect(seen.error).toBe(reason);
    expect(seen.tookMs).toBe(atMs);
    expect(seen.report.outcome).toBe("aborted");
    expect(world.simulator.requests.length).toBe(script.length === 1 ? 2 : script.length + (atMs === 2_700 ? 1 : 0));
    // What was given so far is true, and nothing is asked for any more.
    if (reading !== "create") expect(world.simulator.requests[0]?.answer?.content.startsWith(seen.text)).toBe(true);
    await expectClosed(world, world.simulator);
    const asked = world.simulator.requests.length;
    await world.clock.advance(200_000);
    expect(world.simulator.requests.length).toBe(asked);
  }
});

test.each(["a string", null, 7, new Error("mine"), Symbol.for("mine")])(
  "the reason may be anything: %o",
  async (reason) => {
    const world = createWorld({ script: [CUT, { kind: "queue", forMs: 50_000 }], answerTokens });
    const controller = new AbortController();
    world.clock.after(20_000, () => controller.abort(reason));
    expect((await observe(world, "text", { options: { signal: controller.signal } })).error).toBe(reason);
  },
);

test.each(MOMENTS)("stream.abort() %s ends the loop with its reason", async (_, script, atMs) => {
  const world = createWorld({ script, answerTokens });
  const stream = world.client.chat.completions.stream(params);
  world.clock.after(atMs, () => stream.abort("enough"));
  const read = async () => {
    for await (const _text of stream.textStream());
  };
  expect(await world.run(failure(read()))).toBe("enough");
  expect(await failure(stream.finalChatCompletion())).toBe("enough");
  expect(stream.report.outcome).toBe("aborted");
  await expectClosed(world, world.simulator);
});

test.each(["chunks", "text", "parts"] as const)(
  "leaving the loop behind a seam closes the connection that goes on: %s",
  async (how) => {
    const world = createWorld({ script: [CUT], answerTokens });
    const stream = world.client.chat.completions.stream(params);
    const read = async () => {
      const iterator = how === "chunks" ? stream : how === "text" ? stream.textStream() : stream.parts();
      for await (const _ of iterator) if (stream.report.seams.length > 0) return;
    };
    await world.run(read());
    await world.clock.advance(1_000);
    expect(world.simulator.requests.map(({ outcome }) => outcome)).toEqual(["cut", "left"]);
    expect(stream.report).toMatchObject({
      outcome: "aborted",
      attempts: [{ wasted: false }, { outcome: "cancelled" }],
    });
    await expectClosed(world, world.simulator);
  },
);

test("closing the client while somebody is looked for ends the call with client_closed, and waits for it", async () => {
  const world = createWorld({ script: [CUT, { kind: "queue", forMs: 50_000 }], answerTokens });
  let closed: Promise<void> | undefined;
  world.clock.after(20_000, () => {
    closed = world.client.close();
  });
  const seen = await observe(world, "text");
  expect(seen.error).toMatchObject({ code: "client_closed" });
  expect(expectTruePartial(seen, "text", world.simulator)).not.toBe("");
  await closed;
  await expectClosed(world, world.simulator);
});

test("a stream that nobody reads between two chunks, and whose answer breaks meanwhile, goes on when it is read", async () => {
  const world = createWorld({ script: [CUT], answerTokens });
  const stream = await world.run(world.client.chat.completions.create({ ...params, stream: true }));
  await world.clock.advance(600_000);
  let text = "";
  const read = async () => {
    for await (const piece of stream.textStream()) text += piece;
  };
  await world.run(read());
  expect(world.simulator.isWholeAnswer(text)).toBe(true);
});

test("calls that break at the same time go on each with its own answer", async () => {
  const world: World = createWorld({ faults: [{ kind: "cut", untilMs: 3_000 }], answerTokens: 60 });
  const ask = async (reading: "create" | "text") => {
    if (reading === "create") {
      const { choices } = await world.client.chat.completions.create(params);
      return choices[0]?.message.content ?? "";
    }
    let text = "";
    for await (const piece of world.client.chat.completions.stream(params).textStream()) text += piece;
    return text;
  };
  const all = Array.from({ length: 24 }, (_, index) => ask(index % 2 ? "create" : "text"));
  const texts = await world.run(Promise.all(all));
  for (const text of texts) expect(world.simulator.isWholeAnswer(text)).toBe(true);
  expect(new Set(texts).size).toBe(24);
  expect(world.simulator.requests.length).toBeGreaterThan(40);
  await expectClosed(world, world.simulator);
});
