// What an adversary found on the way of a call: each of these once ended in a wrong answer to the user, or in none.
import { expect, test } from "vitest";
import { BusyError, createResilientClient, custom, deepseek } from "../../src/index.ts";
import { createSimulator, createVirtualClock } from "../../src/testing/index.ts";
import { createLoadWorld, modelOf, PARAMS } from "../support/load-world.ts";

const one = { initial: 1, max: 1 };

test.each([0, 10_000])(
  "a full provider is not waited for to the end while another one is only away (maxQueue %i)",
  async (maxQueue) => {
    const { ask, call, clock } = createLoadWorld(
      [{ faults: [{ kind: "queue", forMs: 300_000 }] }, { faults: [{ kind: "busy", untilMs: 3_000 }] }],
      { limits: { ...one, maxQueue }, hedge: false },
    );
    const holding = ask({ providers: ["a"], profile: "batch" });
    await clock.advance(10);
    const startedAt = clock.now();
    expect((await call()).report?.attempts.at(-1)).toMatchObject({ provider: "b", outcome: "succeeded" });
    expect(clock.now() - startedAt).toBeLessThan(8_000);
    await clock.run(holding);
  },
);

test("a refusal of the old key, told after the new one has worked, does not shut the provider", async () => {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, apiKey: "sk-new" });
  let key = "sk-old";
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const isOld = new Headers(init?.headers).get("authorization") === "Bearer sk-old";
    if (isOld) await new Promise<void>((resolve) => clock.after(500, resolve));
    return simulator.fetch(input, init);
  };
  const client = createResilientClient({ clock, fetch, random: () => 0, providers: [deepseek({ apiKey: () => key })] });
  const ask = () =>
    client.chat.completions.create(PARAMS).then(
      () => "ok",
      ({ code }: { code: string }) => code,
    );
  const old = ask();
  await clock.advance(100);
  key = "sk-new";
  expect(await clock.run(ask())).toBe("ok");
  expect(await clock.run(old)).toBe("authentication");
  expect(await clock.run(ask())).toBe("ok");
});

const flagged = { status: 403, message: "Your chosen model requires moderation and your input was flagged" };
const costly = {
  status: 402,
  message: "This request requires more credits, or fewer max_tokens. You can only afford 2000.",
};

test.each([
  { ...flagged, code: "content_filter" },
  { ...costly, code: "insufficient_balance" },
])(
  "one request that is refused for itself ($code) does not shut the provider for others",
  async ({ status, message, code }) => {
    const clock = createVirtualClock();
    const simulator = createSimulator({ clock });
    let isRefused = true;
    const fetch: typeof globalThis.fetch = async (input, init) =>
      isRefused ? Response.json({ error: { message } }, { status }) : simulator.fetch(input, init);
    const client = createResilientClient({ clock, fetch, apiKey: "sk-any" });
    const ask = () =>
      clock.run(
        client.chat.completions.create(PARAMS).then(
          () => "ok",
          (error: unknown) => error,
        ),
      );
    expect(await ask()).toMatchObject({ code });
    isRefused = false;
    expect(await ask()).toBe("ok");
  },
);

test("a key function that never answers holds no call beyond its time, its abort or a close", async () => {
  let hangs = false;
  const apiKey = () => (hangs ? new Promise<string>(() => {}) : "sk-wrong");
  const { ask, call, clock, client } = createLoadWorld([{ apiKey, faults: [{ kind: "authentication" }] }]);
  await call();
  hangs = true;
  const startedAt = clock.now();
  expect((await call({ timeouts: { startMs: 1_000 } })).error).toMatchObject({ code: "circuit_open" });
  expect(clock.now() - startedAt).toBe(1_000);
  const abort = new AbortController();
  const aborted = ask({ signal: abort.signal });
  await clock.advance(100);
  abort.abort("enough");
  expect((await clock.run(aborted)).error).toBe("enough");
  const open = ask();
  await clock.run(client.close());
  expect((await open).error).toMatchObject({ code: "client_closed" });
  expect(clock.pending).toBe(0);
});

test("an answer that comes in the moment in which the other lane of a race fails is not lost", async () => {
  for (let gap = -6; gap <= 12; gap += 1) {
    const clock = createVirtualClock();
    let [fail, win] = [(_: unknown) => {}, (_: string) => {}];
    const a = custom({ name: "a", send: () => new Promise<string>((_, reject) => (fail = reject)) });
    const b = custom({ name: "b", send: () => new Promise<string>((resolve) => (win = resolve)) });
    const client = createResilientClient({ clock, retry: false, hedge: { afterMs: 10 }, providers: [a, b] });
    const call = client.chat.completions.create({ ...PARAMS }).then(({ choices }) => choices[0]?.message.content);
    await clock.advance(20);
    const steps = [() => win("hello"), () => fail(new BusyError("a is busy"))];
    for (const [index, step] of (gap < 0 ? steps.toReversed() : steps).entries()) {
      if (index > 0) for (let turn = 0; turn < Math.abs(gap); turn += 1) await undefined;
      step();
    }
    expect(await clock.run(call)).toBe("hello");
  }
});

test("a first provider that sends nothing does not use up the whole time, however short that is", async () => {
  const { call, clock, hosts, client } = createLoadWorld([{ faults: [{ kind: "black_hole" }] }, {}], {
    timeouts: { startMs: 20_000 },
  });
  for (let count = 0; count < 6; count += 1) expect((await call()).error).toBeUndefined();
  expect(modelOf(client).circuit).toBe("open");
  const startedAt = clock.now();
  await call();
  expect(clock.now() - startedAt).toBeLessThan(1_000);
  expect(hosts[0]?.requests.length).toBe(5);
});

test("in a race, the provider without a slot is waited for like any other", async () => {
  const slow = { timing: { headersMs: 40, headMs: 3_000, tokenMs: 5 } };
  const { ask, call, clock } = createLoadWorld(
    [slow, { faults: [{ kind: "black_hole" }], timeouts: { headersMs: 1_500 } }],
    { limits: one, hedge: { afterMs: 500 }, retry: false },
  );
  const holding = ask({ providers: ["a"] });
  await clock.advance(10);
  const { report } = await call();
  expect(report?.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
    ["b", "failed"],
    ["a", "succeeded"],
  ]);
  expect(report?.skipped).toEqual([{ provider: "a", reason: "queue_full" }]);
  await clock.run(holding);
});
