import { expect, test } from "vitest";
import { BusyError, RateLimitedError, StreamInterruptedError } from "../../../src/error-family.ts";
import { fallback } from "../../../src/policies/fallback.ts";
import { candidate, clock, fails, nothing } from "../../support/candidates.ts";
import { makeCall } from "../../support/scripted.ts";

test("a provider that broke the answer off because it is busy waits for the next round, and others do not", async () => {
  const call = makeCall({ clock, kind: "resume" });
  const attempt = call.log.begin({ kind: "first", provider: "a", model: "a-model", round: 0 });
  attempt.head();
  attempt.end({ outcome: "failed", error: new BusyError("insufficient_system_resource") });
  const a = candidate("a");
  expect(await fails([a], call)).toMatchObject({ again: true, readyAt: expect.any(Number) });
  expect(a.asked.length).toBe(0);
  const other = await fallback([a, candidate("b")], nothing)(call);
  expect(other.take()?.choices[0]?.delta.content).toBe("b");
  await fallback([a], nothing)({ ...call, kind: undefined });
  expect(a.asked.length).toBe(1);
});

test("providers that broke off one after the other wait all, also the one that was cut twice", async () => {
  const call = makeCall({ clock, kind: "resume" });
  const broke = (provider: string, kind: "first" | "resume" | "retry", error: BusyError | StreamInterruptedError) => {
    const attempt = call.log.begin({ kind, provider, model: "m", round: 0 });
    attempt.head();
    attempt.end({ outcome: "failed", error });
  };
  const [busy, cut] = [new BusyError("busy"), new StreamInterruptedError("cut")];
  const [a, b] = [candidate("a"), candidate("b")];
  broke("a", "first", busy);
  broke("b", "resume", cut);
  expect((await fallback([a, b], nothing)(call)).take()?.choices[0]?.delta.content).toBe("b");
  broke("b", "resume", cut);
  expect(await fails([a, b], call)).toMatchObject({ again: true });
  // After a wait all of them are fresh again.
  broke("a", "retry", cut);
  expect((await fallback([a, b], nothing)(call)).take()).toBeDefined();
});

test("when everybody rests or is kept for later, the time told is that of one who rests", async () => {
  const retryAt = clock.now() + 60_000;
  const asked = candidate("a", { errors: [new RateLimitedError("slow", { retryAt })] });
  const late = candidate("late", { afterRounds: 2 });
  await fails([asked, late], makeCall({ clock }));
  const round = await fails([asked, late], makeCall({ clock }));
  expect(round).toMatchObject({ again: true, readyAt: 0, failure: { retryAt } });
});
