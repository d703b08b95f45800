import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Clock } from "../../../src/async/clock.ts";
import { sleep } from "../../../src/async/sleep.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

test("whenever it is aborted, it ends exactly then, or in its time, and leaves no timer and no listener", async () => {
  const times = fc.nat({ max: 10_000 });
  await fc.assert(
    fc.asyncProperty(times, fc.option(times), async (delayMs, abortAtMs) => {
      const clock = createVirtualClock();
      const startedAt = clock.now();
      const controller = new AbortController();
      const slept = sleep(clock, delayMs, controller.signal).then(
        () => "slept",
        (reason: unknown) => reason,
      );
      const disarm = clock.after(abortAtMs ?? Number.POSITIVE_INFINITY, () => controller.abort("enough"));
      const outcome = await clock.run(slept);
      const isAborted = abortAtMs !== null && abortAtMs < delayMs;
      expect(outcome).toBe(isAborted ? "enough" : "slept");
      expect(clock.now() - startedAt).toBe(isAborted ? abortAtMs : delayMs);
      disarm();
      expect(clock.pending).toBe(0);
      expect(listenersOf(controller.signal)).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test.each([null, "", 0, "a text", new Error("an error")])("the reason %j comes back unchanged", async (reason) => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const slept = sleep(clock, 1_000, controller.signal);
  controller.abort(reason);
  await expect(slept).rejects.toBe(reason);
  await expect(sleep(clock, 1_000, controller.signal)).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
});

test("an aborted signal rejects before any timer is set", async () => {
  const clock: Clock = {
    now: () => 0,
    after: () => {
      throw new Error("a timer was set");
    },
  };
  await expect(sleep(clock, 0, AbortSignal.abort("before"))).rejects.toBe("before");
});

test("an endless sleep ends with the abort alone", async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const slept = sleep(clock, Number.POSITIVE_INFINITY, controller.signal);
  expect(clock.pending).toBe(0);
  controller.abort("woken");
  await expect(slept).rejects.toBe("woken");
});

test("a clock that runs an action at once leaves no listener behind either", async () => {
  const { signal } = new AbortController();
  const instant: Clock = {
    now: () => 0,
    after: (_, action) => {
      action();
      return () => {};
    },
  };
  await sleep(instant, 5_000, signal);
  expect(listenersOf(signal)).toBe(0);
});
