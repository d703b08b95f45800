import { expect, test } from "vitest";
import { createResilientClient, deepseek, openaiCompatible, openrouter } from "../../src/index.ts";
import { createVirtualClock } from "../../src/testing/index.ts";
import { createLoadWorld, PARAMS } from "../support/load-world.ts";
import { fetchWithUsage } from "../support/money-world.ts";
import { observe } from "../support/observe-call.ts";

const silent = { ...PARAMS, thinking: { type: "disabled" } } as const;
const usage = { prompt_tokens: 1_000, completion_tokens: 50, total_tokens: 1_050 };
const cents = { promptUsd: 10_000, completionUsd: 20_000 };

async function reportOf(fields: object, provider = deepseek({ apiKey: "k" }), startAt?: number) {
  const clock = createVirtualClock(startAt);
  const fetch = fetchWithUsage({ ...usage, ...fields });
  const client = createResilientClient({ providers: [provider], fetch, clock, wire: "json" });
  const { report } = await clock.run(client.chat.completions.create(PARAMS).withReport());
  return report;
}

test("an answer costs what its tokens do: those the cache knew, the others, and the generated ones", async () => {
  const report = await reportOf({ prompt_cache_hit_tokens: 400, prompt_cache_miss_tokens: 600 });
  // 600 * 0.15 + 400 * 0.003 + 50 * 0.6, for a million.
  expect(report.attempts[0]).toMatchObject({ costUsd: 0.000_121_2, estimated: false, wasted: false });
  expect(report.costUsd).toEqual({ useful: 0.000_121_2, wasted: 0, estimated: false });
});

test("thinking is part of what was generated, and not paid twice", async () => {
  const report = await reportOf({ completion_tokens_details: { reasoning_tokens: 49 } });
  expect(report.costUsd?.useful).toBe(0.000_18);
});

test.each([
  ["2026-11-26T00:59:59.000Z", 0.000_18],
  ["2026-11-26T01:00:00.000Z", 0.000_36],
  ["2026-11-26T03:59:59.999Z", 0.000_36],
  ["2026-11-26T04:00:00.000Z", 0.000_18],
  ["2026-11-28T02:00:00.000Z", 0.000_18],
])("a request that starts at %s costs %f", async (at, costUsd) => {
  expect((await reportOf({}, undefined, Date.parse(at))).costUsd?.useful).toBe(costUsd);
});

test("an answer that begins before the peak and ends in it has the price of its beginning", async () => {
  const at = Date.parse("2026-11-26T00:59:59.500Z");
  const clock = createVirtualClock(at);
  const asked = fetchWithUsage(usage);
  const fetch: typeof globalThis.fetch = async (input) => {
    await new Promise<void>((resolve) => clock.after(2_000, resolve));
    return asked(input);
  };
  const client = createResilientClient({ apiKey: "k", fetch, clock, wire: "json" });
  const { report } = await clock.run(client.chat.completions.create(PARAMS).withReport());
  expect(report.attempts[0]).toMatchObject({ startedAt: at, endedMs: 2_000, costUsd: 0.000_18 });
});

test.each([
  [{ prompt_cache_hit_tokens: 1e9 }, 0.000_033],
  [{ prompt_cache_hit_tokens: -5 }, 0.000_18],
  [{ prompt_tokens: -1_000 }, 0.000_03],
  [{ prompt_tokens: Number.MAX_VALUE }, 0.000_03],
  [{ completion_tokens: 1e308, prompt_cache_hit_tokens: "all" }, 0.000_15],
  [{ cost: 500 }, 0.000_18],
])("what DeepSeek cannot have counted is not paid: %j", async (fields, costUsd) => {
  expect((await reportOf(fields)).costUsd).toEqual({ useful: costUsd, wasted: 0, estimated: false });
});

test("OpenRouter says itself what an answer cost, and a price that was given wins over it", async () => {
  const told = await reportOf({ cost: 0.0123 }, openrouter({ apiKey: "k" }));
  expect(told.costUsd).toEqual({ useful: 0.0123, wasted: 0, estimated: false });
  const given = await reportOf({ cost: 0.0123 }, openrouter({ apiKey: "k", price: cents }));
  expect(given.costUsd?.useful).toBe(11);
  const nonsense = await reportOf({ cost: -3 }, openrouter({ apiKey: "k" }));
  expect(nonsense.costUsd).toBeUndefined();
});

test("where no price is known there is no cost, and no sum", async () => {
  const report = await reportOf({ cost: 0.5 }, openaiCompatible({ name: "lab", baseURL: "https://lab.example/v1" }));
  expect(report.attempts[0]).not.toHaveProperty("costUsd");
  expect(report).not.toHaveProperty("costUsd");
});

test("a price may be a function of the host's own model name and the time", async () => {
  const asked: unknown[] = [];
  const price = (model: string, now: number) => {
    asked.push([model, now]);
    return cents;
  };
  const models = { "deepseek-flash": "their-flash" };
  const provider = openaiCompatible({ name: "lab", baseURL: "https://lab.example/v1", models, price });
  const report = await reportOf({}, provider, 1_000_000);
  expect(report.costUsd?.useful).toBe(11);
  expect(asked).toEqual([["their-flash", 1_000_000]]);
});

test("a failed attempt costs nothing where nothing came, and the one that answered is useful", async () => {
  const { call } = createLoadWorld([{ script: ["busy"] }]);
  const { report } = await call();
  expect(report?.attempts.map(({ costUsd, wasted }) => [costUsd !== undefined, wasted])).toEqual([
    [false, false],
    [true, false],
  ]);
  expect(report?.costUsd).toMatchObject({ wasted: 0, estimated: false });
});

