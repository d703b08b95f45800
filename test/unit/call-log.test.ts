import { expect, test } from "vitest";
import { type CallLog, createCallLog } from "../../src/call-log.ts";
import { BusyError, TimeoutError } from "../../src/error-family.ts";
import type { ClientEvent } from "../../src/events.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/index.ts";

const START = Date.UTC(2026, 0, 1);
const NO_TOKENS = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
const first = { kind: "first", provider: "deepseek", model: "deepseek-flash", round: 0 } as const;
const elsewhere = { kind: "fallback", provider: "lab", model: "lab-model", round: 0 } as const;

function makeLog(): { clock: VirtualClock; events: ClientEvent[]; log: CallLog } {
  const clock = createVirtualClock(START);
  const events: ClientEvent[] = [];
  return { clock, events, log: createCallLog("call_1", clock, (event) => events.push(event)) };
}

test("a call of which nothing is known yet has an empty report", () => {
  expect(makeLog().log.report()).toEqual({
    callId: "call_1",
    startedAt: START,
    outcome: "pending",
    waitedMs: 0,
    attempts: [],
    skipped: [],
    seams: [],
    changes: [],
    billed: NO_TOKENS,
  });
});

test("an attempt that succeeds is recorded with all its times", async () => {
  const { clock, log } = makeLog();
  const attempt = log.begin(first);
  await clock.advance(40);
  attempt.responded(200, "trace-1");
  await clock.advance(300);
  attempt.head();
  await clock.advance(2_000);
  const tokens = { promptTokens: 10, cachedTokens: 4, completionTokens: 20, reasoningTokens: 5 };
  attempt.end({ outcome: "succeeded", tokens });
  log.end("succeeded");
  expect(log.report()).toEqual({
    callId: "call_1",
    startedAt: START,
    outcome: "succeeded",
    headMs: 340,
    endedMs: 2_340,
    waitedMs: 0,
    attempts: [
      {
        index: 0,
        ...first,
        startedAt: START,
        slotWaitMs: 0,
        status: 200,
        requestId: "trace-1",
        headersMs: 40,
        headMs: 340,
        endedMs: 2_340,
        outcome: "succeeded",
        wasted: false,
        estimated: false,
        tokens,
      },
    ],
    skipped: [],
    seams: [],
    changes: [],
    billed: tokens,
  });
});

test("events tell the attempt as it was at their time, with the call and the moment they belong to", async () => {
  const { clock, events, log } = makeLog();
  const attempt = log.begin(first);
  await clock.advance(300);
  attempt.head();
  await clock.advance(700);
  attempt.end({ outcome: "succeeded" });
  log.end("succeeded");
  expect(events.map(({ type, callId, at }) => [type, callId, at - START])).toEqual([
    ["attempt-start", "call_1", 0],
    ["attempt-head", "call_1", 300],
    ["attempt-end", "call_1", 1_000],
    ["call-end", "call_1", 1_000],
  ]);
  const outcomes = events.map((event) => ("attempt" in event ? event.attempt.outcome : "none"));
  expect(outcomes).toEqual(["pending", "pending", "succeeded", "none"]);
  expect(events.at(-1)).toMatchObject({ report: log.report() });
});

test("a report is a snapshot: later events and the reader's own changes do not reach back", () => {
  const { log } = makeLog();
  const attempt = log.begin(first);
  const early = log.report();
  (early.attempts as unknown[]).length = 0;
  attempt.end({ outcome: "cancelled" });
  log.skip("lab", "no_key");
  expect(early.skipped).toEqual([]);
  expect(log.report().attempts.map(({ outcome }) => outcome)).toEqual(["cancelled"]);
});

test.each([
  { outcome: "failed", hasHead: false, is: "failed", wasted: false },
  { outcome: "failed", hasHead: true, is: "interrupted", wasted: true },
  { outcome: "cancelled", hasHead: false, is: "cancelled", wasted: false },
  { outcome: "cancelled", hasHead: true, is: "cancelled", wasted: true },
  { outcome: "succeeded", hasHead: true, is: "succeeded", wasted: false },
] as const)("$outcome with a first token $hasHead: it is $is, wasted $wasted", ({ outcome, hasHead, is, wasted }) => {
  const { log } = makeLog();
  const attempt = log.begin(first);
  if (hasHead) attempt.head();
  attempt.end({ outcome });
  expect(log.report().attempts[0]).toMatchObject({ outcome: is, wasted });
});

