import { afterEach, expect, test, vi } from "vitest";
import { sleep } from "../../../src/async/sleep.ts";
import { createVirtualClock } from "../../../src/testing/virtual-clock.ts";
import { failure } from "./ask.ts";

const never = new AbortController().signal;
const START = Date.UTC(2026, 0, 1);

afterEach(() => {
  vi.restoreAllMocks();
});

test("it starts where it is told to, and stands still", async () => {
  expect(createVirtualClock().now()).toBe(START);
  const clock = createVirtualClock(1_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(clock.now()).toBe(1_000);
  expect(clock.pending).toBe(0);
});

test("advance runs what falls due in the order of time, then of setting, each at its own time", async () => {
  const clock = createVirtualClock(0);
  const seen: [string, number][] = [];
  const note = (name: string) => () => void seen.push([name, clock.now()]);
  clock.after(30, note("late"));
  clock.after(10, note("first"));
  clock.after(20, note("same time, set first"));
  clock.after(20, note("same time, set second"));
  clock.after(41, note("not yet"));
  await clock.advance(40);
  expect(seen).toEqual([
    ["first", 10],
    ["same time, set first", 20],
    ["same time, set second", 20],
    ["late", 30],
  ]);
  expect(clock.now()).toBe(40);
  expect(clock.pending).toBe(1);
  await clock.advance(1);
  expect(seen.at(-1)).toEqual(["not yet", 41]);
});

test("a timer due exactly at the end of advance runs, one a millisecond later does not", async () => {
  const clock = createVirtualClock(0);
  const seen: string[] = [];
  clock.after(10, () => seen.push("due"));
  clock.after(11, () => seen.push("later"));
  await clock.advance(10);
  expect(seen).toEqual(["due"]);
});

test("advance runs timers that were set on the way, also by promises", async () => {
  const clock = createVirtualClock(0);
  const seen: number[] = [];
  const tick = async () => {
    for (let times = 0; times < 4; times++) {
      await sleep(clock, 10, never);
      seen.push(clock.now());
    }
  };
  void tick();
  clock.after(15, () => clock.after(5, () => seen.push(-clock.now())));
  await clock.advance(35);
  expect(seen).toEqual([10, 20, -20, 30]);
});

test("a timer of zero or less is due now, but never runs before advance is called", async () => {
  const clock = createVirtualClock(0);
  const seen: string[] = [];
  clock.after(0, () => seen.push("zero"));
  clock.after(-5, () => seen.push("negative"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([]);
  await clock.advance(0);
  expect(seen).toEqual(["zero", "negative"]);
  expect(clock.now()).toBe(0);
});

test("a timer of infinity never runs and is not pending", async () => {
  const clock = createVirtualClock(0);
  const cancel = clock.after(Number.POSITIVE_INFINITY, () => expect.unreachable());
  expect(clock.pending).toBe(0);
  await clock.advance(1e15);
  cancel();
});

test("a cancelled timer does not run, cancelling twice or too late does nothing", async () => {
  const clock = createVirtualClock(0);
  const seen: string[] = [];
  const cancelFirst = clock.after(10, () => {
    seen.push("first");
    cancelSecond();
  });
  const cancelSecond = clock.after(10, () => seen.push("second"));
  const cancelThird = clock.after(10, () => seen.push("third"));
  const cancelFourth = clock.after(10, () => seen.push("fourth"));
  cancelFourth();
  cancelFourth();
  expect(clock.pending).toBe(3);
  await clock.advance(10);
  cancelFirst();
  cancelThird();
  expect(seen).toEqual(["first", "third"]);
  expect(clock.pending).toBe(0);
});

test("run gives what the promise gives, with the time moved exactly as far as it waited", async () => {
  const clock = createVirtualClock(0);
  const work = async () => {
    await sleep(clock, 3_600_000, never);
    await sleep(clock, 1, never);
    return "done";
  };
  const cancel = clock.after(3_600_002, () => expect.unreachable());
  expect(await clock.run(work())).toBe("done");
  expect(clock.now()).toBe(3_600_001);
  expect(clock.pending).toBe(1);
  cancel();
});

test("run rejects with what the promise rejects with", async () => {
  const clock = createVirtualClock(0);
  const work = async () => {
    await sleep(clock, 10, never);
    throw "my reason";
  };
  expect(await failure(clock.run(work()))).toBe("my reason");
  expect(clock.now()).toBe(10);
});

test("run fires no timer for a promise that has settled already", async () => {
  const clock = createVirtualClock(0);
  const cancel = clock.after(0, () => expect.unreachable());
  expect(await clock.run(Promise.resolve(1))).toBe(1);
  expect(clock.pending).toBe(1);
  cancel();
});

test("run rejects when nothing is left that could settle the promise", async () => {
  const clock = createVirtualClock(0);
  // Each look at the real time finds a second gone, so that this test does not wait for it.
  let real = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    real += 1_000;
    return real;
  });
  clock.after(5, () => {});
  const error = await failure(clock.run(new Promise(() => {})));
  expect(error).toEqual(new Error("The virtual clock has no timer left, and the promise has not settled."));
  expect(clock.now()).toBe(5);
  expect(clock.pending).toBe(0);
});

test("run waits for work that needs no timer, such as other turns of the event loop", async () => {
  const clock = createVirtualClock(0);
  const work = async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return clock.now();
  };
  expect(await clock.run(work())).toBe(0);
});

test("what a timer throws reaches whoever moves the time", async () => {
  const clock = createVirtualClock(0);
  const fail = () => {
    throw new Error("mine");
  };
  clock.after(1, fail);
  expect(await failure(clock.advance(1))).toEqual(new Error("mine"));
  clock.after(1, fail);
  expect(await failure(clock.run(new Promise(() => {})))).toEqual(new Error("mine"));
  expect(clock.pending).toBe(0);
});

test("an aborted sleep leaves no timer", async () => {
  const clock = createVirtualClock(0);
  const controller = new AbortController();
  const slept = failure(sleep(clock, 1_000, controller.signal));
  expect(clock.pending).toBe(1);
  controller.abort("enough");
  expect(await slept).toBe("enough");
  expect(clock.pending).toBe(0);
});

test("the time never goes backwards, also when it is moved from two places at once", async () => {
  const clock = createVirtualClock(0);
  let latest = 0;
  const running = clock.run(sleep(clock, 1_000, never)).then(() => {
    latest = clock.now();
  });
  await Promise.all([running, clock.advance(10)]);
  expect(latest).toBe(1_000);
  expect(clock.now()).toBe(1_000);
});
