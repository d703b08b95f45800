import { expect, test } from "vitest";
import type { ResilientClientError } from "../../src/index.ts";
import { createLoadWorld, PARAMS } from "../support/load-world.ts";
import { expectUsage } from "../support/money-world.ts";

const HOUR = 3_600_000;
/** A cent a token of the prompt: 13 of them are 13 cents, as the simulator counts too. */
const prompts = { promptUsd: 10_000, completionUsd: 0 };
/** A cent a token of the answer. */
const answers = { promptUsd: 0, completionUsd: 10_000 };

test("calls are refused when the window is used up, until enough of it is free again", async () => {
  const { call, clock, askedAt } = createLoadWorld([{ price: prompts }], {
    costWindow: { maxCostUsd: 0.5, windowMs: HOUR },
  });
  const began = clock.now();
  for (let index = 0; index < 3; index += 1) expect((await call()).report?.outcome).toBe("succeeded");
  const spentAt = clock.now();
  const { error } = await call();
  expect(error).toMatchObject({ code: "cost_limit", retryable: false, attempts: [] });
  expect((error as Error).message).toMatch(
    /^a \(deepseek-flash\) was not asked: the prompt \(about \d+ tokens\) would cost about \$0\.1\d+, and of the \$0\.50 of costWindow about \$0\.[34]\d+ are spent or held for calls under way\. Come back at `retryAt`, or raise costWindow\.maxCostUsd\.$/,
  );
  const { retryAt = Number.NaN } = error as ResilientClientError;
  expect(retryAt).toBeGreaterThan(began + HOUR - HOUR / 60);
  expect(retryAt).toBeLessThanOrEqual(spentAt + HOUR + HOUR / 60);
  await clock.advance(retryAt - clock.now() - 1);
  expect((await call()).error).toMatchObject({ code: "cost_limit" });
  await clock.advance(1);
  expect((await call()).report?.outcome).toBe("succeeded");
  expect(askedAt(0).length).toBe(4);
});

test("the window is a day where nothing else is said", async () => {
  const { call, clock } = createLoadWorld([{ price: prompts }], { costWindow: { maxCostUsd: 0.2 } });
  expect((await call()).report?.outcome).toBe("succeeded");
  await clock.advance(23.9 * HOUR);
  expect((await call()).error).toMatchObject({ code: "cost_limit" });
  await clock.advance(0.6 * HOUR);
  expect((await call()).report?.outcome).toBe("succeeded");
});

test("a cheaper provider is asked in place of one the window has no room for", async () => {
  const { call } = createLoadWorld([{ price: { promptUsd: 1e5, completionUsd: 0 } }, { price: prompts }], {
    costWindow: { maxCostUsd: 0.5 },
  });
  const { report } = await call();
  expect(report?.attempts.map(({ provider }) => provider)).toEqual(["b"]);
  expect(report?.skipped).toEqual([{ provider: "a", reason: "cost_limit" }]);
});

test("a prompt that costs more than the whole window is told so, and not to wait", async () => {
  const { call } = createLoadWorld([{ price: prompts }], { costWindow: { maxCostUsd: 0.001 } });
  const { error } = await call();
  expect(error).toMatchObject({ code: "cost_limit" });
  expect(error).not.toHaveProperty("retryAt");
  expect((error as Error).message).toMatch(
    /^a \(deepseek-flash\) was not asked: the prompt \(about \d+ tokens\) would cost about \$0\.1\d+, and of the \$0\.001\d* of costWindow about \$0\.00 are spent or held for calls under way\. Shorten the prompt, or raise costWindow\.maxCostUsd\.$/,
  );
});

test("when the window has no room for anybody, the time is told at which it has for the first of them", async () => {
  const twice = { promptUsd: 20_000, completionUsd: 0 };
  const { call, clock } = createLoadWorld([{ price: prompts }, { price: twice }], {
    costWindow: { maxCostUsd: 0.3, windowMs: HOUR },
  });
  await call();
  await clock.advance(HOUR / 6);
  await call();
  const { error } = await call();
  expect(error).toMatchObject({ code: "cost_limit", attempts: [] });
  const { retryAt = Number.NaN } = error as ResilientClientError;
  // The first answer has left the window by then, and the second one has not.
  expect(retryAt - clock.now()).toBeLessThan(HOUR - HOUR / 12);
  await clock.advance(retryAt - clock.now());
  expect((await call()).report?.outcome).toBe("succeeded");
});

test("copies of a client share its window", async () => {
  const { call, client } = createLoadWorld([{ price: prompts }], { costWindow: { maxCostUsd: 0.2 } });
  expect((await call({}, client.withOptions({ profile: "patient" }))).report?.outcome).toBe("succeeded");
  expect((await call({}, client.withOptions({ priority: "high" }))).error).toMatchObject({ code: "cost_limit" });
});