test("failover is priced by each host's own prices", async () => {
  const { call } = createLoadWorld([
    { script: [{ kind: "cut", afterTokens: 20 }], faults: [{ kind: "busy" }], price: cents },
    { price: { promptUsd: 1, completionUsd: 1 } },
  ]);
  const { report } = await call({ resume: { maxResumes: 1 }, retry: false });
  const [broken, whole] = report?.attempts ?? [];
  const [one, two] = [broken?.tokens, whole?.tokens];
  expect(broken?.costUsd).toBeCloseTo(((one?.promptTokens ?? 0) + 2 * (one?.completionTokens ?? 0)) / 100, 12);
  expect(whole?.costUsd).toBeCloseTo(((two?.promptTokens ?? 0) + (two?.completionTokens ?? 0)) / 1e6, 12);
});

test("an answer that goes on elsewhere is useful in both parts", async () => {
  const world = createLoadWorld([
    { script: [{ kind: "cut", afterTokens: 20 }], faults: [{ kind: "outage" }] },
    { price: cents },
  ]);
  const { report, text } = await observe(world, "text", { params: silent });
  const [first, second] = report.attempts;
  expect(report.seams).toMatchObject([{ from: "a", to: "b", how: "prefix" }]);
  expect([first?.wasted, first?.estimated, second?.wasted]).toEqual([false, true, false]);
  expect(report.costUsd).toEqual({
    useful: expect.closeTo((first?.costUsd ?? 0) + (second?.costUsd ?? 0), 12),
    wasted: 0,
    estimated: true,
  });
  expect(text).toMatch(/that is all\.$/);
});

test("a new start wastes what came before it", async () => {
  const { client, clock } = createLoadWorld([
    { script: [{ kind: "cut", afterTokens: 20 }], faults: [{ kind: "outage" }] },
    { price: cents },
  ]);
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }] as const;
  // With tools nobody goes on by promise, and a whole answer may start again.
  const { report } = await clock.run(client.chat.completions.create({ ...silent, tools }).withReport());
  const [first, second] = report.attempts;
  expect([first?.wasted, second?.wasted]).toEqual([true, false]);
  expect(report.costUsd).toEqual({ useful: second?.costUsd, wasted: first?.costUsd, estimated: true });
  expect(first?.costUsd).toBeGreaterThan(0);
});

test("a stream that was left is paid by an estimate near what it would have cost", async () => {
  const { client, clock, hosts } = createLoadWorld([{ answerTokens: 200 }]);
  const messages = [{ role: "user", content: "Tell me of queues. ".repeat(100) }] as const;
  const stream = client.chat.completions.stream({ ...silent, messages });
  await clock.run(
    (async () => {
      let pieces = 0;
      for await (const _ of stream) {
        pieces += 1;
        if (pieces > 100) break;
      }
    })(),
  );
  await clock.advance(1_000);
  const [attempt] = stream.report.attempts;
  const made = hosts[0]?.stats.tokensMade ?? 0;
  expect(attempt).toMatchObject({ outcome: "cancelled", estimated: true, wasted: true });
  expect(attempt?.tokens?.promptTokens).toBeGreaterThan(500);
  expect(Math.abs((attempt?.tokens?.completionTokens ?? 0) - made)).toBeLessThan(made / 4);
  expect(attempt?.costUsd).toBeCloseTo(
    ((attempt?.tokens?.promptTokens ?? 0) * 0.15 + (attempt?.tokens?.completionTokens ?? 0) * 0.6) / 1e6,
    12,
  );
  expect(stream.report.costUsd).toEqual({ useful: 0, wasted: attempt?.costUsd, estimated: true });
});

test("tools are part of the prompt that is estimated", async () => {
  const { client, clock } = createLoadWorld([{ answerTokens: 200 }]);
  const parameters = { type: "object", properties: { q: { type: "string", description: "What? ".repeat(500) } } };
  const tools = [{ type: "function", function: { name: "search", parameters } }] as const;
  const stream = client.chat.completions.stream({ ...silent, tools });
  await clock.run(
    (async () => {
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    })(),
  );
  expect(stream.report.attempts[0]?.tokens?.promptTokens).toBeGreaterThan(800);
});

test("of a race the winner is useful, and a loser that had not begun costs nothing that is known", async () => {
  const { call } = createLoadWorld([{ faults: [{ kind: "queue", forMs: 600_000 }] }, { price: cents }]);
  const { report } = await call();
  expect(report?.attempts.map(({ outcome, costUsd }) => [outcome, costUsd !== undefined])).toEqual([
    ["cancelled", false],
    ["succeeded", true],
  ]);
  expect(report?.costUsd).toEqual({ useful: report?.attempts[1]?.costUsd, wasted: 0, estimated: false });
});

test("an empty answer that was counted is wasted money", async () => {
  const { call } = createLoadWorld([{ script: ["empty"] }]);
  const { report } = await call();
  const [empty, whole] = report?.attempts ?? [];
  expect(empty).toMatchObject({ outcome: "failed", wasted: true, error: { code: "empty_answer" } });
  expect(report?.costUsd).toEqual({ useful: whole?.costUsd, wasted: empty?.costUsd, estimated: false });
});

test("events carry the cost: of an attempt at its end, of the call with its report", async () => {
  const { call, events, eventsOf } = createLoadWorld([{}]);
  const { report } = await call();
  const costs = events.map((event) => [event.type, "attempt" in event ? event.attempt.costUsd : undefined]);
  expect(costs.filter(([type]) => String(type).startsWith("attempt"))).toEqual([
    ["attempt-start", undefined],
    ["attempt-head", undefined],
    ["attempt-end", report?.attempts[0]?.costUsd],
  ]);
  expect(eventsOf("call-end")[0]?.report.costUsd).toEqual(report?.costUsd);
});
