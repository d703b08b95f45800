import { expect, test } from "vitest";
import { createLoadWorld, modelOf, PARAMS } from "../support/load-world.ts";

const queue = (forMs = 600_000) => ({ kind: "queue", forMs }) as const;

test("a call in the queue of the first provider for 60 s asks the second one too: who begins first is read, the other closed", async () => {
  const { call, clock, hosts, client, askedAt } = createLoadWorld([{ faults: [queue()] }, {}]);
  const { report } = await call();
  expect(askedAt(1)).toEqual([60_000]);
  expect(report?.attempts.map(({ provider, kind, outcome }) => [provider, kind, outcome])).toEqual([
    ["a", "first", "cancelled"],
    ["b", "hedge", "succeeded"],
  ]);
  await clock.advance(1_000);
  expect(hosts[0]?.requests[0]?.outcome).toBe("left");
  expect(client.health().providers.map(({ inFlight, failed }) => [inFlight, failed])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(modelOf(client)).toMatchObject({ inFlight: 0, circuit: "closed" });
  expect(clock.pending).toBe(0);
});

test("the first one wins when its turn in the queue comes first, and the second one is closed", async () => {
  const { call, clock, hosts } = createLoadWorld([{ faults: [queue(70_000)] }, { faults: [queue()] }]);
  const { report } = await call();
  expect(report?.attempts.map(({ provider, kind, outcome }) => [provider, kind, outcome])).toEqual([
    ["a", "first", "succeeded"],
    ["b", "hedge", "cancelled"],
  ]);
  await clock.advance(1_000);
  expect(hosts[1]?.requests[0]?.outcome).toBe("left");
  expect(clock.pending).toBe(0);
});

test.each(["enough", new Error("mine"), undefined, null, 7])(
  "an abort during the race comes back unchanged: %s",
  async (reason) => {
    const { ask, clock, hosts, client } = createLoadWorld([{ faults: [queue()] }, { faults: [queue()] }]);
    const abort = new AbortController();
    const asked = ask({ signal: abort.signal });
    await clock.advance(70_000);
    expect(hosts[1]?.requests.length).toBe(1);
    abort.abort(reason);
    expect((await clock.run(asked)).error).toBe(abort.signal.reason);
    await clock.advance(1_000);
    expect(hosts.map(({ requests }) => requests[0]?.outcome)).toEqual(["left", "left"]);
    expect(client.health().providers.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
    expect(clock.pending).toBe(0);
  },
);

test("when both fail the call fails with both", async () => {
  const { call, clock } = createLoadWorld(
    [{ faults: [queue(70_000)], timeouts: { queueMs: 65_000 } }, { faults: [{ kind: "busy" }] }],
    { retry: false },
  );
  const { error } = await call();
  expect(error).toMatchObject({ code: "all_providers_failed", errors: [{ provider: "b" }, { provider: "a" }] });
  expect(clock.pending).toBe(0);
});

test("an answer that is refused in the race does not end it while the first one still waits", async () => {
  const { call, clock } = createLoadWorld([{ faults: [queue(70_000)] }, { faults: [{ kind: "invalid_request" }] }]);
  const { error, report } = await call();
  expect(error).toBeUndefined();
  expect(report?.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
    ["a", "succeeded"],
    ["b", "failed"],
  ]);
  expect(clock.pending).toBe(0);
});

test("the winner is cut later: its answer goes on", async () => {
  const { client, clock, hosts } = createLoadWorld([
    { faults: [queue()] },
    { script: [{ kind: "cut", afterTokens: 20 }], faults: [] },
  ]);
  const stream = client.chat.completions.stream(PARAMS);
  const { choices } = await clock.run(stream.finalChatCompletion());
  expect(hosts[1]?.isWholeAnswer(choices[0]?.message.content ?? "")).toBe(true);
  expect(stream.report.attempts.map(({ provider, kind }) => [provider, kind]).slice(0, 2)).toEqual([
    ["a", "first"],
    ["b", "hedge"],
  ]);
  expect(stream.report.attempts.length).toBeGreaterThan(2);
  await clock.advance(1_000);
  expect(client.health().providers.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
});

test("`afterMs` asks the second one that early; `false` never does", async () => {
  const early = createLoadWorld([{ faults: [queue(2_000)] }, {}], { hedge: { afterMs: 500 } });
  await early.call();
  expect(early.askedAt(1)).toEqual([500]);
  const never = createLoadWorld([{ faults: [queue(90_000)] }, {}], { hedge: false });
  await never.call();
  expect(never.askedAt(1)).toEqual([]);
});

test("`p95` asks the second one when the first takes longer than nearly always", async () => {
  const { call, hosts, askedAt, clock } = createLoadWorld([{}, {}], { hedge: { afterMs: "p95" } });
  const startedAt = clock.now();
  for (let count = 0; count < 20; count += 1) await call();
  expect(askedAt(1)).toEqual([]);
  hosts[0]?.setFaults([queue(5_000)]);
  const before = clock.now() - startedAt;
  const { report } = await call();
  expect(report?.attempts.map(({ kind }) => kind)).toEqual(["first", "hedge"]);
  const after = (askedAt(1)[0] ?? 0) - before;
  expect(after).toBeGreaterThan(200);
  expect(after).toBeLessThan(500);
});