test("failed tries are what it is for: a server that breaks every answer off cannot cost more than the window", async () => {
  const { ask, clock, client } = createLoadWorld(
    [{ price: answers, answerTokens: 300, faults: [{ kind: "cut", afterTokens: 50 }] }],
    { costWindow: { maxCostUsd: 5, windowMs: 60_000 }, limits: false, hedge: false },
  );
  const outcomes = [];
  for (let index = 0; index < 20; index += 1) outcomes.push((await clock.run(ask())).error);
  expect(outcomes.at(-1)).toMatchObject({ code: "cost_limit" });
  const { useful, wasted } = client.usage().total.costUsd ?? { useful: 0, wasted: 0 };
  expect(wasted).toBeGreaterThan(1);
  expect(useful + wasted).toBeGreaterThan(3);
  // The last answer went while there was room for its prompt.
  expect(useful + wasted).toBeLessThan(5 + 0.8);
});

test("of a thousand calls at once no more are sent than the window holds", async () => {
  const { ask, clock, client, hosts } = createLoadWorld([{ price: prompts, answerTokens: 12 }], {
    costWindow: { maxCostUsd: 13.5, windowMs: HOUR },
    limits: false,
  });
  const results = await clock.run(Promise.all(Array.from({ length: 1_000 }, () => ask())));
  const sent = results.filter(({ report }) => report).length;
  const refused = results.filter(({ error }) => (error as ResilientClientError | undefined)?.code === "cost_limit");
  expect(sent + refused.length).toBe(1_000);
  expect(hosts[0]?.requests.length).toBe(sent);
  expect(sent).toBe(Math.floor(13.5 / 0.13));
  expect(client.usage().total).toMatchObject({ calls: 1_000, attempts: sent });
  expect(client.usage().total.costUsd?.useful).toBeLessThanOrEqual(13.5);
  expectUsage(
    { ...client.usage(), total: { ...client.usage().total, calls: sent } },
    results.flatMap(({ report }) => report ?? []),
  );
});

test.each([
  ["sent at once", false],
  ["that wait for slots, and are looked at when their turn comes", undefined],
] as const)(
  "answers of unknown length are held for, so that prompts that cost nothing do not pass: of a thousand %s",
  async (_, limits) => {
    const costWindow = { maxCostUsd: 100, windowMs: HOUR };
    const { ask, clock, client } = createLoadWorld([{ price: answers, answerTokens: 100 }], { costWindow, limits });
    const results = await clock.run(Promise.all(Array.from({ length: 1_000 }, () => ask())));
    const { useful = 0 } = client.usage().total.costUsd ?? {};
    expect(useful).toBeGreaterThan(20);
    expect(useful).toBeLessThan(105);
    expect(results.filter(({ error }) => error).length).toBeGreaterThan(800);
  },
);

test.each([
  [4.99, 1],
  [5, 2],
])(
  "500 tokens are held for an answer before there was any: of calls at once, $%d let %i through",
  async (max, sent) => {
    const { ask, clock, askedAt } = createLoadWorld([{ price: answers }], { costWindow: { maxCostUsd: max } });
    await clock.run(Promise.all(Array.from({ length: 4 }, () => ask())));
    expect(askedAt(0).length).toBe(sent);
  },
);

test.each(["max_tokens", "max_completion_tokens"])("no more is held for an answer than %s permits", async (limited) => {
  const { client, clock } = createLoadWorld([{ price: answers }], { costWindow: { maxCostUsd: 1 } });
  const ask = () => client.chat.completions.create({ ...PARAMS, thinking: { type: "disabled" }, [limited]: 5 });
  expect(await clock.run(Promise.all([ask(), ask()]))).toHaveLength(2);
});

test("what is held is given back with an abort, a failure, and a call that never became a request", async () => {
  const { ask, call, clock } = createLoadWorld([{ price: prompts, faults: [{ kind: "busy", untilMs: 60_000 }] }], {
    costWindow: { maxCostUsd: 0.2 },
    retry: false,
  });
  for (let index = 0; index < 5; index += 1) {
    expect((await call()).error).toMatchObject({ code: "busy" });
    await clock.advance(5_000);
  }
  await clock.advance(60_000);
  const controller = new AbortController();
  const asked = ask({ signal: controller.signal });
  await clock.advance(100);
  controller.abort("enough");
  expect((await clock.run(asked)).error).toBe("enough");
  expect((await call()).report?.outcome).toBe("succeeded");
});
