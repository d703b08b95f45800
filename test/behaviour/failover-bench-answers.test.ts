import { expect, test } from "vitest";
import { openaiCompatible } from "../../src/index.ts";
import { splitTokens } from "../../src/testing/compose-answer.ts";
import { addHost, createWorld } from "../support/busy-world.ts";
import { ANSWER_MS, alone, BOTH, backup, bench, sixty } from "../support/failover-bench.ts";
import { attemptsOf, expectRight, expectTruePartial, observe } from "../support/observe-call.ts";
import { expectClosed, primary, SECOND, second } from "../support/resume-world.ts";
import { withoutDone } from "../support/without-done.ts";

// The other eight scenarios of FailoverBench: how answers fail, and what is told of it.

test.each(BOTH)("S09, a stall of 30 s that goes on again is not killed: %s", async (way) => {
  const { world, hosts } = bench({ answerTokens: 8, timing: { headersMs: 40, tokenMs: 30_000 } });
  const seen = await observe(world, way, sixty);
  expectRight(seen, ...hosts);
  expect(attemptsOf(seen)).toEqual([["deepseek", "first", "succeeded"]]);
  expect(seen.tookMs).toBe(40 + 30_000 * ((hosts[0].requests[0]?.tokens ?? 0) - 1));
});

test.each(BOTH)(
  "S09, a stall for good is given up after 45 s, or 180 s of keep-alives, and goes on: %s",
  async (way) => {
    for (const [keepAlives, phase, limitMs] of [
      [false, "wire", 45_000],
      [true, "content", 180_000],
    ] as const) {
      const { world, hosts } = bench({ script: [{ kind: "stall", afterTokens: 40, keepAlives }] });
      const seen = await observe(world, way, sixty);
      expectRight(seen, ...hosts);
      expect(seen.report.attempts).toMatchObject([
        { outcome: "interrupted", wasted: false, error: { code: "timeout", phase } },
        { provider: "deepseek", kind: "resume", outcome: "succeeded" },
      ]);
      expect(hosts[0].requests.map(({ outcome }) => outcome)).toEqual(["left", "finished"]);
      expect(hosts[0].requests[1]?.atMs).toBe(340 + 39 * 25 + limitMs);
      await expectClosed(world, ...hosts);
    }
  },
);

test.each(BOTH)("S10, a malformed chunk leaves no hole: the answer goes on before it: %s", async (way) => {
  for (const what of ["event", "bytes"] as const) {
    const { world, hosts } = bench({ script: [{ kind: "malformed", what }] });
    const seen = await observe(world, way, sixty);
    expectRight(seen, ...hosts);
    expect(attemptsOf(seen)).toEqual([
      ["deepseek", "first", "interrupted", "unexpected_response"],
      ["deepseek", "resume", "succeeded"],
    ]);
    expect(seen.tookMs).toBeLessThan(ANSWER_MS);
  }
});

test.each(BOTH)("S11, no [DONE]: complete after a finish reason, and gone on with without one: %s", async (way) => {
  for (const [isOpen, waitMs] of [
    [false, 0],
    [true, 5_000],
  ] as const) {
    const world = createWorld({ client: { providers: [primary, backup], fetch: withoutDone(isOpen) } });
    const seen = await observe(world, way);
    expectRight(seen, world.simulator);
    expect(attemptsOf(seen)).toEqual([["deepseek", "first", "succeeded"]]);
    expect(seen.tookMs).toBe(waitMs + 340 + 25 * ((world.simulator.requests[0]?.tokens ?? 0) - 1));
  }
  for (const done of [false, true]) {
    const { world, hosts } = bench({ script: [{ kind: "end", afterTokens: 40, done }] });
    const seen = await observe(world, way, sixty);
    expectRight(seen, ...hosts);
    expect(attemptsOf(seen)[0]).toEqual(["deepseek", "first", "interrupted", "stream_interrupted"]);
    expect(seen.report.seams).toMatchObject([{ how: "prefix" }]);
  }
});

test.each(BOTH)("S12, too long a context: only a host with a larger window is asked: %s", async (way) => {
  const { world, hosts } = bench({ faults: [{ kind: "context_length", maxTokens: 1_000, requestedTokens: 2_000 }] });
  const seen = await observe(world, way);
  expectRight(seen, ...hosts);
  expect(attemptsOf(seen)).toEqual([
    ["deepseek", "first", "failed", "context_length"],
    ["backup", "fallback", "succeeded"],
  ]);
  const small = openaiCompatible({ name: "small", baseURL: "https://small.example", contextWindow: 1_500 });
  const dark = createWorld({
    faults: [{ kind: "context_length", maxTokens: 1_000, requestedTokens: 2_000 }],
    client: { providers: [primary, small] },
  });
  const { error, report, tookMs } = await observe(dark, way);
  expect(error).toMatchObject({ code: "context_length", maxTokens: 1_000, requestedTokens: 2_000, retryable: false });
  expect(report.attempts.length).toBe(1);
  expect(report.skipped).toEqual([{ provider: "small", reason: "window" }]);
  expect(tookMs).toBe(40);
});

