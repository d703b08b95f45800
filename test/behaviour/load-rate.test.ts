import { expect, test } from "vitest";
import { quietHours } from "../../src/policies/quiet-hours.ts";
import { createLoadWorld } from "../support/load-world.ts";

const HOUR = 3_600_000;

test("a provider with a rate is never asked more often in any minute", async () => {
  const { ask, clock, askedAt } = createLoadWorld([{ rateLimit: { requestsPerMinute: 12 } }], { profile: "batch" });
  const all = await clock.run(Promise.all(Array.from({ length: 60 }, () => ask())));
  expect(all.filter(({ error }) => error)).toEqual([]);
  const times = askedAt(0);
  expect(times.length).toBe(60);
  const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 60_000).length));
  expect(most).toBe(12);
});

test("who would wait longer than a second for the rate goes to the next provider", async () => {
  const { ask, clock, hosts } = createLoadWorld([{ rateLimit: { requestsPerMinute: 4 } }, {}]);
  await clock.run(Promise.all(Array.from({ length: 5 }, () => ask())));
  expect(hosts.map(({ requests }) => requests.length)).toEqual([1, 4]);
});

const window = quietHours({ from: "02:00", to: "05:00" });

test("a call waits for its hours, says so, and has all of its time then", async () => {
  const { call, clock, askedAt, eventsOf } = createLoadWorld(
    [{ faults: [{ kind: "busy", untilMs: 2 * HOUR + 90_000 }] }],
    {
      startWithin: window,
    },
  );
  const { error, report } = await call();
  expect(error).toBeUndefined();
  const [first = 0] = askedAt(0);
  expect(first).toBeGreaterThanOrEqual(2 * HOUR);
  expect(first).toBeLessThanOrEqual(2 * HOUR + 60_000);
  expect(eventsOf("wait")[0]).toMatchObject({ why: "off-peak" });
  expect(report?.waitedMs).toBeGreaterThanOrEqual(2 * HOUR);
  expect(clock.pending).toBe(0);
});

test("the wait is abortable, and leaves nothing", async () => {
  const { ask, clock, hosts } = createLoadWorld([{}]);
  const abort = new AbortController();
  const asked = ask({ startWithin: window, signal: abort.signal });
  await clock.advance(HOUR);
  abort.abort("enough");
  expect((await clock.run(asked)).error).toBe("enough");
  expect(hosts[0]?.requests).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("hours that are too far away: it fails at once and says when they begin, or starts at once", async () => {
  const { call, clock } = createLoadWorld([{}]);
  const startedAt = clock.now();
  const failed = await call({ startWithin: { window, maxWaitMs: HOUR } });
  expect(failed.error).toMatchObject({ code: "timeout", phase: "start", retryAt: startedAt + 2 * HOUR });
  expect(clock.now()).toBe(startedAt);
  const started = await call({ startWithin: { window, maxWaitMs: HOUR, tooLong: "start" } });
  expect(started.error).toBeUndefined();
  expect(started.report?.waitedMs).toBe(0);
});
