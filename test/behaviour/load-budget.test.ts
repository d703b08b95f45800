import { expect, test } from "vitest";
import { createLoadWorld } from "../support/load-world.ts";

const dead = [{ kind: "busy" }] as const;

test("200 calls against a dead server retry at most a fifth of them and ten in any ten seconds, and say that they wait", async () => {
  const { ask, clock, askedAt, eventsOf } = createLoadWorld([{ faults: dead }], {
    breaker: false,
    limits: false,
    timeouts: { startMs: 60_000 },
  });
  const all = await clock.run(Promise.all(Array.from({ length: 200 }, () => ask())));
  expect(all.every(({ error }) => (error as { retryable: boolean }).retryable)).toBe(true);
  const times = askedAt(0);
  const firsts = times.slice(0, 200);
  expect(Math.max(...firsts)).toBeLessThan(100);
  const retries = times.slice(200);
  expect(retries.length).toBeGreaterThan(40);
  for (const from of retries) {
    const within = retries.filter((at) => at >= from && at < from + 10_000).length;
    expect(within).toBeLessThanOrEqual(from < 10_000 ? 50 : 10);
  }
  expect(eventsOf("wait").some(({ why }) => why === "budget")).toBe(true);
});

test("what an answered retry took comes back: 500 calls that were refused in a rush do not wait for an idle server", async () => {
  const { ask, clock, eventsOf } = createLoadWorld([{ faults: [{ kind: "busy", untilMs: 3_000 }] }], {
    breaker: false,
    limits: false,
  });
  const startedAt = clock.now();
  const all = await clock.run(Promise.all(Array.from({ length: 500 }, () => ask())));
  expect(all.filter(({ error }) => error)).toEqual([]);
  // One a second would take them six minutes.
  expect(clock.now() - startedAt).toBeLessThan(30_000);
  expect(eventsOf("wait").filter(({ why }) => why === "budget").length).toBeGreaterThan(100);
});

test("who waits for the budget until its time is over is told what the server said last", async () => {
  const { ask, clock } = createLoadWorld([{ faults: dead }], {
    breaker: false,
    limits: false,
    timeouts: { startMs: 8_000 },
  });
  const startedAt = clock.now();
  const all = await clock.run(Promise.all(Array.from({ length: 100 }, () => ask())));
  expect(clock.now() - startedAt).toBeLessThanOrEqual(8_000);
  expect(new Set(all.map(({ error }) => (error as { code?: string }).code))).toEqual(new Set(["busy"]));
  expect(clock.pending).toBe(0);
});

test("with `retryBudget: false` everybody retries by the backoff alone", async () => {
  const { ask, clock, client, hosts, eventsOf } = createLoadWorld([{ faults: dead }], {
    breaker: false,
    limits: false,
    retryBudget: false,
    timeouts: { startMs: 5_000 },
  });
  await clock.run(Promise.all(Array.from({ length: 100 }, () => ask())));
  expect(hosts[0]?.requests.length).toBeGreaterThan(300);
  expect(eventsOf("wait").filter(({ why }) => why === "budget")).toEqual([]);
  expect(client.health()).not.toHaveProperty("retryBudget");
});
