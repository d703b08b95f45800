import { afterEach, expect, test, vi } from "vitest";
import { type Clock, systemClock } from "../../../src/async/clock.ts";
import type { Call } from "../../../src/call.ts";
import type { ClientEvent } from "../../../src/events.ts";
import {
  aStartWithin,
  offPeak,
  type StartWithinOptions,
  startWithinSettings,
  type TimeWindow,
} from "../../../src/policies/off-peak.ts";
import { quietHours } from "../../../src/policies/quiet-hours.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/testing/index.ts";
import { makeCall, makeReply } from "../../support/scripted.ts";

const HOUR_MS = 3_600_000;
const hours = quietHours({ from: "01:00", to: "05:00" });
afterEach(() => vi.useRealTimers());

function start(given: TimeWindow | StartWithinOptions, clock: Clock, overrides: Parameters<typeof makeCall>[0] = {}) {
  const reply = makeReply([]);
  const sentAt: number[] = [];
  const call = makeCall({ clock, random: () => 0, ...overrides });
  const sent = offPeak(startWithinSettings(given))(call, async ({ clock: { now } }: Call) => {
    sentAt.push(now());
    return reply;
  });
  return { sent, sentAt, reply, call };
}

async function run(
  given: TimeWindow | StartWithinOptions,
  clock: VirtualClock,
  overrides?: Parameters<typeof makeCall>[0],
) {
  const { sent, sentAt } = start(given, clock, overrides);
  await clock.run(sent);
  expect(clock.pending).toBe(0);
  return new Date(sentAt[0] ?? Number.NaN).toISOString();
}

const clockAt = (text: string) => createVirtualClock(Date.parse(text));

test("within the hours a call starts at once, else when they begin", async () => {
  expect(await run(hours, clockAt("2026-03-10T04:59:59.999Z"))).toBe("2026-03-10T04:59:59.999Z");
  expect(await run(hours, clockAt("2026-03-10T05:00:00.000Z"))).toBe("2026-03-11T01:00:00.000Z");
});

test("the wait is told, counted, and a little longer by chance: by a tenth, at most by a minute", async () => {
  const events: ClientEvent[] = [];
  const onEvent = (event: ClientEvent) => events.push(event);
  const random = () => 0.5;
  const clock = clockAt("2026-03-10T00:50:00Z");
  const { sent, call } = start(hours, clock, { random, onEvent });
  await clock.run(sent);
  expect(new Date(clock.now()).toISOString()).toBe("2026-03-10T01:00:30.000Z");
  expect(events).toMatchObject([{ type: "wait", why: "off-peak", forMs: 630_000 }]);
  expect(call.log.report().waitedMs).toBe(630_000);
  expect(await run(hours, clockAt("2026-03-10T00:59:50Z"), { random })).toBe("2026-03-10T01:00:00.500Z");
});

test("an abort ends the wait with its own reason, and nothing is sent", async () => {
  const clock = clockAt("2026-03-10T12:00:00Z");
  const controller = new AbortController();
  const { sent, sentAt } = start(hours, clock, { signal: controller.signal });
  const told = expect(sent).rejects.toBe("enough");
  await clock.advance(HOUR_MS);
  controller.abort("enough");
  await told;
  expect([sentAt, clock.pending]).toEqual([[], 0]);
});

test("hours further away than the call may wait fail it at once, and say when they begin", async () => {
  const clock = clockAt("2026-03-10T12:00:00Z");
  const { sent } = start({ window: hours, maxWaitMs: 2.5 * HOUR_MS }, clock);
  await expect(sent).rejects.toMatchObject({
    code: "timeout",
    phase: "start",
    retryAt: Date.parse("2026-03-11T01:00:00Z"),
    message:
      "The window of the call (01:00 to 05:00 UTC) opens in 13 h, and the call may wait 2.5 h (startWithin.maxWaitMs).",
  });
  expect(clock.pending).toBe(0);
});

test("or it starts at once, outside of them, where that was asked for", async () => {
  const given = { window: hours, maxWaitMs: HOUR_MS, tooLong: "start" } as const;
  expect(await run(given, clockAt("2026-03-10T12:00:00Z"))).toBe("2026-03-10T12:00:00.000Z");
  expect(await run(given, clockAt("2026-03-10T00:30:00Z"))).toBe("2026-03-10T01:00:00.000Z");
});

