import { expect, test } from "vitest";
import { addHost, createWorld, params } from "../support/busy-world.ts";
import { backup, bench } from "../support/failover-bench.ts";
import { attemptsOf, expectRight, expectTruePartial, observe, READINGS } from "../support/observe-call.ts";
import { expectClosed, primary, SECOND, second } from "../support/resume-world.ts";

const silent = { ...params, thinking: { type: "disabled" } } as const;
/** Two tokens a second. */
const SLOW = { headersMs: 40, headMs: 300, tokenMs: 500 };
const guarded = { guards: { minTokensPerSecond: 4 } } as const;
const elsewhere = { guards: { minTokensPerSecond: 4, onTrip: "elsewhere" } } as const;

test.each(READINGS)("an answer that comes too slowly fails with all that arrived: %s", async (reading) => {
  const world = createWorld({ timing: SLOW, answerTokens: 200, client: guarded });
  const seen = await observe(world, reading, { params: silent });
  expect(seen.error).toMatchObject({ code: "guard", guard: "throughput", retryable: true });
  expect(seen.error?.message).toMatch(
    /generated (1\.9|2) tokens a second over 3[0-3] s, fewer than 4 \(guards\.minTokensPerSecond\)/,
  );
  expect(expectTruePartial(seen, reading, world.simulator).length).toBeGreaterThan(100);
  expect(attemptsOf(seen)).toEqual([["deepseek", "first", "interrupted", "guard"]]);
  // Of the time before its first token nothing counts.
  expect(seen.tookMs).toBeGreaterThanOrEqual(30_340);
  expect(seen.tookMs).toBeLessThan(34_000);
  await expectClosed(world, world.simulator);
});

test("one that is fast enough, or ends before it can be measured, is left alone", async () => {
  const fast = createWorld({ answerTokens: 2_000, timing: { tokenMs: 200 }, client: guarded });
  expectRight(await observe(fast, "text", { params: silent }), fast.simulator);
  const short = createWorld({ answerTokens: 30, timing: SLOW, client: guarded });
  expectRight(await observe(short, "text", { params: silent }), short.simulator);
});

test("one that was fast for a minute, and is slow now, is slow", async () => {
  const world = createWorld({
    timing: { tokenMs: 20 },
    answerTokens: 4_000,
    script: [{ kind: "stall", afterTokens: 3_000 }],
    client: guarded,
  });
  const seen = await observe(world, "text", { params: silent });
  expect(seen.error).toMatchObject({ guard: "throughput" });
  expect(seen.tookMs).toBeGreaterThan(60_000 + 25_000);
  expect(seen.tookMs).toBeLessThan(60_000 + 34_000);
});

test.each([false, true])(
  "silence is slow, also with keep-alives (%s), and not waited for as long as contentMs says",
  async (keepAlives) => {
    const world = createWorld({
      script: [{ kind: "stall", afterTokens: 20, keepAlives }],
      answerTokens: 60,
      client: { ...guarded, guards: { ...guarded.guards, windowMs: 20_000 } },
    });
    const seen = await observe(world, "create", { params: silent });
    expect(seen.error).toMatchObject({ code: "guard", guard: "throughput" });
    expect(seen.tookMs).toBeLessThan(25_000);
  },
);

test("a queue is not slow: nothing is counted before the first token", async () => {
  const world = createWorld({ script: [{ kind: "queue", forMs: 100_000 }], client: { ...guarded, hedge: false } });
  expectRight(await observe(world, "text", { params: silent }), world.simulator);
});

test("a slow consumer is no slow server, and whoever has gone leaves no timer", async () => {
  const world = createWorld({ answerTokens: 60, client: guarded });
  const stream = world.client.chat.completions.stream(silent);
  let text = "";
  const reading = (async () => {
    for await (const piece of stream.textStream()) {
      text += piece;
      await new Promise<void>((resolve) => world.clock.after(5_000, resolve));
    }
  })();
  await world.run(reading);
  expect(world.simulator.isWholeAnswer(text)).toBe(true);
  const left = world.client.chat.completions.stream(silent);
  await world.run(left.textStream().next());
  await world.clock.advance(120_000);
  expect(left.report.outcome).toBe("pending");
  expect(world.clock.pending).toBe(0);
  left.abort();
  await expectClosed(world, world.simulator);
});

test.each(READINGS)(
  "another provider goes on where the slow one stopped, and the slow one comes last: %s",
  async (reading) => {
    const world = createWorld({
      timing: SLOW,
      answerTokens: 120,
      client: { ...elsewhere, providers: [primary, second] },
    });
    const host = addHost(SECOND, { clock: world.clock, answerTokens: 60 });
    const seen = await observe(world, reading, { params: silent });
    expectRight(seen, world.simulator, host);
    expect(attemptsOf(seen)).toEqual([
      ["deepseek", "first", "interrupted", "guard"],
      ["second", "resume", "succeeded"],
    ]);
    expect(seen.report.seams).toMatchObject([{ from: "deepseek", to: "second", how: "prefix" }]);
    expect(seen.report.attempts.map(({ wasted }) => wasted)).toEqual([false, false]);
  },
);

test("of a whole call a fast provider that must start again is asked before the slow one that could go on", async () => {
  const { world, hosts } = bench({ timing: SLOW, answerTokens: 120, client: elsewhere });
  const seen = await observe(world, "create", { params: silent });
  expectRight(seen, hosts[1]);
  expect(attemptsOf(seen).at(-1)).toEqual(["backup", "resume", "succeeded"]);
});

test("text that was seen is gone on with by the slow one, where nobody else can", async () => {
  const { world, hosts } = bench({ timing: SLOW, answerTokens: 80, client: elsewhere });
  const seen = await observe(world, "text", { params: silent });
  expectRight(seen, hosts[0]);
  expect(attemptsOf(seen).map((attempt) => (attempt as string[])[0])).toEqual(["deepseek", "deepseek"]);
});

test("alone, it goes on once; slow again, it fails with both parts", async () => {
  const world = createWorld({ timing: SLOW, answerTokens: 400, client: elsewhere });
  const seen = await observe(world, "text", { params: silent });
  expect(seen.error).toMatchObject({ code: "guard", guard: "throughput" });
  expectTruePartial(seen, "text", world.simulator);
  expect(attemptsOf(seen)).toEqual([
    ["deepseek", "first", "interrupted", "guard"],
    ["deepseek", "resume", "interrupted", "guard"],
  ]);
  await expectClosed(world, world.simulator);
});

test.each([1_000, 31_000])("an abort after %i ms comes back unchanged, and ends every timer", async (afterMs) => {
  const world = createWorld({
    timing: SLOW,
    answerTokens: 400,
    client: { guards: { minTokensPerSecond: 1, repetition: true, maxThinkingTokens: 5_000 } },
  });
  const controller = new AbortController();
  world.clock.after(afterMs, () => controller.abort("enough"));
  const seen = await observe(world, "text", { params: silent, options: { signal: controller.signal } });
  expect(seen.error).toBe("enough");
  expect(seen.report.outcome).toBe("aborted");
  await expectClosed(world, world.simulator);
});

test("one JSON body comes whole: nothing in it is too slow", async () => {
  const world = createWorld({
    timing: SLOW,
    answerTokens: 150,
    client: { ...guarded, wire: "json", hedge: false, providers: [primary, backup] },
  });
  expectRight(await observe(world, "create", { params: silent }), world.simulator);
});
