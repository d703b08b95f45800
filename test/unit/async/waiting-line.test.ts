import { getEventListeners } from "node:events";
import { expect, test, vi } from "vitest";
import { createWaitingLine } from "../../../src/async/waiting-line.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";

const never = Number.POSITIVE_INFINITY;
const listenersOf = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

function setUp() {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const onLeave = vi.fn();
  const line = createWaitingLine<string>(clock, onLeave);
  const join = (priority = 0, maxWaitMs = never, signal = controller.signal) =>
    line.join({ priority, maxWaitMs, signal });
  return { clock, controller, line, join, onLeave };
}

test("what comes goes to the highest priority, then to the longest wait", async () => {
  const { line, join, clock, controller, onLeave } = setUp();
  const all = [join(0, 100), join(10), join(0), join(-10)];
  expect([line.size, line.ahead(0), line.ahead(11)]).toEqual([4, 3, 0]);
  for (const value of ["a", "b", "c", "d"]) line.next(value);
  expect(await Promise.all(all)).toEqual(["b", "a", "c", "d"]);
  line.next("nobody waits for it");
  expect([line.size, clock.pending, listenersOf(controller.signal)]).toEqual([0, 0, 0]);
  expect(onLeave).not.toHaveBeenCalled();
});

test("an abort ends one wait with its own reason, and the turn goes to the next", async () => {
  const { line, join, controller, onLeave, clock } = setUp();
  const other = new AbortController();
  const [first, second] = [join(0, 100, other.signal), join()];
  other.abort("enough");
  await expect(first).rejects.toBe("enough");
  expect(onLeave).toHaveBeenCalledTimes(1);
  line.next("a");
  expect(await second).toBe("a");
  await expect(join(0, never, AbortSignal.abort("before"))).rejects.toBe("before");
  expect([line.size, clock.pending, listenersOf(controller.signal)]).toEqual([0, 0, 0]);
});

test("after its longest wait one leaves with nothing, and is not given what comes later", async () => {
  const { line, join, clock, controller, onLeave } = setUp();
  const waiting = join(0, 1_000);
  await clock.advance(999);
  expect(line.size).toBe(1);
  await clock.advance(1);
  expect(await waiting).toBeUndefined();
  expect([line.size, listenersOf(controller.signal)]).toEqual([0, 0]);
  expect(onLeave).toHaveBeenCalledTimes(1);
  controller.abort("late");
});
