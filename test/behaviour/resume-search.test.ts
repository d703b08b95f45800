import { expect, test } from "vitest";
import { createResilientClient, deepseek } from "../../src/index.ts";
import { createSimulator, createVirtualClock, type ScriptStep } from "../../src/testing/index.ts";
import { addHost, createWorld, KEY, params } from "../support/busy-world.ts";
import { attemptsOf, expectRight, expectTruePartial, observe, prefixOf, READINGS } from "../support/observe-call.ts";
import { expectClosed, primary, SECOND, second } from "../support/resume-world.ts";

// Whoever is to go on may be busy, queue, refuse, or break off in turn.

const CUT: ScriptStep = { kind: "cut", afterTokens: 60 };
const answerTokens = 80;

test.each(READINGS)(
  "a busy continuation is tried again until it is taken, with waits that grow: %s",
  async (reading) => {
    const world = createWorld({ script: [CUT, "busy", "busy", "rate_limited", "outage"], answerTokens });
    const seen = await observe(world, reading);
    expectRight(seen, world.simulator);
    expect(attemptsOf(seen).map((attempt) => (attempt as string[])[3])).toEqual([
      "stream_interrupted",
      "busy",
      "busy",
      "rate_limited",
      "connection",
      undefined,
    ]);
    expect(seen.report.attempts.map(({ wasted }) => wasted)).toEqual([false, false, false, false, false, false]);
    // Every one of them went on from the same place.
    const places = world.simulator.requests.slice(1).map((request) => prefixOf(request)?.content);
    expect(new Set(places).size).toBe(1);
  },
);

test.each(READINGS)("a server's wish to be left alone holds for a continuation too: %s", async (reading) => {
  const world = createWorld({ script: [CUT, { kind: "busy", retryAfterMs: 20_000 }], answerTokens });
  const seen = await observe(world, reading);
  expectRight(seen, world.simulator);
  const [, refused, taken] = world.simulator.requests;
  expect((taken?.atMs ?? 0) - (refused?.atMs ?? 0)).toBeGreaterThanOrEqual(20_040);
});

test.each(READINGS)("a queued continuation keeps its place in the queue: %s", async (reading) => {
  const world = createWorld({ script: [CUT, { kind: "queue", forMs: 50_000 }], answerTokens });
  const seen = await observe(world, reading);
  expectRight(seen, world.simulator);
  expect(world.simulator.requests.length).toBe(2);
  expect(seen.tookMs).toBeGreaterThan(50_000);
});

test.each(READINGS)("a continuation that is cut before its first token is asked for again: %s", async (reading) => {
  for (const step of [
    { kind: "end", afterTokens: 0 },
    { kind: "in_stream_error", afterTokens: 0 },
  ] as const) {
    const world = createWorld({ script: [CUT, step], answerTokens });
    const seen = await observe(world, reading);
    expectRight(seen, world.simulator);
    expect(seen.report.attempts[1]).toMatchObject({ kind: "resume", outcome: "failed", wasted: false });
  }
});

test.each(READINGS)("a host that refuses to go on is passed over for one that does not: %s", async (reading) => {
  const world = createWorld({ script: [CUT, "outage"], answerTokens, client: { providers: [primary, second] } });
  const host = addHost(SECOND, { clock: world.clock, script: ["invalid_request"] });
  const seen = await observe(world, reading);
  expectRight(seen, world.simulator, host);
  expect(seen.report.attempts[1]).toMatchObject({ provider: "second", error: { code: "invalid_request" } });
});

test("a continuation that is refused by everybody starts again where nobody has seen anything", async () => {
  const world = createWorld({ script: [CUT, "invalid_request"], answerTokens });
  const seen = await observe(world, "create");
  expectRight(seen, world.simulator);
  expect(attemptsOf(seen)).toEqual([
    ["deepseek", "first", "interrupted", "stream_interrupted"],
    ["deepseek", "resume", "failed", "invalid_request"],
    ["deepseek", "resume", "succeeded"],
  ]);
  expect(seen.report.attempts.map(({ wasted }) => wasted)).toEqual([true, false, false]);
  expect(prefixOf(world.simulator.requests[2] as never)).toBeUndefined();
  expect(seen.report.seams).toEqual([]);
});

