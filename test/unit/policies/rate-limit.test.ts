import fc from "fast-check";
import { expect, test } from "vitest";
import { checkShape } from "../../../src/check-shape.ts";
import type { ClientEvent } from "../../../src/events.ts";
import { rateLimit } from "../../../src/policies/rate-limit.ts";
import { createRateLimit, type RateLimitOptions, rateLimitShape } from "../../../src/state/rate.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeAttempt } from "../../support/attempt.ts";
import { makeReply } from "../../support/scripted.ts";

const never = Number.POSITIVE_INFINITY;

function setUp(options: RateLimitOptions) {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const rate = createRateLimit({ provider: "a", clock }, options);
  const { signal } = new AbortController();
  const went: number[] = [];
  const take = async (how: { priority?: number; signal?: AbortSignal; maxWaitMs?: number } = {}) => {
    await rate.take({ priority: 0, signal, maxWaitMs: never, ...how });
    went.push(clock.now() - startedAt);
  };
  return { clock, rate, take, went };
}

test("a few go at once after a pause, the others evenly, and no minute ever holds more than the limit", async () => {
  const { clock, take, went } = setUp({ requestsPerMinute: 20 });
  await clock.run(Promise.all(Array.from({ length: 40 }, () => take())));
  expect(went.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 3_750]);
  expect(went[6]).toBe(7_500);
  expect(went.filter((at) => at < 60_000).length).toBe(20);
  expect(clock.pending).toBe(0);
});

test("the wait is known beforehand, and the longest one allowed is refused at once, not after it", async () => {
  const { clock, rate, take, went } = setUp({ requestsPerMinute: 60, burst: 1 });
  await take();
  expect(rate.expectedWaitMs(0)).toBe(1_000);
  const waiting = [take(), take({ priority: 10 })];
  expect([rate.expectedWaitMs(0), rate.expectedWaitMs(10), rate.expectedWaitMs(11)]).toEqual([3_000, 2_000, 1_000]);
  await expect(take({ maxWaitMs: 2_999 })).rejects.toMatchObject({
    code: "queue_full",
    retryAt: clock.now() + 3_000,
    message: "a takes no more requests this minute, and the next turn is 3000 ms away.",
  });
  await clock.run(Promise.all(waiting));
  expect(went).toEqual([0, 1_000, 2_000]);
});

test("an abort gives the turn to the next in line, and leaves no timer", async () => {
  const { clock, rate, take, went } = setUp({ requestsPerMinute: 60, burst: 1 });
  await take();
  const controller = new AbortController();
  const { signal } = controller;
  const gone = Promise.allSettled(Array.from({ length: 50 }, () => take({ signal })));
  const waiting = take();
  controller.abort("enough");
  expect((await gone).every((one) => one.status === "rejected" && one.reason === "enough")).toBe(true);
  await clock.run(waiting);
  expect(went).toEqual([0, 1_000]);
  const last = take({ signal: new AbortController().signal });
  await clock.run(last);
  await expect(take({ signal })).rejects.toBe("enough");
  expect([rate.waiting, clock.pending]).toEqual([0, 0]);
});

test.each([4, 6, 15, 16, 60, 61])("a burst of %i goes at once, to the last one", async (burst) => {
  const { rate } = setUp({ requestsPerMinute: 61, burst });
  for (let count = 0; count < burst; count += 1) expect(rate.tryTake()).toBe(true);
  expect(rate.tryTake()).toBe(false);
});

test("the line has an end", async () => {
  const { clock, take } = setUp({ requestsPerMinute: 60, burst: 1, maxQueue: 1 });
  await take();
  const waiting = take();
  await expect(take()).rejects.toMatchObject({
    code: "queue_full",
    message: expect.stringMatching("no more calls may wait .rateLimit.maxQueue: 1"),
  });
  await clock.run(waiting);
});

