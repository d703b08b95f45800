import { expect, test } from "vitest";
import { createLoadWorld, modelOf } from "../support/load-world.ts";

test("20 go at once to begin with, the others wait their turn, and the report says how long", async () => {
  const { ask, clock, client, hosts } = createLoadWorld([{}]);
  const calls = Promise.all(Array.from({ length: 50 }, () => ask()));
  await clock.advance(200);
  expect(hosts[0]?.requests.length).toBe(20);
  expect(modelOf(client)).toMatchObject({ limit: 20, inFlight: 20, waiting: 30 });
  const waits = (await clock.run(calls)).map(({ report }) => report?.attempts[0]?.slotWaitMs ?? 0);
  expect(waits.filter((waitedMs) => waitedMs > 0).length).toBe(30);
  expect(modelOf(client)).toMatchObject({ inFlight: 0, waiting: 0 });
});

test("the limit that the server's 429 names is taken", async () => {
  const { ask, clock, client, hosts, eventsOf } = createLoadWorld([{ capacity: { concurrencyLimit: 25 } }], {
    limits: { initial: 40 },
  });
  const all = await clock.run(Promise.all(Array.from({ length: 40 }, () => ask())));
  expect(all.filter(({ error }) => error)).toEqual([]);
  expect(eventsOf("limit")[0]).toMatchObject({ provider: "a", limit: 25 });
  expect(modelOf(client)).toMatchObject({ limit: 25, inFlight: 0, waiting: 0 });
  const before = hosts[0]?.requests.length;
  await clock.run(Promise.all(Array.from({ length: 40 }, () => ask())));
  expect(hosts[0]?.requests.slice(before).filter(({ status }) => status === 429)).toEqual([]);
});

test("calls that wait for a slot go by priority, then by age, and say why they wait", async () => {
  const { ask, clock, eventsOf } = createLoadWorld([{}], { limits: { initial: 1, max: 1 } });
  const order: string[] = [];
  const start = (name: string, priority: "low" | "normal" | "high") => ask({ priority }).then(() => order.push(name));
  const calls = [start("running", "low"), start("low", "low"), start("one", "normal"), start("two", "normal")];
  await clock.run(Promise.all([...calls, start("high", "high")]));
  expect(order).toEqual(["running", "high", "one", "two", "low"]);
  expect(eventsOf("wait").map(({ why }) => why)).toEqual(["slot", "slot", "slot", "slot"]);
});

test("one more than may wait fails with queue_full at once", async () => {
  const { ask, clock, hosts } = createLoadWorld([{}], { limits: { initial: 1, max: 1, maxQueue: 1 } });
  const all = await clock.run(Promise.all([ask(), ask(), ask()]));
  expect(all.map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([
    undefined,
    undefined,
    "queue_full",
  ]);
  expect(hosts[0]?.requests.length).toBe(2);
});

test("a queue of over a second spills over to the next provider", async () => {
  const slow = { timing: { headersMs: 40, headMs: 3_000, tokenMs: 5 } };
  const { ask, clock, askedAt } = createLoadWorld([slow, {}], { limits: { initial: 2, max: 2 } });
  const all = await clock.run(Promise.all(Array.from({ length: 4 }, () => ask())));
  expect(all.map(({ report }) => report?.attempts.at(-1)?.provider)).toEqual(["a", "a", "b", "b"]);
  expect(Math.max(...askedAt(1))).toBeLessThanOrEqual(1_000);
  expect(all[2]?.report?.skipped).toEqual([{ provider: "a", reason: "queue_full" }]);
});

test("where all are full, the one that is free first is waited for", async () => {
  const { ask, clock } = createLoadWorld([{ answerTokens: 600 }, {}], { limits: { initial: 1, max: 1 } });
  const all = await clock.run(Promise.all(Array.from({ length: 6 }, () => ask())));
  expect(all.filter(({ error }) => error)).toEqual([]);
});

test("an answer that broke off goes on before calls that have not begun, the high ones included", async () => {
  const cut = { kind: "cut", afterTokens: 20 } as const;
  const { ask, clock, client, hosts } = createLoadWorld([{ script: [cut] }], { limits: { initial: 1, max: 1 } });
  const done: string[] = [];
  const broken = client.chat.completions.stream({
    model: "deepseek-flash",
    messages: [{ role: "user", content: "Say much." }],
  });
  const first = broken.finalChatCompletion().then(() => done.push("broken"));
  await clock.advance(100);
  const others = [ask({ priority: "high" }), ask({ priority: "high" })].map((call) =>
    call.then(() => done.push("other")),
  );
  await clock.run(Promise.all([first, ...others]));
  // The slot of the broken one had gone to the first of them already.
  expect(done).toEqual(["other", "broken", "other"]);
  expect(hosts[0]?.requests.length).toBe(4);
});

test("with `limits: false` as many go at once as are asked, and they are counted all the same", async () => {
  const { ask, clock, client, hosts } = createLoadWorld([{}], { limits: false });
  const calls = Promise.all(Array.from({ length: 60 }, () => ask()));
  await clock.advance(100);
  expect(hosts[0]?.requests.length).toBe(60);
  expect(modelOf(client)).toMatchObject({ inFlight: 60 });
  expect(modelOf(client)).not.toHaveProperty("limit");
  await clock.run(calls);
  expect(modelOf(client).inFlight).toBe(0);
});