test("whoever broke off with a wrong key is not asked to go on, and another host does", async () => {
  const world = createWorld({
    script: [CUT, "authentication"],
    answerTokens,
    client: { providers: [primary, second] },
  });
  const host = addHost(SECOND, { clock: world.clock, script: ["busy"] });
  const seen = await observe(world, "text");
  expectRight(seen, world.simulator, host);
  expect(attemptsOf(seen).slice(1)).toEqual([
    ["second", "resume", "failed", "busy"],
    ["deepseek", "resume", "failed", "authentication"],
    ["second", "retry", "succeeded"],
  ]);
});

test.each(READINGS)("after maxResumes it fails with everything that had arrived: %s", async (reading) => {
  for (const maxResumes of [0, 1, 3]) {
    const world = createWorld({ faults: [{ kind: "cut", afterTokens: 5 }], answerTokens });
    const seen = await observe(world, reading, { params: silent, options: { resume: { maxResumes } } });
    expect(seen.error).toMatchObject({ code: "stream_interrupted", retryable: true });
    const partial = expectTruePartial(seen, reading, world.simulator);
    expect(partial.length).toBeGreaterThan(5);
    expect(world.simulator.requests.length).toBe(1 + maxResumes);
    expect(seen.report.seams.length).toBe(maxResumes);
    await expectClosed(world, world.simulator);
  }
});

const silent = { ...params, thinking: { type: "disabled" } } as const;

test.each(READINGS)("with resume: false nothing goes on, and nothing starts again: %s", async (reading) => {
  const world = createWorld({ script: [CUT], answerTokens });
  const seen = await observe(world, reading, { options: { resume: false } });
  expect(seen.error).toMatchObject({ code: "stream_interrupted" });
  expect(expectTruePartial(seen, reading, world.simulator)).not.toBe("");
  expect(world.simulator.requests.length).toBe(1);
});

test("a call may have other limits than its client, and switch off what the client switched on", async () => {
  const world = createWorld({
    faults: [{ kind: "cut", afterTokens: 60 }],
    answerTokens,
    client: { resume: { maxResumes: 1 } },
  });
  expect((await observe(world, "text", { options: { resume: false } })).report.attempts.length).toBe(1);
  expect((await observe(world, "text")).report.attempts.length).toBe(2);
  const last = await observe(world, "text", { options: { resume: { maxResumes: 2 } } });
  expect(last.report.attempts.length).toBe(2 + 1);
});

test("an answer whose end never comes fails in bounded time, with all of it as the partial", async () => {
  const world = createWorld({ faults: [{ kind: "end", afterTokens: 999 }], answerTokens });
  const seen = await observe(world, "text", { params: silent });
  expect(seen.error).toMatchObject({ code: "stream_interrupted" });
  expect(expectTruePartial(seen, "text", world.simulator)).toBe(world.simulator.requests[0]?.answer?.content);
  expect(seen.tookMs).toBeLessThan(2 * 120_000);
});

test("totalMs ends the search for somebody who goes on", async () => {
  const world = createWorld({ script: [CUT], faults: [{ kind: "busy" }], answerTokens });
  const seen = await observe(world, "text", { options: { timeouts: { totalMs: 20_000 } } });
  expect(seen.error).toBeDefined();
  expectTruePartial(seen, "text", world.simulator);
  expect(seen.tookMs).toBeLessThanOrEqual(20_000);
  await expectClosed(world, world.simulator);
});

test("without msw between them the same holds", async () => {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, script: [CUT, "busy", CUT], answerTokens });
  const client = createResilientClient({
    clock,
    fetch: simulator.fetch,
    providers: [deepseek({ apiKey: KEY })],
  });
  const { choices } = await clock.run(client.chat.completions.create(params));
  expect(simulator.isWholeAnswer(choices[0]?.message.content ?? "")).toBe(true);
});
