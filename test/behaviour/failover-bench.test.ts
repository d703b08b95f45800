import { expect, test } from "vitest";
import { ResilientClientError } from "../../src/index.ts";
import { addHost, timing } from "../support/busy-world.ts";
import { ANSWER_MS, alone, BOTH, backup, bench, sixty } from "../support/failover-bench.ts";
import { attemptsOf, expectRight, expectTruePartial, observe } from "../support/observe-call.ts";
import { expectClosed, primary, SECOND, second } from "../support/resume-world.ts";

// Eight of the sixteen scenarios of FailoverBench, methodology v0.1: how requests fail, and the one cut it is named for.

test.each(BOTH)(
  "S01, 429 with Retry-After 2 s: the fallback answers at once; alone, never before it: %s",
  async (way) => {
    const script = [{ kind: "rate_limited", retryAfterMs: 2_000 }] as const;
    const { world, hosts } = bench({ script });
    const seen = await observe(world, way);
    expectRight(seen, ...hosts);
    expect(attemptsOf(seen)).toEqual([
      ["deepseek", "first", "failed", "rate_limited"],
      ["backup", "fallback", "succeeded"],
    ]);
    expect(seen.report.waitedMs).toBe(0);
    const only = alone({ script });
    expectRight(await observe(only, way), only.simulator);
    expect(only.simulator.requests[1]?.atMs).toBeGreaterThanOrEqual(2_040);
    expect(only.simulator.requests[1]?.atMs).toBeLessThan(2_300);
  },
);

test.each(BOTH)("S02, 429 forever: the fallback answers; alone, it fails in time and says why: %s", async (way) => {
  const { world, hosts } = bench({ faults: [{ kind: "rate_limited" }] });
  const seen = await observe(world, way);
  expectRight(seen, ...hosts);
  expect(seen.tookMs).toBeLessThan(ANSWER_MS);
  const only = alone({ faults: [{ kind: "rate_limited" }] });
  const { error, tookMs } = await observe(only, way);
  expect(error).toMatchObject({ code: "rate_limited", status: 429, concurrencyLimit: 25 });
  expect(tookMs).toBeGreaterThan(90_000);
  expect(tookMs).toBeLessThanOrEqual(120_000);
});

test.each(BOTH)("S03, one 500: the fallback answers at once; alone, the second try does: %s", async (way) => {
  const script = [{ kind: "busy", status: 500 }] as const;
  const { world, hosts } = bench({ script });
  const seen = await observe(world, way);
  expectRight(seen, ...hosts);
  expect(seen.report.attempts.map(({ provider, status }) => [provider, status])).toEqual([
    ["deepseek", 500],
    ["backup", 200],
  ]);
  const only = alone({ script });
  const retried = await observe(only, way);
  expectRight(retried, only.simulator);
  expect(attemptsOf(retried)).toEqual([
    ["deepseek", "first", "failed", "busy"],
    ["deepseek", "retry", "succeeded"],
  ]);
  expect(retried.report.waitedMs).toBeLessThanOrEqual(500);
});

test.each(BOTH)("S04, 503 forever: the fallback answers; if it is down too, all attempts are told: %s", async (way) => {
  const { world, hosts } = bench({ faults: [{ kind: "busy" }] });
  const seen = await observe(world, way);
  expectRight(seen, ...hosts);
  expect(seen.tookMs).toBeLessThan(ANSWER_MS);
  const dark = bench({ faults: [{ kind: "busy" }] }, { faults: [{ kind: "busy" }] });
  const { error, tookMs } = await observe(dark.world, way);
  expect(error).toMatchObject({ code: "all_providers_failed", errors: [{ code: "busy" }, { code: "busy" }] });
  expect(error?.attempts.length).toBe(dark.hosts[0].requests.length + dark.hosts[1].requests.length);
  expect(tookMs).toBeLessThanOrEqual(120_000);
});

test.each(BOTH)("S05, a connection that is reset: the fallback answers, or the next try does: %s", async (way) => {
  const { world, hosts } = bench({ script: ["outage"] });
  const seen = await observe(world, way);
  expectRight(seen, ...hosts);
  expect(attemptsOf(seen)[0]).toEqual(["deepseek", "first", "failed", "connection"]);
  const only = alone({ script: ["outage"] });
  const retried = await observe(only, way);
  expectRight(retried, only.simulator);
  expect(retried.tookMs).toBeLessThan(500 + ANSWER_MS);
});

