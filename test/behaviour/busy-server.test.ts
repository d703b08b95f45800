import { expect, test } from "vitest";
import { schedule } from "../../src/index.ts";
import { createWorld, failure, params } from "../support/busy-world.ts";

test("a server that is busy twice is asked a third time, and the whole answer comes back", async () => {
  const { client, simulator, run, events } = createWorld({ script: ["busy", "busy"] });
  const { data, report } = await run(client.chat.completions.create(params).withReport());
  expect(simulator.isWholeAnswer(data.choices[0]?.message.content ?? "")).toBe(true);
  expect(report.attempts.map(({ kind, outcome, status }) => [kind, outcome, status])).toEqual([
    ["first", "failed", 503],
    ["retry", "failed", 503],
    ["retry", "succeeded", 200],
  ]);
  expect(report).toMatchObject({ outcome: "succeeded", skipped: [], seams: [] });
  expect(report.waitedMs).toBe(events.reduce((sum, event) => sum + (event.type === "wait" ? event.forMs : 0), 0));
  expect(report.billed.completionTokens).toBe(data.usage?.completion_tokens);
});

test("an outage of ten minutes ends a call of somebody who waits in time, with the server's own words", async () => {
  const { client, clock, run } = createWorld({ faults: [{ kind: "busy", untilMs: 600_000 }] });
  const startedAt = clock.now();
  const error = await run(failure(client.chat.completions.create(params)));
  expect(clock.now() - startedAt).toBeLessThanOrEqual(120_000);
  expect(error).toMatchObject({ code: "busy", status: 503, provider: "deepseek", retryable: true });
  const { message, attempts, retryAt } = error as { message: string; attempts: unknown[]; retryAt: number };
  expect(message).toMatch(
    /^deepseek \(deepseek-flash\) answered 503: Service is too busy\..* Gave up after \d+ attempts in 1\d\d\.\d s\.$/,
  );
  expect(attempts.length).toBeGreaterThan(10);
  // Nobody named a time.
  expect(retryAt).toBeUndefined();
});

test("the patient profile sits the same outage out, on the schedule of 5, 10 and 30 seconds", async () => {
  const { client, clock, run, events } = createWorld({
    faults: [{ kind: "outage", untilMs: 600_000 }],
    client: { profile: "patient" },
  });
  const startedAt = clock.now();
  await run(client.chat.completions.create(params));
  expect(clock.now() - startedAt).toBeGreaterThan(600_000);
  const waits = events.flatMap((event) => (event.type === "wait" ? [event.forMs] : []));
  for (const [index, least] of [5_000, 10_000, 30_000, 30_000].entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(least);
    expect(waits[index]).toBeLessThanOrEqual(least * 1.1);
  }
});

test("a batch call waits out an hour of outage, which takes this test milliseconds", async () => {
  const { client, clock, run } = createWorld({
    faults: [{ kind: "busy", untilMs: 3_600_000 }],
    client: { profile: "batch" },
  });
  const startedAt = clock.now();
  await run(client.chat.completions.create(params));
  expect(clock.now() - startedAt).toBeGreaterThan(3_600_000);
});

test("waiting in the server's queue is visible, and is not given up", async () => {
  const { client, run, events } = createWorld({ script: [{ kind: "queue", forMs: 60_000 }] });
  const { report } = await run(client.chat.completions.create(params).withReport());
  expect(report.attempts).toMatchObject([{ outcome: "succeeded" }]);
  expect(report.headMs).toBeGreaterThan(60_000);
  const queued = events.flatMap((event) => (event.type === "attempt-queued" ? [event.elapsedMs] : []));
  expect(queued.length).toBe(5);
  expect(queued[0]).toBeLessThan(1_000);
});

test("a queue that never ends is left when the first token is overdue, and the error says so", async () => {
  const { client, clock, run, simulator } = createWorld({ script: [{ kind: "queue", forMs: 10_000_000 }] });
  const startedAt = clock.now();
  const error = await run(failure(client.chat.completions.create(params)));
  expect(error).toMatchObject({ code: "timeout", phase: "start", retryable: true });
  expect(clock.now() - startedAt).toBe(120_000);
  await clock.advance(1_000);
  expect(simulator.requests).toMatchObject([{ outcome: "left" }]);
});

test.each(["ms", "seconds", "date"] as const)(
  "a Retry-After in %s is never undercut, and at most a tenth exceeded",
  async (form) => {
    const { client, run, simulator } = createWorld({ script: [{ kind: "rate_limited", retryAfterMs: 20_000, form }] });
    const { report } = await run(client.chat.completions.create(params).withReport());
    expect(report.attempts).toMatchObject([{ status: 429, error: { code: "rate_limited" } }, { status: 200 }]);
    const [first, second] = simulator.requests.map(({ atMs }) => atMs);
    const waited = (second ?? 0) - (first ?? 0) - 40;
    expect(waited).toBeGreaterThanOrEqual(20_000);
    expect(waited).toBeLessThanOrEqual(23_200);
  },
);