test("others who go before may make a wait longer than was foretold: then it ends when it was to end", async () => {
  const { clock, take, rate } = setUp({ requestsPerMinute: 60, burst: 1 });
  await take();
  const patient = take({ maxWaitMs: 1_500 });
  const first = take({ priority: 10 });
  const told = expect(patient).rejects.toMatchObject({ code: "queue_full" });
  await clock.advance(1_500);
  await told;
  await first;
  expect([rate.waiting, clock.pending]).toEqual([0, 0]);
});

test("less than one a minute is a limit, too, and a burst is never more than the limit", async () => {
  const slow = setUp({ requestsPerMinute: 0.5 });
  await slow.clock.run(Promise.all([slow.take(), slow.take()]));
  expect(slow.went).toEqual([0, 120_000]);
  const burst = setUp({ requestsPerMinute: 3, burst: 100 });
  await burst.clock.run(Promise.all([1, 2, 3, 4].map(() => burst.take())));
  expect(burst.went).toEqual([0, 0, 0, 60_000]);
});

test("whatever the limit and whoever comes when, no minute holds more, and nobody waits while there is a turn", async () => {
  const limits = fc.record({
    requestsPerMinute: fc.integer({ min: 1, max: 100 }),
    burst: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(limits, fc.array(fc.nat({ max: 5_000 }), { maxLength: 150 }), async (options, pauses) => {
      const { clock, rate, take, went } = setUp(options);
      const all: Promise<unknown>[] = [];
      for (const pauseMs of pauses) {
        await clock.advance(pauseMs);
        const isFree = rate.waiting === 0 && rate.expectedWaitMs(0) === 0;
        const before = went.length;
        all.push(take());
        await clock.advance(0);
        if (isFree) expect(went.length).toBe(before + 1);
      }
      await clock.run(Promise.all(all));
      went.forEach((at, index) => {
        const next = went[index + options.requestsPerMinute];
        if (next !== undefined) expect(next - at).toBeGreaterThanOrEqual(60_000 - 0.01);
      });
      expect(clock.pending).toBe(0);
    }),
    { numRuns: Number(process.env["PROPERTY_RUNS"] ?? 100) },
  );
});

test("the policy sends at once where it may, else waits, says so, and never beyond the time for the first token", async () => {
  const { clock, rate } = setUp({ requestsPerMinute: 60, burst: 1 });
  const events: ClientEvent[] = [];
  const reply = makeReply([]);
  const send = (startBy: number) =>
    rateLimit(rate)(makeAttempt({ clock, startBy, onEvent: (event) => events.push(event) }), async () => reply);
  expect(await send(never)).toBe(reply);
  expect(events.map(({ type }) => type)).toEqual(["attempt-start"]);
  await expect(send(clock.now() + 500)).rejects.toMatchObject({ code: "queue_full" });
  const startedAt = clock.now();
  expect(await clock.run(send(never))).toBe(reply);
  expect(clock.now() - startedAt).toBe(1_000);
  expect(events.at(-1)).toMatchObject({ type: "wait", why: "slot", forMs: 1_000 });
  reply.cancel();
});

test("an answer that goes on comes first, unless the call wished otherwise", async () => {
  const { clock, rate } = setUp({ requestsPerMinute: 60, burst: 1 });
  const order: string[] = [];
  const send = (name: string, call: Parameters<typeof makeAttempt>[0]) =>
    rateLimit(rate)(makeAttempt({ clock, ...call }), async () => {
      order.push(name);
      return makeReply([]);
    });
  await send("first", {});
  await clock.run(Promise.all([send("low", { priority: -10 }), send("normal", {}), send("goes on", { priority: 10 })]));
  expect(order).toEqual(["first", "goes on", "normal", "low"]);
});

test.each([
  { requestsPerMinute: 0 },
  { requestsPerMinute: Number.POSITIVE_INFINITY },
  { requestsPerMinute: 1, burst: 0 },
  { requestsPerMinute: 1, maxQueue: 0.5 },
])("options out of range are refused: %j", (options) => {
  expect(() => checkShape(options, "rateLimit", rateLimitShape())).toThrow(/must be/);
});
