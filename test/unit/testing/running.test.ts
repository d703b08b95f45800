import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { createSimulator, createVirtualClock, type Fault } from "../../../src/testing/index.ts";
import { ask, BASE, failure, initOf } from "./ask.ts";

const STREAM = { stream: true };
const timing = { headMs: 300, tokenMs: 100 };
const OUTAGE: Fault = { kind: "outage", fromMs: 1_000, untilMs: 2_000 };

function create(faults: readonly Fault[] = [OUTAGE]) {
  const clock = createVirtualClock(0);
  return { clock, simulator: createSimulator({ clock, timing, faults, answerTokens: 40 }) };
}

test("an outage breaks the streams that run when it begins, after what was sent", async () => {
  const { clock, simulator } = create();
  const { status, text, error } = await clock.run(ask(simulator, STREAM));
  expect(status).toBe(200);
  expect((error as Error).message).toBe("terminated");
  expect(clock.now()).toBe(1_000);
  // At 300, 400, ... 900 or 1,000 ms.
  expect(text.split("\n\n").length - 2).toBeGreaterThanOrEqual(7);
  expect(simulator.requests[0]).toMatchObject({ outcome: "cut", fault: undefined });
  expect(clock.pending).toBe(0);
});

test("a stream that is over by then, or begins after it, never sees the outage", async () => {
  const { clock, simulator } = create([{ ...OUTAGE, fromMs: 60_000, untilMs: 70_000 }]);
  expect((await clock.run(ask(simulator, STREAM))).error).toBeUndefined();
  expect(clock.pending).toBe(0);
  await clock.advance(70_000);
  expect((await clock.run(ask(simulator, STREAM))).error).toBeUndefined();
});

test("an outage that begins before the head gives no response", async () => {
  const clock = createVirtualClock(0);
  const simulator = createSimulator({ clock, timing: { headersMs: 5_000 }, faults: [OUTAGE] });
  const error = await clock.run(failure(ask(simulator, STREAM)));
  expect((error as Error).message).toBe("fetch failed");
  expect(clock.now()).toBe(1_000);
});

test("an outage told of while streams run breaks them too, and one that is taken back does not", async () => {
  const told = create([]);
  const answer = told.clock.run(ask(told.simulator, STREAM));
  told.simulator.setFaults([OUTAGE]);
  expect((await answer).error).toBeInstanceOf(TypeError);
  const spared = create();
  const whole = spared.clock.run(ask(spared.simulator, STREAM));
  await spared.clock.advance(400);
  spared.simulator.setFaults([]);
  expect((await whole).error).toBeUndefined();
});

test("an outage with a rate breaks its share of the streams, the same ones for the same seed", async () => {
  const broken = async () => {
    const { clock, simulator } = create([{ ...OUTAGE, rate: 0.5, untilMs: 1_001 }]);
    const all = Array.from({ length: 40 }, () => ask(simulator, STREAM));
    return (await clock.run(Promise.all(all))).map(({ error }) => error !== undefined);
  };
  const first = await broken();
  expect(await broken()).toEqual(first);
  const share = first.filter(Boolean).length;
  expect(share).toBeGreaterThan(8);
  expect(share).toBeLessThan(32);
});

test("an outage without a beginning refuses, and breaks nothing that runs", async () => {
  const { clock, simulator } = create([]);
  const answer = clock.run(ask(simulator, STREAM));
  await clock.advance(400);
  simulator.setFaults([{ kind: "outage" }]);
  expect((await answer).error).toBeUndefined();
});

test("a client that leaves is noted as such, and leaves no timer and no listener", async () => {
  const { clock, simulator } = create();
  const controller = new AbortController();
  const response = simulator.fetch(`${BASE}/chat/completions`, initOf(STREAM, controller.signal));
  await clock.run(response);
  controller.abort();
  await clock.advance(0);
  expect(simulator.requests[0]?.outcome).toBe("left");
  expect(clock.pending).toBe(0);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
});
