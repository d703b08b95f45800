import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { guardStore, readUpdate } from "../../../src/state/guard-store.ts";
import { createMemoryStore, type StateStore, type StateUpdate } from "../../../src/state/state-store.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";

const now = 1_000_000;
const update: StateUpdate = { provider: "a", notBefore: now + 1_000 };

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const fails = () => {
  throw new Error("no connection");
};
const failing: StateStore = { publish: fails, subscribe: fails, close: fails };
const rejecting = {
  publish: () => Promise.reject(new Error("no connection")),
  subscribe: () => () => Promise.reject(new Error("no connection")),
  close: () => Promise.reject(new Error("no connection")),
} as unknown as StateStore;

test.each([
  ["throws", failing],
  ["rejects", rejecting],
])("a store that %s harms nobody, and is warned about once", async (_, broken) => {
  const store = guardStore(broken, () => now);
  store.publish(update);
  store.publish(update);
  store.subscribe(() => {})();
  await store.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(console.warn).toHaveBeenCalledTimes(1);
  expect(console.warn).toHaveBeenCalledWith(
    "resilient-deepseek: the state store failed; calls go on without it.",
    expect.objectContaining({ message: "no connection" }),
  );
});

test("what a subscriber throws does not come out of publish, and the other subscribers are told", () => {
  const clock = createVirtualClock();
  const memory = createMemoryStore({ clock });
  const heard: StateUpdate[] = [];
  const store = guardStore(memory, clock.now);
  store.subscribe(fails);
  store.subscribe((one) => heard.push(one));
  expect(() => store.publish({ provider: "a", notBefore: clock.now() + 5 })).not.toThrow();
  expect(heard.length).toBe(1);
  expect(console.warn).toHaveBeenCalledTimes(1);
});

test("who has left is told nothing, even by a store that goes on telling", () => {
  let tell: (one: StateUpdate) => void = () => {};
  const heard: StateUpdate[] = [];
  const careless = {
    ...failing,
    subscribe: (apply: typeof tell) => {
      tell = apply;
      return () => {};
    },
  };
  const stop = guardStore(careless, () => now).subscribe((one) => heard.push(one));
  tell(update);
  stop();
  stop();
  tell(update);
  expect(heard).toEqual([update]);
  expect(console.warn).not.toHaveBeenCalled();
});

test("an update is read field by field, and what is over or makes no sense is left out", () => {
  const full = {
    provider: "a",
    model: "m",
    notBefore: now + 1,
    open: { until: now + 2, cause: "dead_host" },
    limit: { atMost: 25, until: now + 3 },
  };
  const extra = JSON.parse('{"__proto__":{"polluted":true},"note":"text"}');
  expect(readUpdate({ ...full, ...extra, open: { ...full.open, note: 1 } }, now)).toEqual(full);
  expect(readUpdate({ ...full, notBefore: now, open: null, limit: "25" }, now)).toBeUndefined();
  expect(readUpdate({ ...full, notBefore: now, limit: undefined }, now)).toEqual({
    provider: "a",
    model: "m",
    open: full.open,
  });
});

test.each([
  undefined,
  null,
  "text",
  {},
  { provider: 5, notBefore: now + 1 },
  { provider: "a" },
  { provider: "a", model: 5, notBefore: now + 1 },
  { provider: "a", notBefore: "soon" },
  { provider: "a", notBefore: Number.POSITIVE_INFINITY },
  { provider: "a", open: { until: now + 1, cause: "account" } },
  { provider: "a", open: { until: now - 1, cause: "load" } },
  { provider: "a", limit: { atMost: 0, until: now + 1 } },
  { provider: "a", limit: { atMost: 2.5, until: now + 1 } },
  { provider: "a", limit: { atMost: 25 } },
])("nothing comes of %j", (value) => {
  expect(readUpdate(value, now)).toBeUndefined();
});

test("another process's clock may be wrong: nobody is kept away for more than a day by what it says", () => {
  const day = now + 86_400_000;
  const far = now + 1e12;
  expect(
    readUpdate(
      { provider: "a", notBefore: far, open: { until: far, cause: "load" }, limit: { atMost: 1, until: far } },
      now,
    ),
  ).toEqual({
    provider: "a",
    notBefore: day,
    open: { until: day, cause: "load" },
    limit: { atMost: 1, until: day },
  });
});
