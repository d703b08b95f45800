import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("an action runs once, when its time has come", () => {
  const action = vi.fn();
  systemClock.after(50, action);
  vi.advanceTimersByTime(49);
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  vi.advanceTimersByTime(1_000);
  expect(action).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("part of a millisecond is rounded up, so that nothing runs early", () => {
  const action = vi.fn();
  systemClock.after(10.01, action);
  vi.advanceTimersByTime(10);
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(action).toHaveBeenCalledTimes(1);
});

test("an action never runs early, though the timers of Node fire up to a millisecond before their time", () => {
  const timeout = setTimeout;
  vi.stubGlobal("setTimeout", (action: () => void, ms: number) => timeout(action, Math.max(1, ms - 1)));
  const startedAt = systemClock.now();
  let ranAfterMs = Number.NaN;
  systemClock.after(50, () => {
    ranAfterMs = systemClock.now() - startedAt;
  });
  vi.advanceTimersByTime(100);
  expect(ranAfterMs).toBeGreaterThanOrEqual(50);
});

test.each([0, -1, Number.NEGATIVE_INFINITY])(
  "a delay of %s is due with the next turn, never in this one",
  (delayMs) => {
    const action = vi.fn();
    systemClock.after(delayMs, action);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(action).toHaveBeenCalledTimes(1);
  },
);

test.each([LONGEST_TIMER_MS - 1, LONGEST_TIMER_MS, LONGEST_TIMER_MS + 1, 3 * LONGEST_TIMER_MS + 7])(
  "a delay of %s ms, beyond what a timer holds, is neither cut short nor stretched",
  (delayMs) => {
    const action = vi.fn();
    systemClock.after(delayMs, action);
    vi.advanceTimersByTime(delayMs - 1);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(action).toHaveBeenCalledTimes(1);
  },
);

test("an endless delay sets no timer and can be cancelled all the same", () => {
  const cancel = systemClock.after(Number.POSITIVE_INFINITY, () => {});
  expect(vi.getTimerCount()).toBe(0);
  cancel();
});

test("a cancelled action never runs; cancelling twice or too late does nothing", () => {
  const cancelled = vi.fn();
  const done = vi.fn();
  const cancel = systemClock.after(10, cancelled);
  const tooLate = systemClock.after(10, done);
  cancel();
  cancel();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(10);
  tooLate();
  expect(cancelled).not.toHaveBeenCalled();
  expect(done).toHaveBeenCalledTimes(1);
});

test("a long delay can still be cancelled after its first timer has fired", () => {
  const action = vi.fn();
  const cancel = systemClock.after(2 * LONGEST_TIMER_MS, action);
  vi.advanceTimersByTime(LONGEST_TIMER_MS + 1);
  cancel();
  expect(vi.getTimerCount()).toBe(0);
});

test("the time counts from the Unix epoch", () => {
  vi.useRealTimers();
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000);
});

test("a corrected system time neither turns the clock back nor puts it forward", () => {
  const before = systemClock.now();
  vi.spyOn(Date, "now").mockReturnValue(0);
  vi.advanceTimersByTime(20);
  expect(systemClock.now() - before).toBe(20);
});
