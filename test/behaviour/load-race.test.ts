import { expect, test } from "vitest";
import { deepseek, deepseekOffPeak, openaiCompatible, quietHours } from "../../src/index.ts";
import { addHost, createWorld, failure, KEY, params } from "../support/busy-world.ts";

const BACKUP = "https://backup.example/v1";
const backup = openaiCompatible({ name: "backup", baseURL: BACKUP, apiKey: KEY, keepAlives: true });
const providers = [deepseek({ apiKey: KEY }), backup];
const FOREVER = { kind: "queue", forMs: Number.POSITIVE_INFINITY } as const;

test("a call that a queue keeps for a minute also asks the next provider; the first to begin is read", async () => {
  const { client, clock, simulator, run } = createWorld({ faults: [FOREVER], client: { providers } });
  const host = addHost(BACKUP, { clock });
  const startedAt = clock.now();
  const { data, report } = await run(client.chat.completions.create(params).withReport());
  expect(host.isWholeAnswer(data.choices[0]?.message.content ?? "")).toBe(true);
  expect(clock.now() - startedAt).toBeLessThan(65_000);
  expect(report.attempts).toMatchObject([
    { provider: "deepseek", kind: "first", outcome: "cancelled", wasted: false },
    { provider: "backup", kind: "hedge", outcome: "succeeded" },
  ]);
  await clock.advance(1_000);
  expect(simulator.requests).toMatchObject([{ outcome: "left" }]);
  expect(clock.pending).toBe(0);
  for (const { inFlight } of client.health().providers) expect(inFlight).toBe(0);
});

test("the place in the queue is kept: when its turn comes first, the other one is closed", async () => {
  const { client, clock, run } = createWorld({ script: [{ kind: "queue", forMs: 70_000 }], client: { providers } });
  const host = addHost(BACKUP, { clock, faults: [FOREVER] });
  const { report } = await run(client.chat.completions.create(params).withReport());
  expect(report.attempts).toMatchObject([
    { provider: "deepseek", outcome: "succeeded" },
    { provider: "backup", kind: "hedge", outcome: "cancelled" },
  ]);
  await clock.advance(1_000);
  expect(host.requests).toMatchObject([{ outcome: "left" }]);
});

test("an abort in the middle of a race comes back unchanged, and closes both", async () => {
  const { client, clock, simulator, run } = createWorld({ faults: [FOREVER], client: { providers } });
  const host = addHost(BACKUP, { clock, faults: [FOREVER] });
  const controller = new AbortController();
  const call = failure(client.chat.completions.create(params, { signal: controller.signal }));
  await clock.advance(65_000);
  controller.abort("enough");
  expect(await run(call)).toBe("enough");
  await clock.advance(1_000);
  expect([simulator.requests[0]?.outcome, host.requests[0]?.outcome]).toEqual(["left", "left"]);
  expect(clock.pending).toBe(0);
});

test("when both fail, the call goes on in rounds; and what the winner breaks off goes on", async () => {
  const { client, clock, run, simulator } = createWorld({
    script: [{ kind: "black_hole" }],
    client: { providers, hedge: { afterMs: 5_000 } },
  });
  const host = addHost(BACKUP, { clock, script: ["busy", { kind: "cut", afterTokens: 40 }] });
  const { data, report } = await run(client.chat.completions.create(params).withReport());
  const text = data.choices[0]?.message.content ?? "";
  expect([simulator, host].some((server) => server.isWholeAnswer(text))).toBe(true);
  expect(report.attempts.slice(0, 2)).toMatchObject([
    { provider: "deepseek", error: { code: "timeout" } },
    { provider: "backup", kind: "hedge", error: { code: "busy" } },
  ]);
  expect(clock.pending).toBe(0);
});

test("the fastest is asked first once it is known, and a function names who is asked", async () => {
  const { client, clock, run } = createWorld({
    timing: { headMs: 3_000, tokenMs: 5 },
    client: { providers, order: "fastest" },
  });
  addHost(BACKUP, { clock, timing: { headMs: 200, tokenMs: 5 } });
  const ask = async () => (await run(client.chat.completions.create(params).withReport())).report.attempts[0]?.provider;
  expect([await ask(), await ask(), await ask(), await ask()]).toEqual(["deepseek", "backup", "backup", "backup"]);
  const named = createWorld({ client: { providers, order: () => ["backup"] } });
  addHost(BACKUP, { clock: named.clock });
  const { report } = await named.run(named.client.chat.completions.create(params).withReport());
  expect(report.attempts).toMatchObject([{ provider: "backup" }]);
});

test("the cheapest is asked first, by the prices of the hour", async () => {
  const priced = openaiCompatible({
    name: "backup",
    baseURL: BACKUP,
    apiKey: KEY,
    price: { promptUsd: 0.2, completionUsd: 0.8 },
  });
  const world = createWorld({ client: { providers: [deepseek({ apiKey: KEY }), priced], order: "cheapest" } });
  addHost(BACKUP, { clock: world.clock });
  const ask = async () =>
    (await world.run(world.client.chat.completions.create(params).withReport())).report.attempts[0]?.provider;
  // The clock begins on a holiday, 2026-01-01; the 5th is a Monday.
  expect(await ask()).toBe("deepseek");
  await world.clock.advance(Date.UTC(2026, 0, 5, 2) - world.clock.now());
  expect(await ask()).toBe("backup");
});

test("a call waits for its hours, says so, and can be aborted meanwhile", async () => {
  const { client, clock, run, events } = createWorld();
  const window = quietHours({ from: "03:00", to: "05:00" });
  const { report } = await run(client.chat.completions.create(params, { startWithin: window }).withReport());
  expect(new Date(report.attempts[0]?.startedAt ?? 0).getUTCHours()).toBe(3);
  expect(events).toContainEqual(expect.objectContaining({ type: "wait", why: "off-peak" }));
  await clock.advance(Date.UTC(2026, 0, 5, 2) - clock.now());
  const controller = new AbortController();
  const options = { startWithin: { window: deepseekOffPeak() }, signal: controller.signal };
  const call = failure(client.chat.completions.create(params, options));
  await clock.advance(60_000);
  controller.abort("enough");
  expect(await run(call)).toBe("enough");
  const soon = { startWithin: { window, maxWaitMs: 1_000 } };
  expect(await run(failure(client.chat.completions.create(params, soon)))).toMatchObject({
    code: "timeout",
    retryAt: expect.any(Number),
  });
});
