// What an adversary found about the state of a client: each of these once ended in a wrong answer to the user, or in none.
import { expect, test } from "vitest";
import { createMemoryStore, schedule } from "../../src/index.ts";
import type { StateStore } from "../../src/state/state-store.ts";
import { createLoadWorld, modelOf, PARAMS } from "../support/load-world.ts";

test("names of models do not fill the memory: not those of calls, nor those of a store", async () => {
  let tell: Parameters<StateStore["subscribe"]>[0] = () => {};
  const state: StateStore = {
    publish() {},
    subscribe(apply) {
      tell = apply;
      return () => {};
    },
    close: async () => {},
  };
  const { client, clock } = createLoadWorld([{}], { state });
  for (let count = 0; count < 250; count += 1)
    await clock.run(client.chat.completions.create({ ...PARAMS, model: `m${count}` } as never).catch(() => {}));
  expect(client.health().providers[0]?.models.length).toBeLessThanOrEqual(100);
  for (let count = 0; count < 2_000; count += 1)
    tell({ provider: "a", model: `x${count}`, limit: { atMost: 1, until: clock.now() + 1e9 } });
  expect(client.health().providers[0]?.models.length).toBeLessThanOrEqual(100);
});

test("`fastest` finds out that a provider has become fast again", async () => {
  const { call, clock, hosts } = createLoadWorld(
    [
      { timing: { headersMs: 40, headMs: 1_000, tokenMs: 1 } },
      {
        faults: [{ kind: "queue", forMs: 30_000, untilMs: 60_000 }],
        timing: { headersMs: 40, headMs: 100, tokenMs: 1 },
      },
    ],
    { order: "fastest", hedge: false },
  );
  for (let count = 0; count < 60; count += 1) {
    await call();
    await clock.advance(60_000);
  }
  expect(hosts[1]?.requests.length).toBeGreaterThan(25);
});

test("a server's wish is blamed only where it is the reason", async () => {
  const faults = [{ kind: "busy", retryAfterMs: 2_000 }] as const;
  const patient = createLoadWorld([{ faults }], {
    breaker: false,
    retry: { backoff: schedule([5_000, 10_000, 30_000]) },
    timeouts: { startMs: 60_000 },
  });
  expect(String((await patient.call()).error)).not.toMatch(/left alone/);
  const counted = createLoadWorld([{ faults }], {
    breaker: false,
    retry: { maxRounds: 2, backoff: schedule([40_000]) },
    timeouts: { startMs: 60_000 },
  });
  expect(String((await counted.call()).error)).not.toMatch(/left alone/);
});

test("the provider that asked for a pause is the one that is named", async () => {
  const { call } = createLoadWorld([{ afterRounds: 5 }, { faults: [{ kind: "busy", retryAfterMs: 3_600_000 }] }], {
    timeouts: { startMs: 1_000 },
    retry: { backoff: () => 900 },
  });
  await call({ providers: ["b"] });
  const { error } = await call({ providers: ["b"] });
  expect(error).toMatchObject({ code: "rate_limited", provider: "b" });
  const both = await call();
  expect(both.error).toMatchObject({ provider: "b" });
});

test("a client that shares a store does not hear its own word as another's", async () => {
  const { call, clock, client, eventsOf } = createLoadWorld([{ faults: [{ kind: "outage" }] }], (at) => ({
    state: createMemoryStore({ clock: at }),
    random: () => 0.9,
    retry: false,
    breaker: { inARow: 1 },
  }));
  await call();
  const { until = 0 } = eventsOf("breaker").at(-1) ?? {};
  expect(modelOf(client).openUntil).toBe(until);
  expect(until - clock.now()).toBe(8_200);
});

test.each([0, 0.99])("a circuit that is ready in time is waited for, whatever the chance (%d)", async (random) => {
  const faults = [{ kind: "outage", untilMs: 5_000 }] as const;
  const { call } = createLoadWorld([{ faults }, { faults }], {
    breaker: { inARow: 1, jitter: 0 },
    random: () => random,
  });
  await call({ timeouts: { startMs: 9_000 }, retry: { maxRounds: 1 } });
  expect((await call({ timeouts: { startMs: 11_000 } })).error).toBeUndefined();
});

test("calls that wait for the answer to one probe look for it once a second, and say what they wait for", async () => {
  const { ask, clock, eventsOf } = createLoadWorld(
    [
      {
        faults: [
          { kind: "outage", untilMs: 30_000 },
          { kind: "queue", forMs: 60_000, fromMs: 30_000, untilMs: 300_000 },
        ],
      },
    ],
    {
      breaker: { inARow: 1, jitter: 0, askEveryMs: Number.POSITIVE_INFINITY },
      hedge: false,
      profile: "batch",
      retry: { backoff: () => 0 },
    },
  );
  const all = await clock.run(Promise.all([ask(), ask()]));
  expect(all.filter(({ error }) => error)).toEqual([]);
  expect(new Set(eventsOf("wait").map(({ why }) => why))).toEqual(new Set(["breaker"]));
  expect(eventsOf("wait").length).toBeLessThan(100);
});
