import { afterEach, expect, test, vi } from "vitest";
import { type ClientEvent, deepseek, describeEvent, openaiCompatible, schedule } from "../../src/index.ts";
import type { Fault, ScriptStep } from "../../src/testing/index.ts";
import { ask, WAYS } from "../support/ask-both-ways.ts";
import { addHost, createWorld, KEY, params } from "../support/busy-world.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const BACKUP = "https://backup.example/v1";
const primary = deepseek({ apiKey: KEY });
const backup = openaiCompatible({ name: "backup", baseURL: BACKUP, apiKey: KEY });

const FORMS = ["seconds", "date", "ms"] as const;
const forBothWays = <Case>(cases: readonly Case[]) => WAYS.flatMap((way) => cases.map((each) => [way, each] as const));

// https://github.com/openai/openai-node/issues/1108
// https://github.com/NousResearch/hermes-agent/issues/109234
test.each(forBothWays(FORMS))(
  "pain point 14, Retry-After mistreated: %s, 20 calls told to wait 20 s (%s) come back later, not in the same instant, and share the wish",
  async (way, form) => {
    const refusal = { kind: "rate_limited", retryAfterMs: 20_000, form } as const;
    const { client, clock, simulator, run, events } = createWorld({
      script: Array.from({ length: 20 }, () => refusal),
      // They would let go of them a few at a time.
      client: { retryBudget: false, limits: false },
    });
    const calls = Array.from({ length: 20 }, () => ask(client, way));
    await clock.advance(3_000);
    // One that begins meanwhile heeds what the others were told.
    const late = ask(client, way);
    await clock.advance(1_000);
    expect(simulator.requests.length).toBe(20);
    const outcomes = await run(Promise.all([...calls, late]));
    for (const { text, error } of outcomes) {
      expect(error).toBeUndefined();
      expect(simulator.isWholeAnswer(text)).toBe(true);
    }
    const returned = simulator.requests.slice(20).map(({ atMs }) => atMs);
    expect(returned.length, "each comes back once").toBe(21);
    // A date has whole seconds only: it is rounded up by the server.
    const asked = 20_000 + (form === "date" ? 1_000 : 40);
    for (const atMs of returned) {
      expect(atMs).toBeGreaterThanOrEqual(20_000);
      expect(atMs).toBeLessThanOrEqual(asked * 1.1 + 40);
    }
    expect(new Set(returned.map(Math.round)).size).toBeGreaterThanOrEqual(20);
    expect(Math.max(...returned) - Math.min(...returned)).toBeGreaterThan(1_000);
    expect(events.filter((event) => event.type === "wait" && event.why === "retry-after").length).toBe(21);
  },
);

// https://github.com/earendil-works/pi/issues/3671
test.each(forBothWays(FORMS))(
  "pain point 14, Retry-After mistreated: %s, a wait of days (%s) fails at once and says when to come back",
  async (way, form) => {
    const retryAfterMs = 20 * 3_600_000;
    const { client, clock, simulator, run } = createWorld({ faults: [{ kind: "busy", retryAfterMs, form }] });
    const startedAt = clock.now();
    const { error } = await run(ask(client, way));
    expect(clock.now() - startedAt).toBeLessThan(100);
    expect(error).toMatchObject({ code: "busy", status: 503, retryable: true });
    const retryAt = (error?.retryAt ?? 0) - startedAt;
    expect(retryAt).toBeGreaterThanOrEqual(retryAfterMs);
    expect(retryAt).toBeLessThanOrEqual(retryAfterMs + 1_100);
    expect(error?.message).toContain("longer than timeouts.startMs leaves");
    // The next call knows, and does not even ask.
    const next = await run(ask(client, way));
    expect(next.error).toMatchObject({ code: "rate_limited", retryAt: error?.retryAt });
    expect(simulator.requests.length).toBe(1);
  },
);

test.each(WAYS)(
  "pain point 14, Retry-After mistreated: %s, who has another provider does not wait for the one that asked for a pause",
  async (way) => {
    const refusal = { kind: "rate_limited", retryAfterMs: 60_000 } as const;
    const { client, clock, simulator, run } = createWorld({
      script: [refusal],
      client: { providers: [primary, backup] },
    });
    const other = addHost(BACKUP, { clock });
    for (let call = 0; call < 2; call++) {
      const startedAt = clock.now();
      const { text } = await run(ask(client, way));
      expect(other.isWholeAnswer(text)).toBe(true);
      expect(clock.now() - startedAt).toBeLessThan(20_000);
    }
    expect([simulator.requests.length, other.requests.length]).toEqual([1, 2]);
  },
);

const failing: readonly Fault[] = [
  ...[500, 502, 503, 504, 529].map((status) => ({ kind: "busy" as const, status })),
  { kind: "rate_limited" },
  { kind: "outage" },
  { kind: "cut", afterBytes: 0 },
];

// https://github.com/HKUDS/nanobot/issues/2760
// https://github.com/BerriAI/litellm/issues/34129
test.each(forBothWays(failing))(
  "pain point 15, retries multiply over layers: %s, rounds times providers is the number of requests, for %o",
  async (way, fault) => {
    const faults = [fault];
    const { client, clock, simulator, run } = createWorld({
      faults,
      client: { providers: [primary, backup], retry: { maxRounds: 3 } },
    });
    const other = addHost(BACKUP, { clock, faults });
    const { error } = await run(ask(client, way));
    expect([simulator.requests.length, other.requests.length]).toEqual([3, 3]);
    expect(error?.code).toBe("all_providers_failed");
    expect(error?.attempts.map(({ index, round, provider }) => [index, round, provider])).toEqual([
      [0, 0, "deepseek"],
      [1, 0, "backup"],
      [2, 1, "deepseek"],
      [3, 1, "backup"],
      [4, 2, "deepseek"],
      [5, 2, "backup"],
    ]);
    expect(error?.message).toContain("Gave up after 6 attempts");
    const alone = createWorld({ faults, client: { retry: false } });
    expect((await alone.run(ask(alone.client, way))).error?.attempts.length).toBe(1);
    expect(alone.simulator.requests.length).toBe(1);
  },
);

