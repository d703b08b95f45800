import { expect, test, vi } from "vitest";
import { createLoadWorld } from "../support/load-world.ts";

const who = (outcome: { report?: { attempts: readonly { provider: string }[] } }) =>
  outcome.report?.attempts.map(({ provider }) => provider);

test("`fastest` finds out about each, then asks the one that begins soonest", async () => {
  const slow = { timing: { headersMs: 40, headMs: 900, tokenMs: 5 } };
  const { call } = createLoadWorld([slow, {}], { order: "fastest" });
  expect([who(await call()), who(await call()), who(await call()), who(await call())]).toEqual([
    ["a"],
    ["b"],
    ["b"],
    ["b"],
  ]);
});

test("`fastest` spreads calls that come together", async () => {
  const { ask, call, clock, hosts } = createLoadWorld([{}, {}], { order: "fastest" });
  await call();
  await call();
  await clock.run(
    (async () => {
      const calls = [];
      for (let count = 0; count < 10; count += 1) {
        calls.push(ask());
        await new Promise((resolve) => clock.after(1, () => resolve(undefined)));
      }
      return Promise.all(calls);
    })(),
  );
  expect(hosts.map(({ requests }) => requests.length)).toEqual([6, 6]);
});

test("`cheapest` asks by price: in DeepSeek's peak hours it costs twice as much", async () => {
  const { call, clock } = createLoadWorld([{ price: { promptUsd: 0.3, completionUsd: 0.6 } }, {}], {
    order: "cheapest",
  });
  const at = (text: string) => clock.advance(Date.parse(text) - clock.now());
  await at("2026-01-06T12:00:00Z");
  const offPeak = who(await call());
  await at("2026-01-07T02:00:00Z");
  const peak = who(await call());
  expect({ offPeak, peak }).toEqual({ offPeak: ["b"], peak: ["a"] });
});

test("a function names who is asked, in which order; who is left out is not asked", async () => {
  const seen: unknown[] = [];
  const order = ({ providers }: { providers: readonly { provider: string }[] }) => {
    seen.push(providers.map(({ provider }) => provider));
    return ["c", "a", "c", "nobody"];
  };
  const { call } = createLoadWorld([{ faults: [{ kind: "busy" }] }, {}, { faults: [{ kind: "busy" }] }], {
    order,
    retry: false,
  });
  const { error } = await call();
  expect(error).toMatchObject({ code: "all_providers_failed", errors: [{ provider: "c" }, { provider: "a" }] });
  expect(seen[0]).toEqual(["a", "b", "c"]);
});

test("a function that throws warns, and they are asked in the client's order", async () => {
  const order = () => {
    throw new Error("mine");
  };
  const { call, eventsOf } = createLoadWorld([{}, {}], { order });
  expect(who(await call())).toEqual(["a"]);
  expect(eventsOf("warning")).toMatchObject([{ code: "order" }]);
});

test.each([{ named: [] }, { named: ["nobody"] }])(
  "a function that names none of them is no missing key: $named",
  async ({ named }) => {
    const order = vi.fn(() => named);
    const { call } = createLoadWorld([{}, {}], { order });
    expect((await call()).error).toMatchObject({ code: "unsupported", message: expect.stringContaining("order") });
  },
);

test("what the call names goes before any order", async () => {
  const { call } = createLoadWorld([{}, {}], { order: () => ["a"] });
  expect(who(await call({ providers: ["b"] }))).toEqual(["b"]);
});

test("`fastest` counts what is under way for calls of one moment, too", async () => {
  const slow = (headMs: number) => ({ timing: { headersMs: 40, headMs, tokenMs: 1 }, answerTokens: 2 });
  const { ask, clock, hosts } = createLoadWorld([slow(900), slow(300), slow(600)], { order: "fastest" });
  for (let host = 0; host < 3; host += 1) await clock.run(ask());
  const before = hosts.map(({ requests }) => requests.length);
  await clock.run(Promise.all(Array.from({ length: 12 }, () => ask())));
  const [a = 0, b = 0, c = 0] = hosts.map(({ requests }, host) => requests.length - (before[host] ?? 0));
  expect([a > 0, c > a, b > c, a + b + c]).toEqual([true, true, true, 12]);
});

test("an order that names nobody fails and says who there is; names nobody has are passed over", async () => {
  const { call } = createLoadWorld([{}, {}], { order: () => ["z"] });
  const { error } = await call();
  expect(error).toMatchObject({ code: "unsupported" });
  expect(String(error)).toMatch("named none of the client's providers (a, b)");
  const some = createLoadWorld([{}, {}], { order: () => ["z", "b"] });
  expect((await some.call()).report?.attempts.map(({ provider }) => provider)).toEqual(["b"]);
});
