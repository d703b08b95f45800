import { expect, test } from "vitest";
import { BusyError, RateLimitedError } from "../../../src/error-family.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeState } from "../../support/states.ts";

test("counts what is in flight, what succeeded and what failed; a cancelled request is neither", () => {
  const clock = createVirtualClock();
  const state = makeState("a", clock);
  const [first, second, third] = [state.begin("m"), state.begin("m"), state.begin("m")].map(({ end }) => end);
  expect(state.health()).toMatchObject({
    provider: "a",
    inFlight: 3,
    succeeded: 0,
    failed: 0,
    models: [{ model: "m" }],
  });
  first?.({ outcome: "succeeded" });
  second?.({ outcome: "failed", error: new BusyError("busy") });
  third?.({ outcome: "cancelled" });
  expect(state.health()).toEqual({
    provider: "a",
    inFlight: 0,
    succeeded: 1,
    failed: 1,
    lastSuccessAt: clock.now(),
    lastFailure: { code: "busy", at: clock.now() },
    models: [{ model: "m", circuit: "closed", limit: 20, inFlight: 0, waiting: 0 }],
  });
});

test("a request ends once, however often that is said", () => {
  const state = makeState("a", createVirtualClock());
  const { end } = state.begin("m");
  end({ outcome: "failed", error: new BusyError("busy") });
  end({ outcome: "succeeded" });
  expect(state.health()).toMatchObject({ inFlight: 0, succeeded: 0, failed: 1 });
});

test("the wish to be left alone is only ever extended, and is told until its time has come", async () => {
  const clock = createVirtualClock();
  const state = makeState("a", clock);
  const now = clock.now();
  const ask = (retryAt: number) =>
    state.begin("m").end({ outcome: "failed", error: new RateLimitedError("slow down", { retryAt }) });
  expect(state.notBefore).toBe(0);
  ask(now + 5_000);
  ask(now + 2_000);
  expect(state.notBefore).toBe(now + 5_000);
  expect(state.health()).toMatchObject({ notBefore: now + 5_000 });
  await clock.advance(5_000);
  expect(state.health()).not.toHaveProperty("notBefore");
});

test("only failures that may pass keep other calls away, and only times that are times", () => {
  const state = makeState("a", createVirtualClock());
  const end = (error: ConstructorParameters<typeof RateLimitedError>[1]) =>
    state.begin("m").end({ outcome: "failed", error: new RateLimitedError("no", error) });
  end({ retryAt: Number.NaN });
  end({ retryAt: Number.POSITIVE_INFINITY });
  end({ retryAt: 5e12, retryable: false });
  expect(state.notBefore).toBe(0);
  end({ retryAt: 5e12 });
  expect(state.notBefore).toBe(5e12);
});