test("chance never makes a wait longer than it may be", async () => {
  const given = { window: hours, maxWaitMs: 10 * 60_000 };
  const clock = clockAt("2026-03-10T00:50:00Z");
  expect(await run(given, clock, { random: () => 0.99 })).toBe("2026-03-10T01:00:00.000Z");
});

test("who wakes outside of the hours waits for the next ones, within the same bound", async () => {
  // Open for ten seconds of every hour: chance may put the end of a wait behind them.
  const short: TimeWindow = {
    name: "short",
    isOpen: (now) => now % HOUR_MS < 10_000,
    nextOpening: (now) => (now % HOUR_MS < 10_000 ? now : (Math.floor(now / HOUR_MS) + 1) * HOUR_MS),
  };
  const draws = [0.9, 0.9, 0.1];
  const random = () => draws.shift() ?? 0;
  expect(await run(short, clockAt("2026-03-10T12:30:00Z"), { random })).toBe("2026-03-10T15:00:06.000Z");
  const clock = clockAt("2026-03-10T12:30:00Z");
  const { sent } = start({ window: short, maxWaitMs: HOUR_MS }, clock, { random: () => 0.9 });
  await expect(clock.run(sent)).rejects.toMatchObject({ code: "timeout" });
  expect(clock.now() - Date.parse("2026-03-10T12:30:00Z")).toBeLessThanOrEqual(HOUR_MS);
});

const inDays = (days: number, clock: Clock): TimeWindow => {
  const opensAt = clock.now() + days * 24 * HOUR_MS;
  return { name: "far", isOpen: (now) => now >= opensAt, nextOpening: (now) => Math.max(now, opensAt) };
};

test("a wait may be longer than a timer can hold", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const startedAt = systemClock.now();
  // A timer holds 24.8 days.
  const { sent, sentAt } = start({ window: inDays(60, systemClock), maxWaitMs: Number.POSITIVE_INFINITY }, systemClock);
  await vi.advanceTimersByTimeAsync(60 * 24 * HOUR_MS - 1_000);
  expect(sentAt).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  await sent;
  expect((sentAt[0] ?? 0) - startedAt).toBeGreaterThanOrEqual(60 * 24 * HOUR_MS);
  expect(vi.getTimerCount()).toBe(0);
});

test("hours that never come again fail the call, whatever it may wait", async () => {
  const clock = createVirtualClock();
  const never: TimeWindow = { name: "never", isOpen: () => false, nextOpening: () => Number.POSITIVE_INFINITY };
  const { sent } = start({ window: never, maxWaitMs: 1_000 }, clock);
  await expect(sent).rejects.toMatchObject({
    code: "timeout",
    message: "The window of the call (never) does not open again.",
  });
  const endless = start({ window: never, maxWaitMs: Number.POSITIVE_INFINITY }, clock);
  await expect(endless.sent).rejects.toMatchObject({ code: "timeout", phase: "start" });
  const { sent: begun } = start({ window: never, maxWaitMs: Number.POSITIVE_INFINITY, tooLong: "start" }, clock);
  expect(await begun).toBeDefined();
});

test.each([Number.NaN, 0, undefined])(
  "a window that says %s while it is closed is refused, and not asked for ever",
  async (opensAt) => {
    const broken = { name: "broken", isOpen: () => false, nextOpening: () => opensAt as number };
    await expect(start(broken, createVirtualClock()).sent).rejects.toMatchObject({
      code: "invalid_options",
      message: `startWithin: nextOpening() must return a later time while the window is closed, but returned ${opensAt}.`,
    });
  },
);

test("a window alone has two days; undefined keeps the defaults", () => {
  expect(startWithinSettings(hours)).toEqual({ window: hours, maxWaitMs: 172_800_000, tooLong: "fail" });
  expect(startWithinSettings({ window: hours, maxWaitMs: undefined, tooLong: "start" })).toEqual({
    window: hours,
    maxWaitMs: 172_800_000,
    tooLong: "start",
  });
});

test("anything but a window, or one with its bounds, is refused", () => {
  for (const value of [
    hours,
    { window: hours },
    { window: hours, maxWaitMs: Number.POSITIVE_INFINITY, tooLong: "start" },
  ])
    expect(() => aStartWithin(value, "startWithin")).not.toThrow();
  for (const value of [
    "01:00",
    null,
    {},
    { window: {} },
    { window: hours, maxWaitMs: 0 },
    { window: hours, tooLong: "no" },
  ])
    expect(() => aStartWithin(value, "startWithin"), JSON.stringify(value)).toThrow(
      /startWithin|window|maxWaitMs|tooLong/,
    );
});