test("an error is told by code, message and phase, without anything else it holds", () => {
  const { log, events } = makeLog();
  const details = { cause: new Error("secret"), partial: { content: "secret", reasoning_content: "" } };
  const late = new TimeoutError("lab sent nothing.", { phase: "wire", ...details });
  log.begin(first).end({ outcome: "failed", error: new BusyError("deepseek answered 503.", details) });
  log.begin(elsewhere).end({ outcome: "failed", error: late });
  expect(log.report().attempts.map(({ error }) => error)).toEqual([
    { code: "busy", message: "deepseek answered 503." },
    { code: "timeout", message: "lab sent nothing.", phase: "wire" },
  ]);
  expect(JSON.stringify([events, log.report()])).not.toContain("secret");
});

test("a call that failed is told by code, message and phase too, as long as nobody ended it before", () => {
  const { log, events } = makeLog();
  const details = { cause: new Error("secret"), partial: { content: "secret", reasoning_content: "" } };
  log.end("failed", new TimeoutError("It took too long.", { phase: "total", ...details }));
  log.end("failed", new BusyError("late"));
  const error = { code: "timeout", message: "It took too long.", phase: "total" };
  expect(log.report()).toMatchObject({ outcome: "failed", error });
  expect(events).toMatchObject([{ type: "call-end", report: { error } }]);
  expect(JSON.stringify([events, log.report()])).not.toContain("secret");
});

test("the last failure of each provider is kept, in the order they first failed", () => {
  const { log } = makeLog();
  const [one, two, three] = [new BusyError("one"), new BusyError("two"), new BusyError("three")];
  log.begin(first).end({ outcome: "failed", error: one });
  log.begin(elsewhere).end({ outcome: "failed", error: two });
  log.begin({ ...first, kind: "retry", round: 1 }).end({ outcome: "failed", error: three });
  expect([...log.failures]).toEqual([
    ["deepseek", three],
    ["lab", two],
  ]);
  expect(log.attempts.map(({ index, round, kind }) => [index, round, kind])).toEqual([
    [0, 0, "first"],
    [1, 0, "fallback"],
    [2, 1, "retry"],
  ]);
});

test("only the first end of an attempt counts", async () => {
  const { clock, log, events } = makeLog();
  const attempt = log.begin(first);
  attempt.end({ outcome: "cancelled" });
  await clock.advance(10);
  attempt.end({ outcome: "failed", error: new BusyError("late") });
  expect(log.report().attempts[0]).toMatchObject({ outcome: "cancelled", endedMs: 0 });
  expect(log.failures.size).toBe(0);
  expect(events.filter(({ type }) => type === "attempt-end")).toHaveLength(1);
});

test("what an attempt does after its end, as with a fetch that ignores its signal, changes no record", async () => {
  const { clock, log, events } = makeLog();
  const attempt = log.begin(first);
  await clock.advance(30_000);
  attempt.end({ outcome: "failed", error: new TimeoutError("no headers", { phase: "headers" }) });
  const ended = log.report();
  await clock.advance(5_000);
  attempt.responded(200, "trace-late");
  attempt.queued();
  attempt.head();
  expect(log.report()).toEqual(ended);
  expect(events.map(({ type }) => type)).toEqual(["attempt-start", "attempt-end"]);
});

test("only the first end of a call counts, and is told once", async () => {
  const { clock, log, events } = makeLog();
  log.end("aborted");
  await clock.advance(10);
  log.end("succeeded");
  expect(log.report()).toMatchObject({ outcome: "aborted", endedMs: 0 });
  expect(events.map(({ type }) => type)).toEqual(["call-end"]);
});

