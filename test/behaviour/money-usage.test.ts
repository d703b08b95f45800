import { expect, test } from "vitest";
import { createLoadWorld, PARAMS } from "../support/load-world.ts";
import { expectUsage } from "../support/money-world.ts";

const silent = { ...PARAMS, thinking: { type: "disabled" } } as const;

test("a client that did nothing has used nothing", () => {
  const { client, clock } = createLoadWorld([{}]);
  const none = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
  expect(client.usage()).toEqual({
    since: clock.now(),
    total: { calls: 0, attempts: 0, tokens: none },
    models: [],
  });
});

test("usage is the sum of the reports, over providers, models and copies of the client", async () => {
  const { call, client, clock } = createLoadWorld([{ script: ["busy", "ok", "empty"] }, { price: () => undefined }]);
  const reports = [];
  for (const options of [{}, {}, {}, { providers: ["b"] }]) reports.push((await call(options)).report);
  const copy = client.withOptions({ profile: "patient" });
  const params = { ...PARAMS, model: "deepseek-v4-pro" } as const;
  reports.push((await clock.run(copy.chat.completions.create(params).withReport())).report);
  expectUsage(
    client.usage(),
    reports.flatMap((report) => report ?? []),
  );
  expect(copy.usage()).toEqual(client.usage());
  expect(client.usage().models.map(({ provider, model }) => [provider, model])).toEqual([
    ["a", "deepseek-flash"],
    ["b", "deepseek-flash"],
    ["a", "deepseek-v4-pro"],
  ]);
});

test("a call under way is in it when it is over, and then once", async () => {
  const { client, clock } = createLoadWorld([{}]);
  const stream = client.chat.completions.stream(silent);
  const read = stream.finalChatCompletion();
  await clock.advance(500);
  expect(client.usage().total).toMatchObject({ calls: 0, attempts: 0 });
  await clock.run(read);
  expectUsage(client.usage(), [stream.report]);
  stream.abort();
  await clock.advance(10_000);
  expectUsage(client.usage(), [stream.report]);
});

test.each(["abort", "leave", "close", "signal"])(
  "a stream that nobody reads to its end is counted: %s",
  async (how) => {
    const { client, clock } = createLoadWorld([{ answerTokens: 200 }]);
    const controller = new AbortController();
    const stream = client.chat.completions.stream(silent, { signal: controller.signal });
    const iterator = stream[Symbol.asyncIterator]();
    await clock.run(iterator.next());
    if (how === "abort") stream.abort();
    if (how === "leave") await clock.run(Promise.resolve(iterator.return?.()));
    if (how === "signal") controller.abort();
    if (how === "close") await clock.run(client.close());
    await clock.advance(1_000);
    expect(client.usage().total.calls).toBe(1);
    expect(client.usage().total.costUsd).toMatchObject({ useful: 0, estimated: true });
    expect(client.usage().total.costUsd?.wasted).toBeGreaterThan(0);
    expectUsage(client.usage(), [stream.report]);
  },
);

test("a lane that lost its race is counted once, with its call", async () => {
  const { call, client, clock } = createLoadWorld([{ faults: [{ kind: "queue", forMs: 600_000 }] }, {}]);
  const { report } = await call();
  await clock.advance(700_000);
  expect(client.usage().total.attempts).toBe(2);
  expectUsage(client.usage(), report ? [report] : []);
});

test("what is wrong with an answer only at its end makes it waste, in the totals too", async () => {
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }] as const;
  const { client, clock } = createLoadWorld([{ script: [{ kind: "malformed", what: "tool_call" }] }]);
  const { report } = await clock.run(client.chat.completions.create({ ...silent, tools }).withReport());
  expect(report.costUsd?.wasted).toBeGreaterThan(0);
  expectUsage(client.usage(), [report]);
});

test("a call that was refused before anybody was asked is a call without attempts", async () => {
  const { call, client } = createLoadWorld([{}], { maxCostUsd: 1e-12 });
  expect((await call()).error).toMatchObject({ code: "cost_limit" });
  expect(client.usage().total).toMatchObject({ calls: 1, attempts: 0 });
});
