import { expect, test } from "vitest";
import type { ProviderCall, Reply } from "../../../src/call.ts";
import { checkShape } from "../../../src/check-shape.ts";
import { BusyError } from "../../../src/error-family.ts";
import type { ClientEvent } from "../../../src/events.ts";
import {
  concurrencyLimit,
  createConcurrencyLimit,
  LIMIT_DEFAULTS,
  type LimitOptions,
  limitShape,
} from "../../../src/policies/concurrency-limit.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeAttempt } from "../../support/attempt.ts";
import { makeReply, textChunk } from "../../support/scripted.ts";

function setUp(options: LimitOptions = {}) {
  const clock = createVirtualClock();
  const slots = createConcurrencyLimit({ provider: "a", model: "m", clock }, options);
  const send = (
    next: (call: ProviderCall) => Promise<Reply>,
    call: Partial<ProviderCall> & { onEvent?: (event: ClientEvent) => void } = {},
  ) => concurrencyLimit(slots)(makeAttempt({ clock, ...call }), next);
  return { clock, slots, send };
}

test("the slot is held from the request to the end of its answer", async () => {
  const { slots, send } = setUp();
  const reply = makeReply([textChunk("hi")]);
  expect(await send(async () => reply)).toBe(reply);
  expect(slots.inFlight).toBe(1);
  reply.cancel();
  await reply.closed;
  expect(slots.inFlight).toBe(0);
});

test("a request that fails gives its slot back and lowers the limit; one that was aborted only gives it back", async () => {
  const { slots, send } = setUp({ initial: 2 });
  const busy = new BusyError("busy");
  await expect(send(() => Promise.reject(busy), { signal: AbortSignal.abort("enough") })).rejects.toBe(busy);
  expect(slots.health()).toMatchObject({ limit: 2, inFlight: 0 });
  await expect(send(() => Promise.reject(busy))).rejects.toBe(busy);
  expect(slots.health()).toMatchObject({ limit: 1, inFlight: 0 });
});

test("a call that waits says so, and an answer that goes on comes before calls that begin", async () => {
  const { slots, send, clock } = setUp({ initial: 1 });
  const events: ClientEvent[] = [];
  const order: string[] = [];
  const ask = (name: string, call: Parameters<typeof send>[1] = {}) =>
    send(
      async () => {
        order.push(name);
        const reply = makeReply([]);
        reply.cancel();
        return reply;
      },
      { onEvent: (event) => events.push(event), ...call },
    );
  const held = slots.tryAcquire();
  const all = [ask("begins"), ask("goes on", { priority: 10 })];
  await clock.advance(70);
  held?.release();
  await clock.run(Promise.all(all));
  expect(order).toEqual(["goes on", "begins"]);
  expect(events.filter(({ type }) => type === "wait")).toMatchObject([{ why: "slot" }, { why: "slot" }]);
  await clock.advance(0);
  expect(slots.inFlight).toBe(0);
});

test("where others can serve it too it waits no longer than the spill, and never beyond the time for the first token", async () => {
  const { slots, send, clock } = setUp({ initial: 1 });
  const held = slots.tryAcquire();
  const never = () => Promise.reject(new Error("it was sent"));
  const startedAt = clock.now();
  const wished = send(never, { patienceMs: 1_000 });
  await expect(clock.run(wished)).rejects.toMatchObject({ code: "queue_full" });
  expect(clock.now() - startedAt).toBe(1_000);
  const bounded = send(never, { startBy: clock.now() + 500 });
  await expect(clock.run(bounded)).rejects.toMatchObject({ code: "queue_full" });
  expect(clock.now() - startedAt).toBe(1_500);
  held?.release();
  await expect(send(never, { startBy: clock.now() })).rejects.toMatchObject({ code: "timeout", phase: "start" });
  expect(slots.health()).toMatchObject({ inFlight: 0, waiting: 0 });
});

test("the defaults are within their own bounds, each option has one, and values out of range are refused", () => {
  expect(() => checkShape(LIMIT_DEFAULTS, "limits", limitShape())).not.toThrow();
  expect(Object.keys(limitShape()).sort()).toEqual(Object.keys(LIMIT_DEFAULTS).sort());
  for (const options of [
    { initial: 0 },
    { max: 2.5 },
    { decrease: 1 },
    { windowMs: 0 },
    { maxQueue: -1 },
    { spillAfterMs: 0 },
  ])
    expect(() => checkShape(options, "limits", limitShape())).toThrow(/must be/);
});

test("whoever begins beyond the usual limit means it; a limit that is given holds", () => {
  const place = { provider: "a", model: "m", clock: createVirtualClock() };
  expect(createConcurrencyLimit(place, { initial: 3_000 }).limit).toBe(3_000);
  expect(createConcurrencyLimit(place, { initial: 50, max: 10 }).limit).toBe(10);
});
