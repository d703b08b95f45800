import { expect, test } from "vitest";
import { BusyError, RateLimitedError } from "../../../src/error-family.ts";
import { createConcurrencyLimit, type LimitOptions } from "../../../src/policies/concurrency-limit.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";

const never = Number.POSITIVE_INFINITY;
const succeeded = { outcome: "succeeded" } as const;
const busy = { outcome: "failed", error: new BusyError("busy") } as const;
const limited = (concurrencyLimit?: number) =>
  ({ outcome: "failed", error: new RateLimitedError("slow down", { concurrencyLimit }) }) as const;

function setUp(options: LimitOptions = {}) {
  const clock = createVirtualClock();
  const told: number[] = [];
  const slots = createConcurrencyLimit(
    { provider: "a", model: "m", clock, onChange: (limit) => told.push(limit) },
    options,
  );
  const { signal } = new AbortController();
  const acquire = (how: { priority?: number; signal?: AbortSignal; maxWaitMs?: number } = {}) =>
    slots.acquire({ priority: 0, signal, maxWaitMs: never, ...how });
  const take = () => {
    const slot = slots.tryAcquire();
    if (!slot) throw new Error("no slot");
    return slot;
  };
  return { clock, slots, told, acquire, take };
}

test("so many at once and no more; whoever comes then waits for the first that is given back", async () => {
  const { slots, acquire, take, clock } = setUp({ initial: 2 });
  const [first] = [take(), take()];
  expect(slots.tryAcquire()).toBeUndefined();
  const third = acquire();
  await clock.advance(300);
  expect(slots.health()).toMatchObject({ limit: 2, inFlight: 2, waiting: 1 });
  first.release();
  expect((await third).waitedMs).toBe(300);
  expect(slots.health()).toEqual({ limit: 2, inFlight: 2, waiting: 0 });
});

test("giving back counts once, however often it is done", async () => {
  const { slots, take } = setUp({ initial: 2 });
  const slot = take();
  slot.release();
  slot.release();
  slot.release(busy);
  expect(slots.health()).toEqual({ limit: 2, inFlight: 0, waiting: 0 });
});

test("those who wait go by priority, then by age, and a newcomer does not overtake them", async () => {
  const { slots, acquire, take } = setUp({ initial: 1 });
  const order: string[] = [];
  const held = take();
  const wait = async (name: string, priority: number) => {
    const slot = await acquire({ priority });
    order.push(name);
    slot.release();
  };
  const all = [wait("low", -10), wait("first", 0), wait("second", 0), wait("high", 10)];
  expect(slots.waiting).toBe(4);
  held.release();
  // The slot is promised already.
  expect(slots.tryAcquire()).toBeUndefined();
  await Promise.all(all);
  expect(order).toEqual(["high", "first", "second", "low"]);
});

test("an abort ends the wait with its own reason, before the queue and in it", async () => {
  const { slots, acquire, take, clock } = setUp({ initial: 1 });
  const held = take();
  const controller = new AbortController();
  const waiting = acquire({ signal: controller.signal, maxWaitMs: 5_000 });
  controller.abort("enough");
  await expect(waiting).rejects.toBe("enough");
  held.release();
  await expect(acquire({ signal: controller.signal })).rejects.toBe("enough");
  expect(slots.health()).toEqual({ limit: 1, inFlight: 0, waiting: 0 });
  expect(clock.pending).toBe(0);
});

test("when too many wait already, or it takes too long, the call is told so", async () => {
  const { slots, acquire, take, clock } = setUp({ initial: 1, maxQueue: 1 });
  take();
  const waiting = acquire({ maxWaitMs: 1_000 });
  await expect(acquire()).rejects.toMatchObject({
    code: "queue_full",
    retryable: true,
    provider: "a",
    model: "m",
    message: "a (m) has all slots in use (1), and no more calls may wait (limits.maxQueue: 1).",
  });
  const told = expect(waiting).rejects.toMatchObject({
    code: "queue_full",
    message: "a (m) has all slots in use (1), and none came free within 1 s.",
  });
  await clock.advance(1_000);
  await told;
  expect(slots.waiting).toBe(0);
});

test("the limit learns from busy and 429 alone, and tells of its changes", async () => {
  const { slots, take, told, clock } = setUp();
  take().release({ outcome: "failed" });
  take().release({ outcome: "cancelled", error: new BusyError("busy") });
  take().release();
  expect(slots.limit).toBe(20);
  const held = Array.from({ length: 9 }, () => take());
  take().release(busy);
  await clock.advance(1_000);
  take().release(limited());
  take().release(limited(3));
  expect(told).toEqual([18, 16, 3]);
  for (const slot of held) slot.release();
});

test("a complaint to somebody who has few under way is none about how many those are, unless it names a limit", () => {
  const { take, told } = setUp();
  take().release(busy);
  take().release(limited(25));
  expect(told).toEqual([]);
  take().release(limited(3));
  expect(told).toEqual([3]);
});

test("when the limit falls below what is under way, nobody goes until it is below that", async () => {
  const { slots, acquire, take } = setUp({ initial: 4 });
  const [first, second, third] = [take(), take(), take(), take()];
  const waiting = acquire();
  first.release(limited(2));
  expect(slots.health()).toMatchObject({ limit: 2, inFlight: 3, waiting: 1 });
  second.release();
  expect(slots.health()).toMatchObject({ limit: 2, inFlight: 2, waiting: 1 });
  third.release();
  await waiting;
  expect(slots.health()).toMatchObject({ limit: 2, inFlight: 2, waiting: 0 });
});

test("a slot more goes to whoever waits, at once", async () => {
  const { slots, acquire, take, clock } = setUp({ initial: 1 });
  let held = take();
  const waiting = [acquire(), acquire()];
  await clock.advance(1_000);
  held.release(succeeded);
  for (const slot of waiting) held = await slot;
  expect(slots.health()).toEqual({ limit: 2, inFlight: 2, waiting: 0 });
  held.release();
});

test("the wait is foretold from how long slots are held, and who goes before", async () => {
  const { slots, acquire, take, clock } = setUp({ initial: 2 });
  expect(slots.expectedWaitMs(0)).toBe(0);
  const [first, second] = [take(), take()];
  // Nothing came back yet: as long again as it has taken.
  await clock.advance(400);
  expect(slots.expectedWaitMs(0)).toBe(400);
  first.release();
  second.release();
  expect(slots.expectedWaitMs(0)).toBe(0);
  take();
  take();
  expect(slots.expectedWaitMs(0)).toBe(200);
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = [acquire({ signal }), acquire({ signal }), acquire({ signal, priority: 10 })];
  expect([
    slots.expectedWaitMs(-10),
    slots.expectedWaitMs(0),
    slots.expectedWaitMs(10),
    slots.expectedWaitMs(11),
  ]).toEqual([800, 800, 400, 200]);
  controller.abort("enough");
  await Promise.allSettled(waiting);
});

test("a limit another process was told holds until its time, and is not told again", async () => {
  const { slots, told, clock } = setUp();
  slots.adopt({ atMost: 7, until: clock.now() + 1_000 });
  expect([slots.limit, told]).toEqual([7, []]);
  slots.adopt({ atMost: 3, until: clock.now() });
  expect(slots.limit).toBe(7);
});
