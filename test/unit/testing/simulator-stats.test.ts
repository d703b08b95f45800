import fc from "fast-check";
import { expect, test } from "vitest";
import { createSimulator, createVirtualClock, type SimulatorOptions } from "../../../src/testing/index.ts";
import { ask, BASE, bodyOf, failure, initOf, PLAIN, tell, turnUntil } from "./ask.ts";

const STREAM = { stream: true };
const TIMING = { headersMs: 40, headMs: 300, tokenMs: 25 };

function create(options: SimulatorOptions = {}) {
  const clock = createVirtualClock(0);
  return { clock, simulator: createSimulator({ clock, ...options }) };
}

test("before any request everything is zero", () => {
  const { simulator } = create();
  expect(simulator.requests).toEqual([]);
  expect(simulator.stats).toEqual({ requests: 0, inFlight: 0, tokensMade: 0, tokensWasted: 0 });
});

test("a request is recorded with what was asked, when, what was said and how it ended", async () => {
  const { clock, simulator } = create({ script: ["ok", "busy"] });
  await clock.advance(70);
  const response = await ask(simulator, PLAIN, { url: `${BASE}/v1/chat/completions` });
  await ask(simulator, STREAM);
  const content = (JSON.parse(response.text) as { choices: [{ message: { content: string } }] }).choices[0].message
    .content;
  const tokens = (JSON.parse(response.text) as { usage: { completion_tokens: number } }).usage.completion_tokens;
  expect(simulator.requests).toEqual([
    {
      traceId: response.headers.get("x-ds-trace-id"),
      method: "POST",
      atMs: 70,
      path: "/v1/chat/completions",
      body: bodyOf(PLAIN),
      fault: undefined,
      status: 200,
      answer: { reasoning: "", content },
      tokens,
      outcome: "finished",
    },
    expect.objectContaining({
      atMs: 70,
      body: bodyOf(STREAM),
      fault: "busy",
      status: 503,
      answer: undefined,
      tokens: 0,
      outcome: "finished",
    }),
  ]);
});

test("tokens are counted while they are sent, and what usage charges is what was counted", async () => {
  const { clock, simulator } = create({ timing: TIMING });
  const told = tell(simulator);
  const counts: number[] = [];
  for (const atMs of [0, 39, 339, 340, 364, 365, 390]) {
    await clock.advance(atMs - clock.now());
    counts.push(simulator.stats.tokensMade);
    expect(simulator.stats.inFlight).toBe(1);
  }
  expect(counts).toEqual([0, 0, 0, 1, 1, 2, 3]);
  const { usage } = await clock.run(told);
  await turnUntil(() => simulator.stats.inFlight === 0);
  expect(simulator.stats).toEqual({
    requests: 1,
    inFlight: 0,
    tokensMade: usage?.completion_tokens,
    tokensWasted: 0,
  });
});

test("the tokens of a cut answer are wasted, those of a finished one are not", async () => {
  const { simulator } = create({ script: [{ kind: "cut", afterTokens: 7 }] });
  await ask(simulator, STREAM);
  const { usage } = await tell(simulator);
  expect(simulator.requests.map(({ outcome, tokens }) => [outcome, tokens])).toEqual([
    ["cut", 7],
    ["finished", usage?.completion_tokens],
  ]);
  expect(simulator.stats).toMatchObject({ tokensMade: 7 + (usage?.completion_tokens ?? 0), tokensWasted: 7 });
});

test("an outage is a cut without tokens", async () => {
  const { simulator } = create({ script: ["outage"] });
  await failure(ask(simulator));
  expect(simulator.requests[0]).toMatchObject({ fault: "outage", status: undefined, outcome: "cut", tokens: 0 });
});

test("a request that got no response is not recorded as answered with 200", async () => {
  const { simulator } = create({ script: ["outage"] });
  await failure(ask(simulator));
  expect(simulator.requests[0]?.status).not.toBe(200);
});

test("a request whose queue the server ended is not recorded as if all had been sent", async () => {
  const { clock, simulator } = create({ script: [{ kind: "queue", forMs: 700_000 }] });
  await clock.run(ask(simulator, STREAM));
  expect(simulator.requests[0]).toMatchObject({ tokens: 0, outcome: "cut" });
});

test("a client that leaves at any moment is counted as left, with what was sent until then, and leaves nothing open", async () => {
  const whole = async (isStream: boolean) => {
    const { clock, simulator } = create({ timing: TIMING });
    await clock.run(ask(simulator, { stream: isStream }));
    return { endMs: clock.now(), tokens: simulator.stats.tokensMade };
  };
  const ends = { stream: await whole(true), plain: await whole(false) };
  const moment = fc.record({
    isStream: fc.boolean(),
    leaveMs: fc.integer({ min: 0, max: 2_500 }),
    how: fc.constantFrom("abort" as const, "cancel" as const),
    trouble: fc.constantFrom(undefined, "stall" as const, "cut" as const, "queue" as const),
  });
  await fc.assert(
    fc.asyncProperty(moment, async ({ isStream, leaveMs, how, trouble }) => {
      const script = trouble === "queue" ? [{ kind: trouble, forMs: 1_000 }] : trouble ? [trouble] : [];
      const { clock, simulator } = create({ timing: { ...TIMING, keepAliveMs: 150 }, script });
      const controller = new AbortController();
      let leave = () => controller.abort("enough");
      const call = async () => {
        const { signal } = controller;
        const response = await simulator.fetch(`${BASE}/chat/completions`, initOf({ stream: isStream }, signal));
        const reader = response.body?.getReader();
        if (how === "cancel") leave = () => void reader?.cancel().catch(() => {});
        while (!(await reader?.read())?.done);
      };
      const ended = failure(call());
      await clock.advance(leaveMs);
      const before = simulator.requests[0];
      const [wasOpen, tokens] = [before?.outcome === "open", before?.tokens ?? 0];
      leave();
      await ended;
      await clock.advance(10_000);
      const { outcome, tokens: after } = simulator.requests[0] ?? {};
      expect(outcome).toBe(wasOpen ? "left" : trouble === "cut" ? "cut" : "finished");
      expect(after).toBe(tokens);
      const { endMs, tokens: all } = isStream ? ends.stream : ends.plain;
      if (!trouble) expect(wasOpen).toBe(leaveMs < endMs);
      expect(simulator.stats).toEqual({
        requests: 1,
        inFlight: 0,
        tokensMade: tokens,
        tokensWasted: outcome === "finished" ? 0 : tokens,
      });
      if (outcome === "finished") expect(tokens).toBe(all);
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("many at once are counted each on its own", async () => {
  const { clock, simulator } = create({ timing: TIMING });
  const told = Promise.all(Array.from({ length: 100 }, () => tell(simulator)));
  await clock.advance(100);
  expect(simulator.stats).toEqual({ requests: 100, inFlight: 100, tokensMade: 0, tokensWasted: 0 });
  const all = await clock.run(told);
  const charged = all.reduce((sum, { usage }) => sum + (usage?.completion_tokens ?? 0), 0);
  await turnUntil(() => simulator.stats.inFlight === 0);
  expect(simulator.stats).toEqual({ requests: 100, inFlight: 0, tokensMade: charged, tokensWasted: 0 });
});
