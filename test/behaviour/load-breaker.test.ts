import { afterEach, expect, test, vi } from "vitest";
import { type ClientEvent, createResilientClient, deepseek } from "../../src/index.ts";
import { createSimulator, createVirtualClock, seededRandom } from "../../src/testing/index.ts";
import { createLoadWorld, modelOf, PARAMS } from "../support/load-world.ts";

afterEach(() => vi.unstubAllEnvs());

test("five dead-host failures in a row open it: the next call goes to the other provider without trying the dead one", async () => {
  const { call, hosts, client, clock, eventsOf } = createLoadWorld([{ faults: [{ kind: "outage" }] }, {}]);
  for (let count = 0; count < 5; count += 1) expect((await call()).report?.attempts.length).toBe(2);
  expect(modelOf(client)).toMatchObject({ circuit: "open", inFlight: 0 });
  const until = modelOf(client).openUntil ?? 0;
  expect(until - clock.now()).toBeGreaterThan(6_000);
  expect(until - clock.now()).toBeLessThanOrEqual(10_000);
  const { report } = await call();
  expect(report?.attempts.map(({ provider }) => provider)).toEqual(["b"]);
  expect(report?.skipped).toEqual([{ provider: "a", reason: "circuit_open" }]);
  expect(report?.waitedMs).toBe(0);
  expect(hosts[0]?.requests.length).toBe(5);
  expect(eventsOf("breaker")).toMatchObject([{ provider: "a", state: "open", until }]);
});

test("when its time is over one call probes it and closes it, and all go there again", async () => {
  const { call, hosts, client, clock, eventsOf } = createLoadWorld([{ faults: [{ kind: "outage" }] }, {}]);
  for (let count = 0; count < 5; count += 1) await call();
  hosts[0]?.setFaults([]);
  await clock.advance(10_000);
  expect(modelOf(client).circuit).toBe("half-open");
  expect((await call()).report?.attempts.map(({ provider }) => provider)).toEqual(["a"]);
  expect(modelOf(client).circuit).toBe("closed");
  expect((await call()).report?.attempts.map(({ provider }) => provider)).toEqual(["a"]);
  expect(eventsOf("breaker").map(({ state }) => state)).toEqual(["open", "half-open", "closed"]);
});

test("while one call probes it, the others go to the other provider; a failed probe leaves it alone for longer", async () => {
  const { ask, call, clock, client, hosts } = createLoadWorld([{ faults: [{ kind: "outage" }] }, {}]);
  for (let count = 0; count < 5; count += 1) await call();
  await clock.advance(10_000);
  await clock.run(Promise.all([ask(), ask(), ask()]));
  expect(hosts[0]?.requests.length).toBe(6);
  expect((modelOf(client).openUntil ?? 0) - clock.now()).toBeGreaterThan(10_000);
});

test("an only provider is asked every 10 s however long its circuit is open", async () => {
  const { call, askedAt, eventsOf } = createLoadWorld([{ faults: [{ kind: "outage", untilMs: 200_000 }] }], {
    profile: "patient",
    retry: { backoff: () => 100 },
  });
  expect((await call()).error).toBeUndefined();
  const late = askedAt(0).slice(6);
  const gaps = late.slice(1).map((at, index) => at - (late[index] ?? 0));
  expect(gaps.length).toBeGreaterThan(10);
  expect(Math.min(...gaps)).toBeGreaterThan(7_900);
  expect(Math.max(...gaps)).toBeLessThan(11_100);
  expect(eventsOf("wait").at(-1)?.why).toBe("breaker");
});

test("a refused account stays shut for 15 minutes: calls fail at once, saying what to do", async () => {
  const { call, clock, hosts } = createLoadWorld([{ faults: [{ kind: "authentication" }] }]);
  expect((await call()).error).toMatchObject({ code: "authentication" });
  await clock.advance(700_000);
  const startedAt = clock.now();
  const { error } = await call();
  expect(error).toMatchObject({ code: "circuit_open", retryable: false, provider: "a" });
  expect((error as Error).message).toMatch(/refused the account \(authentication\).*key, balance and permissions/);
  expect(clock.now()).toBe(startedAt);
  expect(hosts[0]?.requests.length).toBe(1);
  hosts[0]?.setFaults([]);
  await clock.advance(200_000);
  expect((await call()).error).toBeUndefined();
});

test("a refused account is no reason to wait: the other provider is asked, and with it fails at once", async () => {
  const { call, clock, hosts } = createLoadWorld([{ faults: [{ kind: "authentication" }] }, {}]);
  await call();
  expect((await call()).report?.attempts.map(({ provider }) => provider)).toEqual(["b"]);
  hosts[1]?.setFaults([{ kind: "insufficient_balance" }]);
  await call();
  const startedAt = clock.now();
  expect((await call()).error).toMatchObject({ code: "circuit_open" });
  expect(clock.now()).toBe(startedAt);
});

test.each(["function", "environment"])("a new key resets it: from the %s", async (from) => {
  let key = "sk-old";
  const setKey = (next: string) => {
    key = next;
    vi.stubEnv("DEEPSEEK_API_KEY", next);
  };
  setKey("sk-old");
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, apiKey: "sk-new" });
  const provider = deepseek(from === "function" ? { apiKey: async () => key } : {});
  const { fetch } = simulator;
  const states: string[] = [];
  const onEvent = (event: ClientEvent) => {
    if (event.type === "breaker") states.push(event.state);
  };
  const client = createResilientClient({ clock, fetch, random: seededRandom(1), providers: [provider], onEvent });
  const call = () =>
    clock.run(
      client.chat.completions.create(PARAMS).then(
        () => "ok",
        ({ code }: { code: string }) => code,
      ),
    );
  expect([await call(), await call()]).toEqual(["authentication", "circuit_open"]);
  expect(simulator.requests.length).toBe(1);
  setKey("sk-new");
  expect([await call(), await call()]).toEqual(["ok", "ok"]);
  expect(modelOf(client).circuit).toBe("closed");
  expect(states).toEqual(["open", "closed"]);
});

test("with `breaker: false` it is asked every time", async () => {
  const faults = [{ kind: "outage" }] as const;
  const { call, hosts, client, eventsOf } = createLoadWorld([{ faults }, {}], { breaker: false });
  for (let count = 0; count < 12; count += 1) await call();
  expect(hosts[0]?.requests.length).toBe(12);
  expect(modelOf(client).circuit).toBe("closed");
  expect(eventsOf("breaker")).toEqual([]);
});
