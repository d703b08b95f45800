import { expect, test } from "vitest";
import type { ClientOptions } from "../../src/client-options.ts";
import { createFleet } from "../../src/create-fleet.ts";
import { AuthenticationError, ConnectionError, RateLimitedError } from "../../src/error-family.ts";
import { deepseek } from "../../src/providers/deepseek.ts";
import type { StateStore, StateUpdate } from "../../src/state/state-store.ts";
import { createVirtualClock } from "../../src/testing/index.ts";

function setUp(options: ClientOptions = {}) {
  const clock = createVirtualClock();
  const published: StateUpdate[] = [];
  const applies = new Set<(update: StateUpdate) => void>();
  const state: StateStore = {
    publish: (update) => published.push(update),
    subscribe(apply) {
      applies.add(apply);
      return () => applies.delete(apply);
    },
    close: async () => {},
  };
  const providers = [deepseek({ apiKey: "sk-any", rateLimit: { requestsPerMinute: 5 } })];
  const fleet = createFleet(providers, { state, ...options }, clock, () => 0);
  const tell = (update: StateUpdate) => applies.forEach((apply) => void apply(update));
  const [member] = fleet.members;
  if (!member) throw new Error("no member");
  return { clock, published, applies, fleet, member, tell, model: member.state.forModel("m") };
}

test("what is left out has its default; `false` switches a part off", () => {
  const { fleet, member, model } = setUp();
  expect(fleet).toMatchObject({ order: "ordered", spillAfterMs: 1_000 });
  expect(fleet.budget?.health()).toEqual({ requests: 0, retries: 0, waiting: 0 });
  expect(model.slots.limit).toBe(20);
  expect(member.rate).toBeDefined();
  const off = setUp({ breaker: false, limits: false, retryBudget: false });
  expect(off.fleet).toMatchObject({ budget: undefined, spillAfterMs: 1_000 });
  expect(off.model.slots.limit).toBe(Number.POSITIVE_INFINITY);
  for (let count = 0; count < 20; count += 1)
    off.model.circuit.begin()?.end({ outcome: "failed", error: new ConnectionError("refused") });
  expect(off.model.circuit.state).toBe("closed");
});

test("an opening, a named limit and a wish to be left alone are published; a refused account is not", () => {
  const { clock, published, member, model } = setUp();
  model.circuit.begin()?.end({ outcome: "failed", error: new AuthenticationError("wrong key") });
  expect(published).toEqual([]);
  model.circuit.reset();
  for (let count = 0; count < 5; count += 1)
    model.circuit.begin()?.end({ outcome: "failed", error: new ConnectionError("refused") });
  const error = new RateLimitedError("limit", { concurrencyLimit: 7, retryAt: clock.now() + 3_000 });
  model.slots.tryAcquire()?.release({ outcome: "failed", error });
  member.state.begin("m").end({ outcome: "failed", error });
  expect(published).toEqual([
    { provider: "deepseek", model: "m", open: { until: clock.now() + 10_000, cause: "dead_host" } },
    { provider: "deepseek", model: "m", limit: { atMost: 7, until: clock.now() + 300_000 } },
    { provider: "deepseek", notBefore: clock.now() + 3_000 },
  ]);
});

test("what others publish is adopted, and not published again; after `close` nothing is", async () => {
  const { clock, published, applies, fleet, member, model, tell } = setUp();
  const until = clock.now() + 5_000;
  tell({ provider: "deepseek", notBefore: until });
  tell({ provider: "deepseek", model: "m", open: { until, cause: "load" }, limit: { atMost: 3, until } });
  tell({ provider: "somebody else", notBefore: until + 1_000 });
  expect(member.state.notBefore).toBe(until);
  expect(model.health()).toMatchObject({ circuit: "open", openUntil: until, limit: 3 });
  expect(published).toEqual([]);
  await fleet.close();
  expect(applies.size).toBe(0);
});
