import { expect, test } from "vitest";
import { CostLimitError, createResilientClient, deepseek, type ResilientClientError } from "../../src/index.ts";
import { createVirtualClock } from "../../src/testing/index.ts";
import { createLoadWorld, modelOf, PARAMS } from "../support/load-world.ts";
import { fetchWithUsage } from "../support/money-world.ts";

const silent = { ...PARAMS, thinking: { type: "disabled" } } as const;
/** A cent a token of the answer. */
const answers = { promptUsd: 0, completionUsd: 10_000 };
/** A cent a token of the prompt. */
const prompts = { promptUsd: 10_000, completionUsd: 0 };
const dear = { promptUsd: 1e6, completionUsd: 0 };
const cheap = { promptUsd: 1, completionUsd: 1 };

test("a prompt that cannot fit is not sent, and the error says what it would cost and what to do", async () => {
  const { call, hosts, client, clock } = createLoadWorld([{ price: prompts }]);
  const { error } = await call({ maxCostUsd: 0.05 });
  expect(CostLimitError.isInstance(error)).toBe(true);
  expect(error).toMatchObject({ code: "cost_limit", retryable: false, provider: "a", model: "deepseek-flash" });
  // 17 characters are 6 tokens, and 7 stand around them.
  expect((error as Error).message).toBe(
    "a (deepseek-flash) was not asked: the prompt (about 13 tokens) would cost about $0.13, and maxCostUsd is $0.05. Raise maxCostUsd, shorten the prompt (`context`), or use a cheaper model.",
  );
  expect((error as ResilientClientError).attempts).toEqual([]);
  expect(hosts[0]?.requests).toEqual([]);
  expect(client.health().providers[0]).toMatchObject({ inFlight: 0, failed: 0 });
  expect(clock.pending).toBe(0);
});

test("a cheaper provider is asked in place of one that is too dear", async () => {
  const { call, hosts } = createLoadWorld([{ price: dear }, { price: cheap }]);
  const { report } = await call({ maxCostUsd: 1 });
  expect(report?.attempts.map(({ provider }) => provider)).toEqual(["b"]);
  expect(report?.skipped).toEqual([{ provider: "a", reason: "cost_limit" }]);
  expect(hosts[0]?.requests).toEqual([]);
});

test("when all are too dear the call fails at once, and nobody is asked", async () => {
  const { call, hosts, clock } = createLoadWorld([{ price: dear }, { price: prompts }, { price: dear }]);
  const began = clock.now();
  const { error } = await call({ maxCostUsd: 0.01 });
  expect(error).toMatchObject({ code: "cost_limit", provider: "c" });
  expect(clock.now() - began).toBeLessThan(50);
  expect(hosts.flatMap(({ requests }) => requests)).toEqual([]);
});

test("a provider that is too dear is not asked either when the cheap one is busy for a while", async () => {
  const { call, hosts } = createLoadWorld([{ price: dear }, { price: cheap, script: ["busy", "busy"] }]);
  const { report } = await call({ maxCostUsd: 1 });
  expect(report?.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
    ["b", "failed"],
    ["b", "failed"],
    ["b", "succeeded"],
  ]);
  expect(hosts[0]?.requests).toEqual([]);
});

test("when the cheap one fails for good, its failure is told and the dear one was still not asked", async () => {
  const { call, hosts } = createLoadWorld([{ price: dear }, { price: cheap, faults: [{ kind: "authentication" }] }]);
  const { error } = await call({ maxCostUsd: 1 });
  expect(error).toMatchObject({ code: "authentication", provider: "b" });
  expect(hosts[0]?.requests).toEqual([]);
});

test("the same where the cheap one comes first", async () => {
  const { call, hosts } = createLoadWorld([{ price: cheap, faults: [{ kind: "authentication" }] }, { price: dear }]);
  const { error } = await call({ maxCostUsd: 1 });
  expect(error).toMatchObject({ code: "authentication", provider: "a" });
  expect(hosts[1]?.requests).toEqual([]);
});

