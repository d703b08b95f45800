import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryStore, mergeUpdates, type StateUpdate } from "../../../src/state/state-store.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { openBy, setUpCircuit } from "../../support/circuits.ts";

function setUp() {
  const clock = createVirtualClock();
  const store = createMemoryStore({ clock });
  const listen = () => {
    const heard: StateUpdate[] = [];
    return { heard, stop: store.subscribe((update) => heard.push(update)) };
  };
  return { clock, store, listen, now: clock.now() };
}

test("what one publishes reaches all who subscribed, at once, and nobody who has left", () => {
  const { store, listen, now } = setUp();
  const [one, other] = [listen(), listen()];
  store.publish({ provider: "a", notBefore: now + 5_000 });
  other.stop();
  other.stop();
  store.publish({ provider: "a", model: "m", open: { until: now + 2_000, cause: "load" } });
  expect(one.heard).toEqual([
    { provider: "a", notBefore: now + 5_000 },
    { provider: "a", model: "m", open: { until: now + 2_000, cause: "load" } },
  ]);
  expect(other.heard.length).toBe(1);
});

test("everybody gets a copy: what is published, and what is done to it later, stays one's own", () => {
  const { store, listen, now } = setUp();
  const limit = { atMost: 25, until: now + 1_000 };
  const [one, other] = [listen(), listen()];
  store.publish({ provider: "a", limit });
  limit.atMost = 1;
  Object.assign(one.heard[0] ?? {}, { provider: "b" });
  expect(other.heard[0]).toEqual({ provider: "a", limit: { atMost: 25, until: now + 1_000 } });
});

test("who comes later learns what still holds, by provider and model, and of each wish the furthest", async () => {
  const { store, listen, now, clock } = setUp();
  store.publish({ provider: "a", notBefore: now + 5_000 });
  store.publish({ provider: "a", notBefore: now + 3_000 });
  store.publish({ provider: "a", model: "m", open: { until: now + 9_000, cause: "load" } });
  store.publish({ provider: "a", model: "m", limit: { atMost: 25, until: now + 60_000 } });
  store.publish({ provider: "b", notBefore: now + 1_000 });
  await clock.advance(1_000);
  expect(listen().heard).toEqual([
    { provider: "a", notBefore: now + 5_000 },
    {
      provider: "a",
      model: "m",
      open: { until: now + 9_000, cause: "load" },
      limit: { atMost: 25, until: now + 60_000 },
    },
  ]);
  await clock.advance(60_000);
  expect(listen().heard).toEqual([]);
});

test("a closed store has forgotten everybody and everything", async () => {
  const { store, listen, now } = setUp();
  const { heard } = listen();
  store.publish({ provider: "a", notBefore: now + 5_000 });
  await store.close();
  store.publish({ provider: "a", notBefore: now + 6_000 });
  expect(heard.length).toBe(1);
});

test("updates may come in any order, and twice: what is known in the end is the same", () => {
  const { now } = setUp();
  const until = fc.integer({ min: 1, max: 5 }).map((seconds) => now + seconds * 1_000);
  const update: fc.Arbitrary<StateUpdate> = fc.oneof(
    until.map((notBefore) => ({ provider: "a", notBefore })),
    until.map((time) => ({ provider: "a", open: { until: time, cause: "load" as const } })),
    // Of two that end at the same time, none is later.
    until.map((time) => ({ provider: "a", limit: { atMost: time - now, until: time } })),
  );
  fc.assert(
    fc.property(fc.array(update, { minLength: 1 }), fc.array(fc.nat()), (updates, order) => {
      const merge = (list: readonly StateUpdate[]) =>
        list.reduce<StateUpdate | undefined>((known, next) => mergeUpdates(known, next), undefined);
      const repeated = order.flatMap((index) => updates[index % updates.length] ?? []);
      expect(merge([...updates.toReversed(), ...repeated])).toEqual(merge(updates));
    }),
  );
});

test("two circuits over one store: what one finds out the hard way, the other is spared", async () => {
  const [mine, yours] = [setUpCircuit(), setUpCircuit()];
  const store = createMemoryStore({ clock: mine.clock });
  store.subscribe(({ open }) => open && yours.circuit.adopt(open));
  openBy("connection", mine);
  store.publish({ provider: "a", model: "m", open: { until: mine.circuit.readyAt(), cause: "dead_host" } });
  expect(yours.circuit.health()).toEqual({ ...mine.circuit.health() });
  // Each finds out for itself when it is over.
  await mine.clock.advance(10_000);
  mine.answer();
  expect([mine.circuit.state, yours.circuit.state]).toEqual(["closed", "open"]);
  await yours.clock.advance(10_000);
  expect(yours.circuit.mayAsk()).toBe("probe");
});

test("options that are none are refused", () => {
  expect(() => createMemoryStore({ ttl: 5 } as never)).toThrow("createMemoryStore: unknown option ttl.");
  expect(() => createMemoryStore({ clock: 5 } as never)).toThrow(/clock must be a clock/);
});