test.each(BOTH)("S13, a content filter is the last word, unless the caller says otherwise: %s", async (way) => {
  const before = bench({ faults: [{ kind: "content_filter" }] });
  const refused = await observe(before.world, way);
  expect(refused.error).toMatchObject({ code: "content_filter", status: 400, retryable: false });
  expect(attemptsOf(refused)).toEqual([["deepseek", "first", "failed", "content_filter"]]);
  expect(before.hosts[1].requests).toEqual([]);
  const inside = bench({ script: [{ kind: "content_filter", afterTokens: 40 }] });
  const stopped = await observe(inside.world, way, sixty);
  expect(stopped.error).toMatchObject({ code: "content_filter" });
  const said = splitTokens(inside.hosts[0].requests[0]?.answer?.content ?? "");
  expect(expectTruePartial(stopped, way, ...inside.hosts)).toBe(said.slice(0, 40).join(""));
  expect(inside.world.simulator.requests.length).toBe(1);
  const allowed = bench({ faults: [{ kind: "content_filter" }] });
  const elsewhere = await observe(allowed.world, way, { options: { allowElsewhere: ["content_filter"] } });
  expectRight(elsewhere, ...allowed.hosts);
  expect(elsewhere.report.attempts.at(-1)).toMatchObject({ provider: "backup", outcome: "succeeded" });
});

/** It says it can go on, and answers 400 when it is to: not under its beta address. */
const refuses = openaiCompatible({
  name: "refuses",
  baseURL: SECOND,
  apiKey: "sk-second-0123456789",
  abilities: { prefix: true, reasoningPrefix: true },
});

test.each(BOTH)("S14, the fallback refuses to go on with the answer, and nothing is spliced: %s", async (way) => {
  const world = createWorld({
    script: [{ kind: "cut", afterTokens: 40 }, "busy", "busy"],
    client: { providers: [primary, refuses] },
  });
  const host = addHost(SECOND, { clock: world.clock });
  const seen = await observe(world, way, sixty);
  expectRight(seen, world.simulator, host);
  expect(attemptsOf(seen)).toEqual([
    ["deepseek", "first", "interrupted", "stream_interrupted"],
    ["refuses", "resume", "failed", "invalid_request"],
    // What nobody has seen starts again there at once; what was seen waits for somebody who can go on.
    ...(way === "create"
      ? [["refuses", "resume", "succeeded"]]
      : [
          ["deepseek", "resume", "failed", "busy"],
          ["deepseek", "retry", "failed", "busy"],
          ["deepseek", "retry", "succeeded"],
        ]),
  ]);
});

test.each(BOTH)("S15, an outage of 60 s: the fallback answers, and the primary is back after it: %s", async (way) => {
  const { world, hosts } = bench({ faults: [{ kind: "outage", untilMs: 60_000 }] });
  const during = await observe(world, way);
  expectRight(during, ...hosts);
  expect(during.report.attempts.at(-1)?.provider).toBe("backup");
  await world.clock.advance(60_000);
  expect(attemptsOf(await observe(world, way))).toEqual([["deepseek", "first", "succeeded"]]);
  const only = alone({ faults: [{ kind: "outage", untilMs: 60_000 }] });
  const waited = await observe(only, way);
  expectRight(waited, only.simulator);
  // No wait between rounds is longer than 10 s.
  expect(waited.tookMs).toBeGreaterThan(60_000);
  expect(waited.tookMs).toBeLessThan(70_000 + ANSWER_MS);
});

test.each(BOTH)("S15, an outage of 60 s in the middle of an answer, which goes on after it: %s", async (way) => {
  const only = alone({ faults: [{ kind: "outage", fromMs: 1_000, untilMs: 61_000 }] });
  const seen = await observe(only, way, sixty);
  expectRight(seen, only.simulator);
  expect(seen.report.seams).toMatchObject([{ how: "prefix" }]);
  expect(seen.tookMs).toBeLessThan(120_000);
});

test.each(BOTH)("S16, who answered, in how many pieces, and what it cost in tokens: %s", async (way) => {
  const world = createWorld({
    script: [{ kind: "cut", afterTokens: 40 }, "busy"],
    answerTokens: 60,
    client: { providers: [primary, second] },
  });
  const host = addHost(SECOND, { clock: world.clock, script: ["busy", { kind: "cut", afterTokens: 20 }] });
  const seen = await observe(world, way, sixty);
  expectRight(seen, world.simulator, host);
  const { attempts, billed, seams } = seen.report;
  const requests = [...world.simulator.requests, ...host.requests].toSorted((a, b) => a.atMs - b.atMs);
  expect(attempts.map(({ requestId }) => requestId)).toEqual(requests.map(({ traceId }) => traceId));
  expect(attempts.map(({ status }) => status)).toEqual(requests.map(({ status }) => status));
  for (const [index, { tokens, estimated, outcome, wasted }] of attempts.entries()) {
    const counted = requests[index]?.tokens ?? 0;
    expect(Math.abs((tokens?.completionTokens ?? 0) - counted)).toBeLessThanOrEqual(estimated ? counted / 5 : 0);
    expect({ estimated, wasted }).toEqual({ estimated: outcome === "interrupted", wasted: false });
  }
  for (const field of ["promptTokens", "completionTokens"] as const)
    expect(billed[field]).toBe(attempts.reduce((sum, { tokens }) => sum + (tokens?.[field] ?? 0), 0));
  const answered = attempts.filter(({ headMs }) => headMs !== undefined).map(({ provider }) => provider);
  expect(seams.map(({ from, to }) => [from, to])).toEqual(answered.slice(1).map((to, index) => [answered[index], to]));
});