// https://github.com/mpfaffenberger/code_puppy/issues/317
test.each([0, 1, 2, 5])(
  "pain point 15, retries multiply over layers: %d restarts of a broken answer are so many requests more, and bring no new rounds",
  async (maxResumes) => {
    const { client, clock, simulator, run } = createWorld({
      faults: [{ kind: "cut", afterTokens: 9 }],
      client: {
        providers: [primary, backup],
        retry: { maxRounds: 3, backoff: schedule([10]) },
        resume: { maxResumes },
      },
    });
    const other = addHost(BACKUP, { clock, faults: [{ kind: "cut", afterTokens: 9 }] });
    const { error } = await run(ask(client, "plain"));
    expect(simulator.requests.length + other.requests.length).toBe(1 + maxResumes);
    expect(error?.attempts.length).toBe(1 + maxResumes);
    // Two rounds without an answer, one cut answer, and a third round: that is all there are.
    const mixed = createWorld({
      script: ["busy", "busy", { kind: "cut", afterTokens: 9 }],
      faults: [{ kind: "busy" }],
      client: { retry: { maxRounds: 3 }, resume: { maxResumes } },
    });
    await mixed.run(ask(mixed.client, "plain"));
    expect(mixed.simulator.requests.length).toBe(maxResumes === 0 ? 3 : 4);
  },
);

const trouble: readonly ScriptStep[] = [
  "busy",
  { kind: "rate_limited", retryAfterMs: 7_000 },
  { kind: "queue", forMs: 50_000 },
];

// https://github.com/HKUDS/nanobot/issues/5504
// https://github.com/HKUDS/nanobot/issues/3600
test.each(WAYS)(
  "pain point 22, retry state: %s, it is told beside the answer, with times that count down from now, and never in the text",
  async (way) => {
    const quiet = (["log", "info", "warn", "error", "debug"] as const).map((name) => vi.spyOn(console, name));
    const { client, simulator, run, events } = createWorld({ script: trouble });
    const { text, error } = await run(ask(client, way));
    expect(error).toBeUndefined();
    expect(text).toBe(simulator.requests.at(-1)?.answer?.content);
    expect(events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])).toEqual([
      ...["attempt-start", "attempt-end", "wait", "attempt-start", "attempt-end", "wait", "attempt-start"],
      ...["attempt-queued", "attempt-head", "attempt-end", "call-end"],
    ]);
    for (const [index, event] of events.entries()) {
      if (event.type !== "wait") continue;
      expect(event.forMs).toBeGreaterThanOrEqual(event.why === "retry-after" ? 7_000 - 41 : 0);
      const next = events[index + 1] as ClientEvent;
      expect(next.type).toBe("attempt-start");
      expect(Math.abs(next.at - event.at - event.forMs), "the wait is over when it said").toBeLessThanOrEqual(1);
    }
    expect(events.flatMap((event) => (event.type === "wait" ? [event.why] : []))).toEqual(["backoff", "retry-after"]);
    // No word of them is in the answer, and no word of the answer or the question is in them.
    for (const event of events) {
      expect(text).not.toContain(describeEvent(event));
      expect(describeEvent(event)).not.toContain("\n");
    }
    const told = JSON.stringify(events);
    for (const secret of [KEY, "who waits?", text]) expect(told).not.toContain(secret);
    for (const spy of quiet) expect(spy).not.toHaveBeenCalled();
  },
);

// https://github.com/HKUDS/nanobot/issues/3246
test("pain point 22, retry state: quiet without a listener, and every chunk of the stream is the server's own", async () => {
  const quiet = (["log", "info", "warn", "error", "debug"] as const).map((name) => vi.spyOn(console, name));
  const { client, simulator, run } = createWorld({ script: trouble, client: { onEvent: undefined } });
  const stream = client.chat.completions.stream(params);
  const ids = new Set<string>();
  let reasoning = "";
  let text = "";
  const read = async () => {
    for await (const { id, choices } of stream) {
      ids.add(id);
      reasoning += choices[0]?.delta.reasoning_content ?? "";
      text += choices[0]?.delta.content ?? "";
    }
  };
  await run(read());
  expect({ reasoning, content: text }).toEqual(simulator.requests.at(-1)?.answer);
  expect(ids.size).toBe(1);
  for (const spy of quiet) expect(spy).not.toHaveBeenCalled();
  // The same as a report, for whoever asks afterwards.
  expect(stream.report.attempts.map(({ error }) => error?.code)).toEqual(["busy", "rate_limited", undefined]);
  expect(stream.report.waitedMs).toBeGreaterThanOrEqual(7_000 - 41);
});

// https://github.com/Agent-Field/agentfield/issues/322
test("pain point 22, retry state: health tells of each endpoint how it does", async () => {
  const { client, clock, run } = createWorld({
    script: [{ kind: "rate_limited", retryAfterMs: 60_000 }],
    client: { providers: [primary, backup] },
  });
  addHost(BACKUP, { clock });
  await run(ask(client, "plain"));
  expect(client.health().providers).toMatchObject([
    { provider: "deepseek", inFlight: 0, succeeded: 0, failed: 1, lastFailure: { code: "rate_limited" } },
    { provider: "backup", inFlight: 0, succeeded: 1, failed: 0 },
  ]);
  expect(client.health().providers[0]?.notBefore).toBeGreaterThan(clock.now() + 40_000);
});
