import { expect, test } from "vitest";
import { createModelState } from "../../../src/state/model-state.ts";
import { ALWAYS_CLOSED, createUnlimitedSlots } from "../../../src/state/unlimited.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeState } from "../../support/states.ts";

const make = (clock = createVirtualClock()) => createModelState("m", ALWAYS_CLOSED, createUnlimitedSlots(), clock);

test("the time to the first token rises at once and falls slowly", async () => {
  const clock = createVirtualClock();
  const state = make(clock);
  expect(state.health()).not.toHaveProperty("headMs");
  state.sawHead(100);
  state.sawHead(1_000);
  expect(state.health().headMs).toBe(1_000);
  state.sawHead(500);
  expect(state.health().headMs).toBe(1_000);
  await clock.advance(60_000);
  expect(state.health().headMs).toBe(1_000);
  state.sawHead(500);
  expect(state.health().headMs).toBe(Math.round(500 + 500 / Math.E));
});

test("how slow it is fades, so that it is tried again; a failure counts as ten seconds, and one given up on as its wait", async () => {
  const clock = createVirtualClock();
  const state = make(clock);
  expect(state.slownessMs).toBeUndefined();
  state.sawNone(700, false);
  expect(state.slownessMs).toBe(700);
  state.sawNone(300, false);
  expect(state.slownessMs).toBe(700);
  state.sawNone(30, true);
  expect(state.slownessMs).toBe(10_000);
  state.sawNone(30_000, true);
  await clock.advance(180_000);
  expect(state.slownessMs).toBeCloseTo(30_000 * Math.exp(-3), 6);
  // None of it was an answer.
  expect(state.health()).not.toHaveProperty("headMs");
});

test("the 95th percentile needs twenty answers, and forgets all but the last hundred", () => {
  const state = make();
  for (let ms = 1; ms <= 19; ms += 1) state.sawHead(ms);
  expect(state.p95HeadMs).toBeUndefined();
  state.sawHead(20);
  expect(state.p95HeadMs).toBe(20);
  for (let ms = 1; ms <= 100; ms += 1) state.sawHead(1_000 + ms);
  expect(state.p95HeadMs).toBe(1_096);
});

test("without breaker and limit its health says closed, and names no limit", () => {
  const state = make();
  const slot = state.slots.tryAcquire();
  expect(state.health()).toEqual({ model: "m", circuit: "closed", inFlight: 1, waiting: 0 });
  slot?.release();
  slot?.release();
  expect(state.health().inFlight).toBe(0);
});

test("with them it says until when it is open, and the limit", () => {
  const clock = createVirtualClock();
  const model = makeState("a", clock).forModel("m");
  model.circuit.adopt({ until: clock.now() + 5_000, cause: "load" });
  expect(model.health()).toEqual({
    model: "m",
    circuit: "open",
    openUntil: clock.now() + 5_000,
    limit: 20,
    inFlight: 0,
    waiting: 0,
  });
});