test("the time to the first token is the first attempt's that had one, counted from the start of the call", async () => {
  const { clock, log } = makeLog();
  await clock.advance(60_000);
  log.start();
  await clock.advance(100);
  const broken = log.begin(first);
  await clock.advance(50);
  broken.head();
  broken.end({ outcome: "failed" });
  await clock.advance(50);
  log.begin(elsewhere).head();
  expect(log.report()).toMatchObject({ startedAt: START + 60_000, headMs: 150 });
  expect(log.report().attempts.map(({ headMs }) => headMs)).toEqual([50, 0]);
});

test("the queue is told at once, and then at most once a second", async () => {
  const { clock, log, events } = makeLog();
  const attempt = log.begin(first);
  for (let ms = 0; ms < 3_500; ms += 250) {
    attempt.queued();
    await clock.advance(250);
  }
  const told = events.flatMap((event) => (event.type === "attempt-queued" ? [event.elapsedMs] : []));
  expect(told).toEqual([0, 1_000, 2_000, 3_000]);
});

test("a skipped provider is told once for each reason", () => {
  const { log, events } = makeLog();
  log.skip("lab", "no_key");
  log.skip("lab", "no_key");
  log.skip("lab", "window");
  log.skip("other", "no_key");
  const skips = [
    { provider: "lab", reason: "no_key" },
    { provider: "lab", reason: "window" },
    { provider: "other", reason: "no_key" },
  ];
  expect(log.report().skipped).toEqual(skips);
  expect(events).toMatchObject(skips.map((skip) => ({ type: "provider-skipped", ...skip })));
});

test("waits are told when they begin and count for what they really took", async () => {
  const { clock, log, events } = makeLog();
  const whole = log.wait(500.4, "backoff");
  await clock.advance(500);
  whole();
  const cutShort = log.wait(10_000, "retry-after");
  await clock.advance(300);
  cutShort();
  expect(log.report().waitedMs).toBe(800);
  expect(events).toMatchObject([
    { type: "wait", forMs: 500, why: "backoff" },
    { type: "wait", forMs: 10_000, why: "retry-after" },
  ]);
});

test("tokens of wasted attempts are billed too", () => {
  const { log } = makeLog();
  const tokens = { promptTokens: 10, cachedTokens: 8, completionTokens: 3, reasoningTokens: 1 };
  log.begin(first).end({ outcome: "failed", tokens });
  log.begin(elsewhere).end({ outcome: "cancelled" });
  log.begin(elsewhere).end({ outcome: "succeeded", tokens });
  expect(log.report().billed).toEqual({
    promptTokens: 20,
    cachedTokens: 16,
    completionTokens: 6,
    reasoningTokens: 2,
  });
});

test("warnings are told as they are", () => {
  const { log, events } = makeLog();
  log.warn("retired_model", "use deepseek-flash");
  expect(events).toEqual([
    { callId: "call_1", at: START, type: "warning", code: "retired_model", message: "use deepseek-flash" },
  ]);
});

test("times are whole milliseconds and never negative, though the clock counts in fractions", () => {
  let now = 1_000.6;
  const clock = { now: () => now, after: () => () => {} };
  const events: ClientEvent[] = [];
  const log = createCallLog("call_1", clock, (event) => events.push(event));
  const attempt = log.begin(first);
  attempt.responded(200, undefined);
  now = 1_010.2;
  attempt.head();
  attempt.end({ outcome: "succeeded" });
  log.end("succeeded");
  const [recorded] = log.report().attempts;
  expect(log.report()).toMatchObject({ startedAt: 1_001, headMs: 9, endedMs: 9 });
  expect(recorded).toMatchObject({ startedAt: 1_001, headersMs: 0, headMs: 9, endedMs: 9 });
  expect(recorded).not.toHaveProperty("requestId");
  expect(events.map(({ at }) => at)).toEqual([1_001, 1_010, 1_010, 1_010]);
});

test("without a listener the record is the same", () => {
  const log = createCallLog("call_1", createVirtualClock(START), undefined);
  log.begin(first).end({ outcome: "succeeded" });
  log.end("succeeded");
  expect(log.report()).toMatchObject({ outcome: "succeeded", attempts: [{ outcome: "succeeded" }] });
});
