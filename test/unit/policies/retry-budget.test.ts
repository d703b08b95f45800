import fc from "fast-check";
import { expect, test } from "vitest";
import { checkShape } from "../../../src/check-shape.ts";
import {
  createRetryBudget,
  RETRY_BUDGET_DEFAULTS,
  type RetryBudgetOptions,
  retryBudgetShape,
} from "../../../src/policies/retry-budget.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";

const never = Number.POSITIVE_INFINITY;

function setUp(options: RetryBudgetOptions = {}) {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const budget = createRetryBudget(clock, options);
  const taken: number[] = [];
  const { signal } = new AbortController();
  /** Notes when it was let go. */
  const take = async (how: { signal?: AbortSignal; maxWaitMs?: number; priority?: number } = {}) => {
    const takeBack = await budget.take({ priority: 0, signal, maxWaitMs: never, ...how });
    if (takeBack) taken.push(clock.now() - startedAt);
    return takeBack;
  };
  return { clock, budget, take, taken, elapsedMs: () => clock.now() - startedAt };
}

test("ten retries go at once, the next one waits until the window has moved on", async () => {
  const { clock, budget, take, taken, elapsedMs } = setUp();
  for (let count = 0; count < 10; count += 1) expect(await take()).toBeTypeOf("function");
  expect(elapsedMs()).toBe(0);
  expect(budget.readyAt(0)).toBeGreaterThan(clock.now() + 10_000 - 1);
  const next = take();
  await clock.advance(9_999);
  expect(taken.length).toBe(10);
  await clock.run(next);
  // As long as the window, and at most one of its buckets more.
  expect(taken.at(-1)).toBeGreaterThanOrEqual(10_000);
  expect(taken.at(-1)).toBeLessThanOrEqual(10_500);
  expect(clock.pending).toBe(0);
});

test("every five requests make room for one more retry", async () => {
  const { budget, take, clock } = setUp();
  for (let count = 0; count < 100; count += 1) budget.note("first");
  for (let count = 0; count < 30; count += 1) await take();
  const waiting = take();
  await clock.advance(0);
  expect(budget.health()).toEqual({ requests: 100, retries: 30, waiting: 1 });
  // Room that comes is given at once, not when a timer says so.
  for (let count = 0; count < 5; count += 1) budget.note("fallback");
  await waiting;
  expect(budget.health()).toEqual({ requests: 105, retries: 31, waiting: 0 });
  expect(clock.pending).toBe(0);
});

test("failing over and going on with a broken answer are never refused; the other providers of a retried round weigh", async () => {
  const { budget, take, clock, taken } = setUp({ ratio: 0 });
  for (const kind of ["first", "fallback", "hedge", "resume", "repair"] as const)
    for (let count = 0; count < 20; count += 1) budget.note(kind);
  for (let count = 0; count < 9; count += 1) budget.note("retry");
  await take();
  budget.note("retry");
  budget.note("retry");
  const next = take();
  await clock.advance(5_000);
  expect(taken.length).toBe(1);
  await clock.run(next);
});

test("those who wait are served in the order they came", async () => {
  const { take, clock, budget } = setUp({ perWindow: 2, windowMs: 1_000 });
  const order: number[] = [];
  const all = [0, 1, 2, 3, 4, 5].map((index) => take().then(() => order.push(index)));
  await clock.advance(0);
  expect([order, budget.health().waiting]).toEqual([[0, 1], 4]);
  await clock.run(Promise.all(all));
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  expect(clock.pending).toBe(0);
});

test("whoever has priority is served first, and is told so", async () => {
  const { take, clock, budget } = setUp({ perWindow: 1, windowMs: 1_000 });
  await take();
  const order: string[] = [];
  const low = take({ priority: -10 }).then(() => order.push("low"));
  const [soon, late] = [budget.readyAt(10), budget.readyAt(-10)];
  expect(soon).toBeLessThan(late);
  const high = take({ priority: 10 }).then(() => order.push("high"));
  await clock.run(high);
  expect(clock.now()).toBeLessThanOrEqual(soon + 1);
  await clock.run(low);
  expect(order).toEqual(["high", "low"]);
});