test.each(["text", "whole"])(
  "an answer is ended with the chunk that passes the limit, and keeps what came: %s",
  async (how) => {
    const { client, clock, hosts, askedAt } = createLoadWorld([
      { price: answers, answerTokens: 300 },
      { price: answers },
    ]);
    let text = "";
    const stream = client.chat.completions.stream(silent, { maxCostUsd: 0.5 });
    const read = async () => {
      if (how === "whole") await stream.finalChatCompletion();
      else for await (const piece of stream.textStream()) text += piece;
    };
    const error = await clock.run(
      read().then(
        () => undefined,
        (failure: unknown) => failure as ResilientClientError,
      ),
    );
    expect(error).toMatchObject({ code: "cost_limit", provider: "a", retryable: false });
    const partial = error?.partial?.content ?? "";
    if (how === "text") expect(partial).toBe(text);
    expect(hosts[0]?.requests[0]?.answer?.content.startsWith(partial)).toBe(true);
    const [attempt] = stream.report.attempts;
    expect(attempt).toMatchObject({ outcome: "interrupted", wasted: true, estimated: true });
    // With that chunk it is over the limit, and before it was not: a chunk is at most six letters and a space.
    expect(attempt?.costUsd).toBeGreaterThan(0.5);
    expect(attempt?.costUsd).toBeLessThanOrEqual(0.53);
    expect(partial.length * 0.3).toBeGreaterThan(40);
    expect(error?.message).toMatch(
      /^a \(deepseek-flash\) was stopped after about 5[123] tokens: the call has cost about \$0\.5[123]0?, and maxCostUsd is \$0\.50\. What arrived is in error\.partial\. /,
    );
    // Nobody goes on with it.
    expect([askedAt(0).length, askedAt(1).length]).toEqual([1, 0]);
    await clock.advance(1_000);
    expect(hosts[0]?.requests[0]?.outcome).toBe("left");
    expect(client.health().providers[0]).toMatchObject({ inFlight: 0, failed: 0 });
    expect(modelOf(client)).toMatchObject({ circuit: "closed", inFlight: 0 });
    expect(clock.pending).toBe(0);
  },
);

test("the limit is of the call: what broken parts cost counts", async () => {
  const { client, clock, askedAt } = createLoadWorld([
    { price: answers, answerTokens: 300, faults: [{ kind: "cut", afterTokens: 30 }] },
  ]);
  const stream = client.chat.completions.stream(silent, { maxCostUsd: 1 });
  let text = "";
  const read = async () => {
    for await (const piece of stream.textStream()) text += piece;
  };
  const error = await clock.run(
    read().then(
      () => undefined,
      (failure: unknown) => failure as ResilientClientError,
    ),
  );
  expect(error).toMatchObject({ code: "cost_limit" });
  expect(error?.partial?.content).toBe(text);
  const { attempts, costUsd } = stream.report;
  expect(attempts.length).toBe(askedAt(0).length);
  expect(attempts.length).toBeGreaterThan(2);
  expect((costUsd?.useful ?? 0) + (costUsd?.wasted ?? 0)).toBeGreaterThan(1);
  expect((costUsd?.useful ?? 0) + (costUsd?.wasted ?? 0)).toBeLessThanOrEqual(1.03);
});

test("a continuation whose prompt no longer fits is not sent, and the error keeps what had come", async () => {
  const messages = [{ role: "user", content: "Tell me of queues. ".repeat(30) }] as const;
  const { client, clock, askedAt } = createLoadWorld([
    { price: { promptUsd: 1_000, completionUsd: 0 }, script: [{ kind: "cut", afterTokens: 30 }] },
  ]);
  const stream = client.chat.completions.stream({ ...silent, messages }, { maxCostUsd: 0.25 });
  let text = "";
  const read = async () => {
    for await (const piece of stream.textStream()) text += piece;
  };
  const error = await clock.run(
    read().then(
      () => undefined,
      (failure: unknown) => failure as ResilientClientError,
    ),
  );
  expect(error).toMatchObject({ code: "cost_limit" });
  expect(error?.message).toMatch(/after about \$0\.1[78]\d? for the attempts before, and maxCostUsd is \$0\.25/);
  expect(error?.partial?.content).toBe(text);
  expect(text.length).toBeGreaterThan(20);
  expect(askedAt(0).length).toBe(1);
});