test.each(BOTH)("S06, silence of 120 s, before or after the headers: the fallback answers in time: %s", async (way) => {
  const silences = [
    { fault: { kind: "black_hole", untilMs: 120_000 }, phase: "headers", limitMs: 30_000 },
    // One keep-alive with the headers, and no other.
    { fault: { kind: "queue", forMs: 120_000 }, phase: "wire", limitMs: 45_040 },
  ] as const;
  for (const { fault, phase, limitMs } of silences) {
    const { world, hosts } = bench({ faults: [fault], timing: { ...timing, keepAliveMs: 120_000 } });
    const seen = await observe(world, way);
    expectRight(seen, ...hosts);
    expect(seen.report.attempts[0]?.error).toMatchObject({ code: "timeout", phase });
    expect(hosts[1].requests[0]?.atMs).toBe(limitMs);
    expect(seen.tookMs).toBeLessThan(limitMs + ANSWER_MS);
    await expectClosed(world, ...hosts);
  }
});

test.each(BOTH)("S07, the first token after 20 s: whoever waits is not killed: %s", async (way) => {
  const late = [{ headersMs: 20_000 }, { headMs: 20_000 }, { headMs: 20_000, keepAliveMs: 60_000 }];
  for (const slow of late) {
    const { world, hosts } = bench({ timing: slow });
    const seen = await observe(world, way);
    expectRight(seen, ...hosts);
    expect(attemptsOf(seen)).toEqual([["deepseek", "first", "succeeded"]]);
    expect(seen.tookMs).toBe(20_000);
    expect(hosts[1].requests).toEqual([]);
  }
});

test.each(BOTH)("S08, cut at 40 of 60 tokens: it goes on there, and no token is paid for twice: %s", async (way) => {
  const { world, hosts } = bench({ script: [{ kind: "cut", afterTokens: 40 }] });
  const seen = await observe(world, way, sixty);
  expectRight(seen, ...hosts);
  expect(attemptsOf(seen)).toEqual([
    ["deepseek", "first", "interrupted", "stream_interrupted"],
    ["deepseek", "resume", "succeeded"],
  ]);
  expect(seen.report.seams).toMatchObject([{ from: "deepseek", to: "deepseek", how: "prefix" }]);
  const [first, rest] = world.simulator.requests;
  expect(first?.answer?.content).toBe(seen.text);
  expect(first?.tokens).toBe(40);
  expect(seen.text.endsWith(rest?.answer?.content ?? "none")).toBe(true);
  expect(rest?.atMs).toBe(first ? 340 + 39 * 25 : undefined);
});

test.each(BOTH)("S08, the same when the primary is gone: another host that can goes on: %s", async (way) => {
  const { world, hosts } = bench({
    script: [{ kind: "cut", afterTokens: 40 }],
    faults: [{ kind: "outage" }],
    client: { providers: [primary, backup, second] },
  });
  const third = addHost(SECOND, { clock: world.clock });
  const seen = await observe(world, way, sixty);
  expectRight(seen, ...hosts, third);
  expect(attemptsOf(seen)).toEqual([
    ["deepseek", "first", "interrupted", "stream_interrupted"],
    ["second", "resume", "succeeded"],
  ]);
  expect(hosts[1].requests).toEqual([]);
});

test("S08, the same when nobody can go on: a plain call starts again, a streamed one fails with what it was given", async () => {
  const dead = { script: [{ kind: "cut", afterTokens: 40 }], faults: [{ kind: "outage" }] } as const;
  const plain = bench(dead);
  const whole = await observe(plain.world, "create", sixty);
  expectRight(whole, ...plain.hosts);
  expect(whole.report.attempts.at(-1)).toMatchObject({ provider: "backup", outcome: "succeeded" });
  const streamed = bench(dead);
  const seen = await observe(streamed.world, "text", sixty);
  const partial = expectTruePartial(seen, "text", ...streamed.hosts);
  expect(partial.length).toBeGreaterThan(80);
  // Whoever was asked last says why; where the answer broke off is told in any case.
  expect(seen.error?.message).toContain(`off after ${partial.length} characters`);
  expect(ResilientClientError.isInstance(seen.error)).toBe(true);
  expect(seen.tookMs).toBeLessThan(2 * 120_000);
  await expectClosed(streamed.world, ...streamed.hosts);
});
