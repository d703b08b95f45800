import { expect, test } from "vitest";
import { BusyError } from "../../../src/error-family.ts";
import { recordAttempt } from "../../../src/policies/record-attempt.ts";
import { createRetryBudget } from "../../../src/policies/retry-budget.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeAttempt } from "../../support/attempt.ts";
import { makeCall, makeReply, textChunk } from "../../support/scripted.ts";
import { makeState } from "../../support/states.ts";

function setUp() {
  const clock = createVirtualClock();
  const state = makeState("scripted", clock);
  const budget = createRetryBudget(clock);
  const call = makeCall({ clock });
  const provider = { provider: "scripted", model: "m", hasOthers: false, patienceMs: 0, slotWaitMs: 0 };
  const ask = (given: object = {}, error?: unknown) =>
    recordAttempt(state, budget, async () => {
      await new Promise((resolve) => clock.after(70, () => resolve(undefined)));
      if (error !== undefined) throw error;
      return makeReply([textChunk("hi")]);
    })({ ...call, ...provider, ...given });
  return { clock, state, budget, call, ask };
}

test("an attempt is in flight from its request to the end of its answer, and its head is timed", async () => {
  const { clock, state, ask } = setUp();
  const reply = await clock.run(ask());
  expect(state.health()).toMatchObject({ inFlight: 1, succeeded: 0, models: [{ model: "m", headMs: 70 }] });
  expect(await reply.more()).toBe(true);
  reply.take();
  expect(await reply.more()).toBe(false);
  await reply.closed;
  expect(state.health()).toMatchObject({ inFlight: 0, succeeded: 1, failed: 0 });
});

test("one that fails is written down as failed; one that the caller aborted says nothing about the provider", async () => {
  const { clock, state, call, ask } = setUp();
  const busy = new BusyError("busy");
  await expect(clock.run(ask({}, busy))).rejects.toBe(busy);
  await expect(clock.run(ask({ signal: AbortSignal.abort("enough") }, busy))).rejects.toBe(busy);
  expect(state.health()).toMatchObject({ inFlight: 0, failed: 1 });
  expect(call.log.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "cancelled"]);
});

test("the kind of an attempt: first, another provider, the same again, a later round, or what a policy says", async () => {
  const { clock, call, ask } = setUp();
  const busy = new BusyError("busy");
  const asked = [{}, { provider: "other" }, {}, { provider: "third", round: 1 }, { kind: "hedge" }, { kind: "resume" }];
  for (const given of asked) await clock.run(ask(given, busy).catch(() => {}));
  expect(call.log.attempts.map(({ kind }) => kind)).toEqual(["first", "fallback", "retry", "retry", "hedge", "resume"]);
});

test("the first retry of a round was taken from the budget when that began: only the others weigh on it", async () => {
  const { clock, budget, ask } = setUp();
  const busy = new BusyError("busy");
  await clock.run(ask({}, busy).catch(() => {}));
  expect(budget.health()).toMatchObject({ requests: 1, retries: 0 });
  await clock.run(ask({ round: 1 }, busy).catch(() => {}));
  expect(budget.health()).toMatchObject({ requests: 1, retries: 0 });
  await clock.run(ask({ round: 1, provider: "other" }, busy).catch(() => {}));
  expect(budget.health()).toMatchObject({ requests: 1, retries: 1 });
});

test("it is written down with the time it waited for its slot", async () => {
  const { clock, call, ask } = setUp();
  await clock.run(
    ask({ ...makeAttempt({ clock }), log: call.log, slotWaitMs: 40 }, new BusyError("x")).catch(() => {}),
  );
  expect(call.log.attempts).toMatchObject([{ slotWaitMs: 40 }]);
});
