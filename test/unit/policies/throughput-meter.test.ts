import fc from "fast-check";
import { expect, test } from "vitest";
import { ThroughputMeter } from "../../../src/policies/throughput-meter.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeAttempt } from "../../support/attempt.ts";

const FLOOR = { minTokensPerSecond: 10, windowMs: 20_000 };

/** A meter of an answer whose first token is there, and is read. */
function begun(floor = FLOOR) {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const trips: { atMs: number; tokensPerSecond: number; overMs: number }[] = [];
  const meter = new ThroughputMeter(makeAttempt({ clock }), floor, (tokensPerSecond, overMs) => {
    trips.push({ atMs: clock.now() - startedAt, tokensPerSecond, overMs });
    meter.stop();
  });
  meter.reading(true);
  meter.tokens = 1;
  meter.head();
  return { clock, meter, trips };
}

test("an answer that is faster than the limit is left alone, whatever the sizes of its chunks; a slower one is not", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1_000 }), fc.constantFrom(0.5, 0.9, 1.1, 2), async (everyMs, share) => {
      const { clock, meter, trips } = begun();
      for (let atMs = 0; atMs < 80_000 && trips.length === 0; atMs += everyMs) {
        // What is read is counted before the wait goes on.
        meter.tokens += (10 * share * everyMs) / 1_000;
        await clock.advance(everyMs);
      }
      if (share >= 1) expect(trips).toEqual([]);
      // Chunks that are far apart look like one more.
      else if (everyMs < 500) {
        expect(trips[0]?.atMs).toBeLessThanOrEqual(20_000 + 2_000);
        expect(trips[0]?.tokensPerSecond).toBeCloseTo(10 * share, 0);
      }
      meter.stop();
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 25 },
  );
});

test("silence trips after a window, and not before", async () => {
  const { clock, trips } = begun();
  await clock.advance(19_999);
  expect(trips).toEqual([]);
  await clock.advance(1);
  expect(trips).toEqual([{ atMs: 20_000, tokensPerSecond: 0, overMs: 20_000 }]);
  expect(clock.pending).toBe(0);
});

test("what came fast long ago does not count", async () => {
  const { clock, meter, trips } = begun();
  meter.tokens = 100_000;
  await clock.advance(60_000);
  expect(trips).toEqual([expect.objectContaining({ tokensPerSecond: 0 })]);
  expect(trips[0]?.atMs).toBeLessThanOrEqual(24_000);
});

test("only the time counts in which somebody waits, and no timer runs in between", async () => {
  const { clock, meter, trips } = begun();
  for (let read = 0; read < 100; read += 1) {
    await clock.advance(150);
    meter.reading(false);
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
    meter.reading(true);
  }
  expect(trips).toEqual([]);
  await clock.advance(7_000);
  expect(trips).toEqual([expect.objectContaining({ tokensPerSecond: 0 })]);
});

test("nothing is measured before the first token, nor from the finish on", async () => {
  const clock = createVirtualClock();
  const meter = new ThroughputMeter(makeAttempt({ clock }), FLOOR, () => expect.unreachable());
  meter.reading(true);
  await clock.advance(100_000);
  expect(clock.pending).toBe(0);
  meter.head();
  expect(clock.pending).toBe(1);
  meter.finish(() => {});
  await clock.advance(100_000);
  expect(clock.pending).toBe(0);
});

test("what it hears, others hear as well", () => {
  const told: string[] = [];
  const note = (name: string) => () => void told.push(name);
  const progress = {
    headers: note("headers"),
    bytes: note("bytes"),
    body: note("body"),
    content: note("content"),
    head: note("head"),
    finish: note("finish"),
    reading: note("reading"),
  };
  const meter = new ThroughputMeter(makeAttempt({ progress }), FLOOR, () => {});
  meter.headers();
  meter.reading(true);
  meter.bytes();
  meter.body();
  meter.content();
  meter.head();
  meter.finish(() => {});
  expect(told).toEqual(["headers", "reading", "bytes", "body", "content", "head", "finish"]);
});
