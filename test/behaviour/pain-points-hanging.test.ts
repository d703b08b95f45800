import { expect, test } from "vitest";
import { createResilientClient, openaiCompatible, type TimeoutOptions, type TimeoutPhase } from "../../src/index.ts";
import {
  createSimulator,
  createVirtualClock,
  type ScriptStep,
  type SimulatorOptions,
} from "../../src/testing/index.ts";
import { ask, WAYS, type Way } from "../support/ask-both-ways.ts";
import { createWorld, KEY, timing as usual } from "../support/busy-world.ts";

const forBothWays = <Case extends readonly unknown[]>(cases: readonly Case[]) =>
  WAYS.flatMap((way) => cases.map((each) => [way, ...each] as const));

type Timing = NonNullable<SimulatorOptions["timing"]>;
const once = { retry: false, resume: false } as const;
const forEver = { kind: "queue", forMs: Number.POSITIVE_INFINITY } as const;

// https://github.com/openai/openai-node/issues/1825
// https://github.com/cline/cline/issues/12954
test.each(
  forBothWays<readonly [TimeoutPhase, number, ScriptStep, TimeoutOptions, Timing]>([
    ["headers", 30_000, "black_hole", {}, {}],
    ["queue", 60_000, forEver, { queueMs: 60_000 }, {}],
    ["wire", 45_000, forEver, {}, { keepAliveMs: 50_000 }],
    ["wire", 45_000, { kind: "stall", afterTokens: 7 }, {}, {}],
    ["content", 180_000, { kind: "stall", afterTokens: 7, keepAlives: true }, {}, {}],
    ["start", 120_000, forEver, {}, {}],
    ["total", 1_000, "ok", { totalMs: 1_000 }, {}],
  ]),
)(
  "pain point 1, a stream hangs for ever: %s, what is stuck in phase '%s' ends after its own limit of %d ms, and the error names it",
  async (way, phase, limitMs, step, timeouts, timing) => {
    const { client, clock, simulator, run } = createWorld({
      script: [step],
      timing: { ...usual, ...timing },
      client: { ...once, timeouts },
    });
    const startedAt = clock.now();
    const { error, text } = await run(ask(client, way));
    const elapsedMs = clock.now() - startedAt;
    expect(error).toMatchObject({
      name: "TimeoutError",
      code: "timeout",
      phase,
      provider: "deepseek",
      retryable: true,
    });
    expect(error?.message).toContain(`timeouts.${phase}Ms`);
    expect(error?.attempts).toMatchObject([{ error: { code: "timeout", phase } }]);
    expect(elapsedMs).toBeGreaterThanOrEqual(limitMs);
    // Counted from the last sign of life, which came early.
    expect(elapsedMs).toBeLessThan(limitMs + 1_000);
    expect(simulator.requests[0]?.answer?.content.startsWith(text) ?? text === "").toBe(true);
    await clock.advance(1_000);
    expect(simulator.stats.inFlight, "the connection is given up").toBe(0);
    expect(clock.pending).toBe(0);
  },
);

// https://github.com/deepseek-ai/DeepSeek-V3/issues/1608
test.each(WAYS)(
  "pain point 1, a stream hangs for ever: %s, what hung before its first token is asked again",
  async (way) => {
    const script: ScriptStep[] = ["black_hole", { kind: "stall", afterTokens: 0 }];
    const { client, simulator, run } = createWorld({ script });
    const { text, error } = await run(ask(client, way));
    expect(error).toBeUndefined();
    expect(simulator.isWholeAnswer(text)).toBe(true);
    expect(simulator.requests.length).toBe(3);
  },
);

// https://github.com/anomalyco/opencode/issues/43519
// https://github.com/iii-hq/workers/issues/1156
test.each(
  forBothWays([
    ["stream", 40],
    ["stream", 20_000],
    ["json", 40],
    ["json", 20_000],
  ] as const),
)(
  "pain point 2, keep-alives make a dead request look alive: %s, as %s after %d ms of headers, the queue's time runs from the send",
  async (way, wire, headersMs) => {
    const { client, clock, run, events } = createWorld({
      faults: [forEver],
      timing: { headersMs, keepAliveMs: 5_000 },
      client: { ...once, wire, timeouts: { queueMs: 60_000 } },
    });
    const startedAt = clock.now();
    const { error, text } = await run(ask(client, way));
    expect(clock.now() - startedAt).toBe(60_000);
    expect(error).toMatchObject({ code: "timeout", phase: "queue" });
    expect(text).toBe("");
    expect(events.filter(({ type }) => type === "attempt-queued").length).toBeGreaterThan(5);
  },
);

test.each(WAYS)(
  "pain point 2, keep-alives make a dead request look alive: %s, each new try has its own time in the queue",
  async (way) => {
    const { client, simulator, run } = createWorld({
      script: [forEver, forEver],
      client: { timeouts: { queueMs: 20_000 } },
    });
    const { text, error } = await run(ask(client, way));
    expect(error).toBeUndefined();
    expect(simulator.isWholeAnswer(text)).toBe(true);
    expect(simulator.requests.map(({ outcome }) => outcome)).toEqual(["left", "left", "finished"]);
  },
);