test("a wait ends with the abort, or after its longest time with nothing, and leaves no timer", async () => {
  const { take, clock, budget, taken } = setUp({ perWindow: 1 });
  await take();
  const controller = new AbortController();
  const aborted = take({ signal: controller.signal });
  const bounded = take({ maxWaitMs: 2_000 });
  await clock.advance(1_000);
  controller.abort("enough");
  await expect(aborted).rejects.toBe("enough");
  await clock.advance(1_000);
  expect(await bounded).toBeUndefined();
  expect([taken.length, budget.health().waiting, clock.pending]).toEqual([1, 0, 0]);
});

test("what was taken and not used is taken back, once, and goes to whoever waits", async () => {
  const { take, clock, budget, taken } = setUp({ perWindow: 1 });
  const takeBack = await take();
  const next = take();
  await clock.advance(100);
  takeBack?.();
  await next;
  expect(taken).toEqual([0, 100]);
  takeBack?.();
  expect(budget.health()).toMatchObject({ retries: 1 });
  await clock.advance(60_000);
  takeBack?.();
  expect(budget.health()).toMatchObject({ retries: 0 });
  expect(clock.pending).toBe(0);
});

test("a lone call with the default backoff never waits for it", async () => {
  const { take, clock, elapsedMs } = setUp();
  const waits = [0, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000];
  let expected = 0;
  for (const forMs of waits) {
    expected += forMs;
    await clock.advance(forMs);
    await take();
  }
  expect(elapsedMs()).toBe(expected);
});

test("whatever is sent when, no retry goes beyond what the window before it allows, and it waits no longer than was said", async () => {
  const step = fc.record({
    afterMs: fc.nat({ max: 800 }),
    do: fc.constantFrom("first", "first", "take", "take", "take"),
  });
  const options = fc.record({
    ratio: fc.constantFrom(0, 0.2, 0.5),
    perWindow: fc.integer({ min: 1, max: 5 }),
    windowMs: fc.constantFrom(1_000, 3_333),
  });
  await fc.assert(
    fc.asyncProperty(options, fc.array(step, { maxLength: 60 }), async (limits, steps) => {
      const { ratio, perWindow, windowMs } = limits;
      const { clock, budget, take, taken, elapsedMs } = setUp(limits);
      const requests: number[] = [];
      const waits: Promise<unknown>[] = [];
      for (const { afterMs, do: what } of steps) {
        await clock.advance(afterMs);
        if (what === "take") waits.push(take());
        else {
          requests.push(elapsedMs());
          budget.note("first");
        }
      }
      const foretoldAt = budget.readyAt(0);
      const last = take();
      await clock.run(last);
      // Requests make room only sooner than foretold: none came after that.
      expect(clock.now()).toBeLessThanOrEqual(Math.ceil(foretoldAt) + 1);
      await clock.run(Promise.all(waits));
      for (const [index, at] of taken.entries()) {
        const within = (time: number) => time > at - windowMs && time <= at;
        const retries = taken.slice(0, index + 1).filter(within).length;
        expect(retries).toBeLessThanOrEqual(perWindow + ratio * requests.filter(within).length + 1e-9);
      }
      expect([budget.health().waiting, clock.pending]).toEqual([0, 0]);
    }),
    { numRuns: Number(process.env["PROPERTY_RUNS"] ?? 200) },
  );
});

test("the defaults are within their own bounds; a budget of nothing at all is refused, for its calls would wait for ever", () => {
  expect(() => checkShape(RETRY_BUDGET_DEFAULTS, "retryBudget", retryBudgetShape())).not.toThrow();
  const check = (options: RetryBudgetOptions) => () => checkShape(options, "retryBudget", retryBudgetShape());
  expect(check({ perWindow: 0 })).toThrow("perWindow must be a whole number from 1, got 0.");
  expect(check({ ratio: -1 })).toThrow("ratio must be a number from 0, got -1.");
  expect(check({ windowMs: 0 })).toThrow("windowMs must be milliseconds from 1, got 0.");
});