test("a wish to be left alone counts for all calls of the client", async () => {
  const { client, run, clock, simulator } = createWorld({
    script: [{ kind: "busy", retryAfterMs: 10_000, form: "ms" }],
  });
  const first = client.chat.completions.create(params);
  await clock.advance(1_000);
  const others = [client.chat.completions.create(params), client.chat.completions.create(params)];
  await run(Promise.all([first, ...others]));
  const [, ...later] = simulator.requests.map(({ atMs }) => atMs);
  expect(later.length).toBe(3);
  for (const atMs of later) expect(atMs).toBeGreaterThanOrEqual(10_000);
});

test("calls sent away together do not come back together", async () => {
  const { client, run, simulator } = createWorld({
    script: Array.from({ length: 10 }, () => ({ kind: "rate_limited", retryAfterMs: 10_000, form: "ms" }) as const),
  });
  await run(Promise.all(Array.from({ length: 10 }, () => client.chat.completions.create(params))));
  const later = simulator.requests.slice(10).map(({ atMs }) => Math.round(atMs));
  expect(new Set(later).size).toBe(10);
  expect(Math.max(...later) - Math.min(...later)).toBeGreaterThan(500);
  for (const atMs of later) expect(atMs).toBeGreaterThanOrEqual(10_000);
});

test("a call that finds its only provider resting waits, and that costs it no round", async () => {
  const { client, run, clock, simulator } = createWorld({
    script: [{ kind: "rate_limited", retryAfterMs: 10_000, form: "ms" }],
  });
  const first = client.chat.completions.create(params, { retry: false }).catch((error: unknown) => error);
  await clock.advance(2_000);
  const { report } = await run(client.chat.completions.create(params, { retry: false }).withReport());
  expect(report).toMatchObject({ attempts: [{ outcome: "succeeded" }], skipped: [{ reason: "not_before" }] });
  expect(await first).toMatchObject({ code: "rate_limited" });
  expect(simulator.requests.length).toBe(2);
});

test("a Retry-After beyond the caller's time fails at once and tells when to come back", async () => {
  const { client, run, clock } = createWorld({ script: [{ kind: "rate_limited", retryAfterMs: 3_600_000 }] });
  const startedAt = clock.now();
  const error = await run(failure(client.chat.completions.create(params)));
  expect(clock.now() - startedAt).toBeLessThan(100);
  expect(error).toMatchObject({ code: "rate_limited", concurrencyLimit: 25 });
  const { retryAt, message } = error as { retryAt: number; message: string };
  expect(Number.isInteger(retryAt)).toBe(true);
  expect(retryAt - startedAt).toBeGreaterThanOrEqual(3_600_000);
  expect(retryAt - startedAt).toBeLessThan(3_600_100);
  expect(message).toMatch(/ It asks to be left alone for 3600 s, longer than timeouts\.startMs leaves\.$/);
});

test("retry: false asks once; maxRounds and a backoff of one's own are obeyed", async () => {
  const busy = [{ kind: "busy" as const }];
  const once = createWorld({ faults: busy });
  await once.run(failure(once.client.chat.completions.create(params, { retry: false })));
  expect(once.simulator.requests.length).toBe(1);
  const thrice = createWorld({ faults: busy, client: { retry: { backoff: schedule([100]) } } });
  const { client, run, simulator } = thrice;
  await run(failure(client.chat.completions.create(params, { retry: { maxRounds: 3 } })));
  expect(simulator.requests.length).toBe(3);
});

test("a plain call whose stream is cut goes on unseen; with resume: false it fails with what had arrived", async () => {
  const { client, simulator, run } = createWorld({ script: [{ kind: "cut", afterTokens: 20 }] });
  const { data, report } = await run(client.chat.completions.create(params).withReport());
  expect(simulator.isWholeAnswer(data.choices[0]?.message.content ?? "")).toBe(true);
  expect(report.attempts).toMatchObject([
    { outcome: "interrupted", wasted: false, error: { code: "stream_interrupted" } },
    { outcome: "succeeded", wasted: false },
  ]);
  simulator.script({ kind: "cut", afterTokens: 60 });
  const error = await run(failure(client.chat.completions.create(params, { resume: false })));
  const { code, partial } = error as { code: string; partial: { content: string; reasoning_content: string } };
  expect(code).toBe("stream_interrupted");
  const cut = simulator.requests.at(-1)?.answer;
  expect(cut?.reasoning).toBe(partial.reasoning_content);
  expect(partial.content.length).toBeGreaterThan(0);
  expect(cut?.content.startsWith(partial.content)).toBe(true);
});

test("one JSON body on the wire survives the same: blank lines while it queues, cuts, 503s", async () => {
  const { client, simulator, run, events } = createWorld({
    script: ["busy", { kind: "queue", forMs: 30_000 }, { kind: "cut", afterBytes: 100 }],
    client: { wire: "json" },
  });
  const first = await run(client.chat.completions.create(params));
  expect(simulator.isWholeAnswer(first.choices[0]?.message.content ?? "")).toBe(true);
  expect(events.some(({ type }) => type === "attempt-queued")).toBe(true);
  const second = await run(client.chat.completions.create(params));
  expect(simulator.isWholeAnswer(second.choices[0]?.message.content ?? "")).toBe(true);
  expect(simulator.requests.map(({ body }) => body["stream"])).toEqual([false, false, false, false]);
});