test("both lanes of a race count", async () => {
  const { call, askedAt } = createLoadWorld(
    [{ price: prompts, faults: [{ kind: "queue", forMs: 100_000 }] }, { price: prompts }],
    { maxCostUsd: 0.2 },
  );
  const { report } = await call();
  expect(report?.skipped).toEqual([{ provider: "b", reason: "cost_limit" }]);
  expect(report?.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([["a", "succeeded"]]);
  expect(askedAt(1)).toEqual([]);
});

test("a complete answer is given, whatever it cost, and the report tells", async () => {
  const { call } = createLoadWorld([{ price: answers, answerTokens: 100 }]);
  const { data, report } = await call({ maxCostUsd: 0.01, wire: "json" });
  expect(data?.choices[0]?.message.content).toMatch(/that is all\.$/);
  expect(report?.outcome).toBe("succeeded");
  expect(report?.costUsd?.useful).toBeGreaterThan(0.5);
});

test("a provider without a price is asked without a limit, and a warning says so once a call", async () => {
  const { call, eventsOf } = createLoadWorld([{ price: () => undefined, script: ["busy"] }], { maxCostUsd: 1e-9 });
  const unknown = createLoadWorld([{ models: ["unheard-of"], script: ["busy"] }], { maxCostUsd: 1e-9 });
  const { clock, client } = unknown;
  const { report } = await clock.run(client.chat.completions.create({ ...PARAMS, model: "unheard-of" }).withReport());
  expect(report.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "succeeded"]);
  expect(report).not.toHaveProperty("costUsd");
  expect(unknown.eventsOf("warning").map(({ code, message }) => [code, message])).toEqual([
    ["price_unknown", "What a (unheard-of) costs is not known, so no limit holds there: give it a price."],
  ]);
  // Where the function knows nothing, the table does.
  expect((await call()).error).toMatchObject({ code: "cost_limit" });
  expect(eventsOf("warning")).toEqual([]);
});

test("a later layer wins: Infinity lifts the client's limit, and a copy may have its own", async () => {
  const { call, client } = createLoadWorld([{ price: prompts }], { maxCostUsd: 0.05 });
  expect((await call()).error).toMatchObject({ code: "cost_limit" });
  expect((await call({ maxCostUsd: Number.POSITIVE_INFINITY })).report?.outcome).toBe("succeeded");
  expect((await call({}, client.withOptions({ maxCostUsd: 5 }))).report?.outcome).toBe("succeeded");
});

test("an abort in the middle of a limited call comes back unchanged, and leaves nothing open", async () => {
  const { ask, clock, client } = createLoadWorld([{ price: answers, answerTokens: 300 }], { maxCostUsd: 1_000 });
  const controller = new AbortController();
  const asked = ask({ signal: controller.signal });
  await clock.advance(600);
  controller.abort("enough");
  expect((await clock.run(asked)).error).toBe("enough");
  await clock.advance(1_000);
  expect(client.usage().total.costUsd?.wasted).toBeGreaterThan(0);
  expect(clock.pending).toBe(0);
});

test("the estimate of prompts learns from what servers count", async () => {
  const messages = [{ role: "user", content: "word ".repeat(1_000) }] as const;
  // Estimated at 1,507 tokens.
  const fetch = fetchWithUsage({ prompt_tokens: 3_014, completion_tokens: 1, total_tokens: 3_015 });
  const clock = createVirtualClock();
  const providers = [deepseek({ apiKey: "k", price: prompts })];
  const client = createResilientClient({ providers, fetch, clock, wire: "json", maxCostUsd: 20 });
  const ask = () => clock.run(client.chat.completions.create({ ...silent, messages }));
  await ask();
  await expect(ask()).rejects.toThrow("the prompt (about 3014 tokens) would cost about $30.14");
});

test("in a race that nobody can afford, the price is told, and not that nobody was free", async () => {
  const hosts = [{ price: dear }, { price: dear }, { price: dear }];
  const { call, clock } = createLoadWorld(hosts, { hedge: { afterMs: 1 } });
  const began = clock.now();
  const { error } = await call({ maxCostUsd: 0.01 });
  expect(error).toMatchObject({ code: "cost_limit", attempts: [] });
  expect(clock.now() - began).toBeLessThan(50);
});