// https://github.com/AntigmaLabs/ante/issues/187
// https://github.com/can1357/oh-my-pi/issues/2177
test.each(
  forBothWays([
    ["stream", 12_000],
    ["stream", 300],
    ["json", 12_000],
  ] as const),
)(
  "pain point 3, a healthy queued request is killed: %s, as %s with a keep-alive every %d ms, nine minutes are waited for and shown",
  async (way, wire, keepAliveMs) => {
    const { client, clock, simulator, run, events } = createWorld({
      faults: [{ kind: "queue", forMs: 540_000 }],
      timing: { headersMs: 40, keepAliveMs },
      client: { profile: "patient", wire },
    });
    const startedAt = clock.now();
    const { text, error } = await run(ask(client, way));
    expect(error).toBeUndefined();
    expect(simulator.isWholeAnswer(text)).toBe(true);
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(540_000);
    expect(simulator.requests.length, "it keeps its place in the queue").toBe(1);
    const queued = events.flatMap((event) => (event.type === "attempt-queued" ? [event] : []));
    expect(queued.length).toBeGreaterThanOrEqual(540_000 / Math.max(keepAliveMs, 2_000));
    expect(queued.at(-1)?.elapsedMs).toBeGreaterThan(540_000 - 2 * Math.max(keepAliveMs, 1_000));
    for (const [index, { at, elapsedMs }] of queued.entries()) {
      expect(elapsedMs).toBe(at - startedAt);
      const before = queued[index - 1]?.elapsedMs;
      if (before !== undefined) expect(elapsedMs - before).toBeGreaterThanOrEqual(1_000);
    }
  },
);

/** A host whose answer takes as long as `timing` says; the client waits for it as patiently as it may. */
function slowHost(baseURL: string, timing: Timing, timeouts: TimeoutOptions) {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, timing, answerTokens: 5 });
  const sent: (RequestInit & { readonly timeout?: unknown })[] = [];
  const fetch: typeof globalThis.fetch = (url, init) => {
    sent.push(init ?? {});
    return simulator.fetch(url, init);
  };
  const host = openaiCompatible({ name: "slow", baseURL, apiKey: KEY, timeouts });
  const client = createResilientClient({ clock, fetch, providers: [host], profile: "patient" });
  return { clock, simulator, client, sent };
}

// https://github.com/devswha/patina/issues/576
// https://github.com/can1357/oh-my-pi/issues/2422
test.each(
  forBothWays([
    ["headers", "http://127.0.0.1:1234/v1", { headersMs: 590_000 }, {}],
    ["the first token", "https://slow.example/v1", { headMs: 590_000 }, {}],
    ["every token", "https://slow.example/v1", { tokenMs: 400_000 }, { wireMs: Infinity, contentMs: Infinity }],
  ] as const),
)(
  "pain point 4, 300 s ceilings nobody configured: %s, minutes of silence before %s end nothing",
  async (way, _, baseURL, timing, timeouts) => {
    const { client, clock, simulator, sent } = slowHost(baseURL, timing, timeouts);
    const startedAt = clock.now();
    const { text, error } = await clock.run(ask(client, way));
    expect(error).toBeUndefined();
    expect(simulator.isWholeAnswer(text)).toBe(true);
    expect(clock.now() - startedAt).toBeGreaterThan(400_000);
    expect(simulator.requests.length).toBe(1);
    // A plain call is streamed too, so that headers come at once and keep-alives hold the connection.
    expect(simulator.requests[0]?.body).toMatchObject({ stream: true });
    // Bun's own 300 s.
    expect(sent[0]?.timeout).toBe(false);
  },
);

// https://github.com/nodejs/undici/issues/1864
test.each(
  forBothWays([
    ["UND_ERR_HEADERS_TIMEOUT", "headers"],
    ["UND_ERR_BODY_TIMEOUT", "wire"],
  ] as const),
)(
  "pain point 4, 300 s ceilings nobody configured: %s, Node's own limit (%s) is named as the cause",
  async (way, code, phase) => {
    const broken = new TypeError("terminated", { cause: Object.assign(new Error("timeout"), { code }) });
    const fetch = async () => {
      if (phase === "headers") throw broken;
      return new Response(new ReadableStream({ pull: (body) => body.error(broken) }));
    };
    const client = createResilientClient({ apiKey: KEY, fetch, ...once });
    const { error } = await ask(client, way);
    expect(error).toMatchObject({ code: "timeout", phase, retryable: true });
    expect(error?.message).toContain("Node's own limit of 300 s");
  },
);

// https://github.com/continuedev/continue/issues/11102
// https://github.com/cline/cline/issues/4207
test.each(
  forBothWays<readonly [string, ScriptStep]>([
    ["refused", "outage"],
    ["cut behind the headers", { kind: "cut", afterBytes: 0 }],
    ["cut in the first event", { kind: "cut", afterBytes: 40 }],
    ["cut before the first token", { kind: "cut", afterTokens: 0 }],
  ]),
)("pain point 5, premature close: %s, a connection %s is replaced unseen", async (way: Way, _, step) => {
  const { client, simulator, run, events } = createWorld({ script: [step, step] });
  const { text, error } = await run(ask(client, way));
  expect(error).toBeUndefined();
  expect(simulator.isWholeAnswer(text)).toBe(true);
  const ended = events.flatMap((event) => (event.type === "attempt-end" ? [event.attempt.outcome] : []));
  expect(ended).toEqual(["failed", "failed", "succeeded"]);
  expect(simulator.requests.length).toBe(3);
});
