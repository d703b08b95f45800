import { expect, test, vi } from "vitest";
import type { ClientOptions } from "../../src/index.ts";
import { createMemoryStore, type StateStore } from "../../src/state/state-store.ts";
import type { VirtualClock } from "../../src/testing/index.ts";
import { createLoadWorld } from "../support/load-world.ts";

const withStore = (clock: VirtualClock): ClientOptions => ({ state: createMemoryStore({ clock }) });

/** Two clients that share a store. */
function createTwo(faults: Parameters<typeof createLoadWorld>[0][number]["faults"]) {
  let options: ClientOptions | undefined;
  const world = createLoadWorld([{ faults }, {}], (clock) => {
    options ??= withStore(clock);
    return options;
  });
  return { ...world, other: world.addClient() };
}

test("a circuit that one client opened is open for the other one, and for one that is made later", async () => {
  const { call, other, addClient, hosts } = createTwo([{ kind: "outage" }]);
  for (let count = 0; count < 5; count += 1) await call();
  for (const client of [other, addClient()]) {
    const { report } = await call({}, client);
    expect(report?.attempts.map(({ provider }) => provider)).toEqual(["b"]);
    expect(report?.skipped).toEqual([{ provider: "a", reason: "circuit_open" }]);
  }
  expect(hosts[0]?.requests.length).toBe(5);
});

test("a time that a provider asked for holds for the other client", async () => {
  const { call, other, clock, hosts } = createTwo([{ kind: "busy", retryAfterMs: 20_000 }]);
  await call();
  hosts[0]?.setFaults([]);
  expect((await call({}, other)).report?.skipped).toEqual([{ provider: "a", reason: "not_before" }]);
  await clock.advance(20_000);
  expect((await call({}, other)).report?.attempts.map(({ provider }) => provider)).toEqual(["a"]);
});

test("a refused account is no news for others, and a closed client hears nothing more", async () => {
  const { call, other, client } = createTwo([{ kind: "authentication" }]);
  await call();
  expect((await call({}, other)).report?.attempts.map(({ provider }) => provider)).toEqual(["a", "b"]);
  await client.close();
  expect((await call()).error).toMatchObject({ code: "client_closed" });
});

test("a store that fails at everything harms no call, and is warned about once", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const fail = () => {
    throw new Error("the store is down");
  };
  const state: StateStore = { publish: fail, subscribe: fail, close: fail };
  const { call, client } = createLoadWorld([{ faults: [{ kind: "outage" }] }, {}], { state });
  for (let count = 0; count < 7; count += 1) expect((await call()).error).toBeUndefined();
  await client.close();
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
});
