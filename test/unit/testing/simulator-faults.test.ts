import { expect, test } from "vitest";
import {
  createSimulator,
  createVirtualClock,
  type ScriptStep,
  type SimulatorOptions,
} from "../../../src/testing/index.ts";
import { ask, BASE, failure, initOf, PLAIN, tell } from "./ask.ts";

const STREAM = { stream: true };

function create(options: SimulatorOptions = {}) {
  const clock = createVirtualClock(0);
  return { clock, simulator: createSimulator({ clock, ...options }) };
}

/** When each piece of a body arrived; milliseconds. */
async function readTimed({ clock, simulator }: ReturnType<typeof create>, overrides: object) {
  const pieces: [number, string][] = [];
  const read = async () => {
    const response = await simulator.fetch(`${BASE}/chat/completions`, initOf(overrides));
    pieces.push([clock.now(), String(response.status)]);
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) pieces.push([clock.now(), decoder.decode(bytes)]);
  };
  await clock.run(read());
  return { pieces, endedAt: clock.now() };
}

test("a script goes to the first requests, one each, then come the faults", async () => {
  const { simulator } = create({ script: ["ok", "busy"], faults: [{ kind: "rate_limited" }] });
  const statuses = async (count: number) => {
    const seen: number[] = [];
    for (let asked = 0; asked < count; asked += 1) seen.push((await ask(simulator)).status);
    return seen;
  };
  expect(await statuses(3)).toEqual([200, 503, 429]);
  simulator.script("ok", { kind: "busy", status: 500 });
  simulator.script("busy");
  expect(await statuses(4)).toEqual([200, 500, 503, 429]);
  simulator.setFaults([]);
  expect(await statuses(2)).toEqual([200, 200]);
});

test("a script given as options is not used up for its owner", async () => {
  const script: ScriptStep[] = ["busy"];
  const { simulator } = create({ script });
  await ask(simulator);
  simulator.script("ok");
  expect(script).toEqual(["busy"]);
});

test("an outage of a minute refuses every request of that minute, and none outside of it", async () => {
  const { clock, simulator } = create({ faults: [{ kind: "outage", fromMs: 60_000, untilMs: 120_000 }] });
  const outcomes: string[] = [];
  for (const atMs of [0, 59_999, 60_000, 119_999, 120_000]) {
    await clock.advance(atMs - clock.now());
    const error = await failure(ask(simulator));
    outcomes.push(error ? (error as Error).message : "answered");
  }
  expect(outcomes).toEqual(["answered", "answered", "fetch failed", "fetch failed", "answered"]);
});

test("a rate of faults strikes the same requests for the same seed, about its share of them", async () => {
  const strike = async (seed: number) => {
    const { simulator } = create({ seed, faults: [{ kind: "busy", rate: 0.3 }] });
    for (let asked = 0; asked < 200; asked += 1) await ask(simulator);
    return simulator.requests.map(({ status }) => status);
  };
  const first = await strike(1);
  expect(await strike(1)).toEqual(first);
  expect(await strike(2)).not.toEqual(first);
  const share = first.filter((status) => status === 503).length / first.length;
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.4);
});

// As `createServe` says: faults "draw from a source of their own, so that they do not change the answers".
test("a fault changes its own response, and no answer that comes after it", async () => {
  const answers = async (step: ScriptStep) => {
    const { simulator } = create({ script: [step] });
    await failure(ask(simulator, STREAM));
    return (await tell(simulator)).content;
  };
  const calm = await answers("ok");
  expect(await answers({ kind: "cut", afterTokens: 3 })).toBe(calm);
  expect(await answers("cut")).toBe(calm);
});

test("a cut gives exactly the first bytes of what would have come, and then breaks", async () => {
  const calm = await ask(create().simulator, STREAM);
  for (const step of ["cut", { kind: "cut", afterBytes: 1_234 }, { kind: "cut", afterTokens: 7 }] as const) {
    const { simulator } = create({ script: [step] });
    const { status, bytes, error } = await ask(simulator, STREAM);
    expect(status).toBe(200);
    expect(bytes).toEqual(calm.bytes.slice(0, bytes.length));
    expect(bytes.length).toBeGreaterThan(500);
    expect(bytes.length).toBeLessThan(calm.bytes.length);
    expect(error).toMatchObject({ name: "TypeError", message: "terminated", cause: { code: "UND_ERR_SOCKET" } });
  }
});

test("a cut can fall inside a character", async () => {
  const options = { answer: () => "服务器繁忙" };
  const calm = await ask(create(options).simulator, { ...STREAM, ...PLAIN });
  const afterBytes = calm.bytes.findIndex((byte) => (byte & 0xc0) === 0x80);
  const { bytes, text } = await ask(create({ ...options, script: [{ kind: "cut", afterBytes }] }).simulator, {
    ...STREAM,
    ...PLAIN,
  });
  expect(bytes).toEqual(calm.bytes.slice(0, afterBytes));
  expect(text.endsWith("\ufffd")).toBe(true);
});

test("a cut of a plain answer leaves a part of its JSON", async () => {
  const calm = await ask(create().simulator);
  for (let seed = 1; seed <= 30; seed += 1) {
    const { text, error } = await ask(create({ seed, script: ["cut"] }).simulator);
    expect(text.length).toBeGreaterThan(0);
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(error).toMatchObject({ message: "terminated" });
  }
  expect(() => JSON.parse(calm.text) as unknown).not.toThrow();
});

test("an answer arrives in its own time: headers, first token, each further token", async () => {
  const world = create({ timing: { headersMs: 40, headMs: 300, tokenMs: 25 }, answer: () => "a b c" });
  const { pieces, endedAt } = await readTimed(world, { ...STREAM, ...PLAIN });
  expect(pieces.map(([atMs]) => atMs)).toEqual([40, 340, 340, 365, 390, 390, 390]);
  expect(endedAt).toBe(390);
  expect(world.clock.pending).toBe(0);
});

test("a queued stream gives comments every 12 s, from the start, and then the answer", async () => {
  const world = create({ script: [{ kind: "queue", forMs: 30_000 }], answer: () => "a" });
  const { pieces } = await readTimed(world, { ...STREAM, ...PLAIN });
  expect(pieces.slice(0, 4)).toEqual([
    [0, "200"],
    [0, ": keep-alive\n\n"],
    [12_000, ": keep-alive\n\n"],
    [24_000, ": keep-alive\n\n"],
  ]);
  expect(pieces.slice(4).every(([atMs, text]) => atMs === 30_000 && text.startsWith("data: "))).toBe(true);
  expect(pieces.at(-1)?.[1]).toBe("data: [DONE]\n\n");
});

test("a queued plain request gives blank lines before its JSON", async () => {
  const world = create({ script: [{ kind: "queue", forMs: 30_000 }], timing: { keepAliveMs: 10_000 } });
  const { pieces } = await readTimed(world, {});
  const text = pieces.slice(1).map(([, said]) => said);
  expect(text.slice(0, 3)).toEqual(["\n", "\n", "\n"]);
  expect(JSON.parse(text.join(""))).toMatchObject({ object: "chat.completion" });
});

test("a queue longer than 600 s ends cleanly after 600 s, without a word of an answer", async () => {
  for (const forMs of [600_001, Number.POSITIVE_INFINITY]) {
    const world = create({ script: [{ kind: "queue", forMs }] });
    const { pieces, endedAt } = await readTimed(world, STREAM);
    expect(endedAt).toBe(600_000);
    expect(pieces.slice(1).map(([, text]) => text)).toEqual(Array(50).fill(": keep-alive\n\n"));
  }
  expect(
    (await readTimed(create({ script: [{ kind: "queue", forMs: 600_000 }] }), STREAM)).pieces.length,
  ).toBeGreaterThan(60);
});

test("a stall leaves the connection open in silence, or with comments, until the client goes", async () => {
  for (const keepAlives of [false, true]) {
    const { clock, simulator } = create({ script: [{ kind: "stall", afterTokens: 3, keepAlives }] });
    const controller = new AbortController();
    const failed = ask(simulator, STREAM, { signal: controller.signal });
    await clock.advance(60_000);
    expect(clock.pending).toBe(keepAlives ? 1 : 0);
    expect(simulator.requests[0]).toMatchObject({ outcome: "open", tokens: 3 });
    controller.abort("enough");
    const { text, error } = await failed;
    expect(error).toBe("enough");
    expect(text.split(": keep-alive\n\n").length - 1).toBe(keepAlives ? 6 : 0);
    expect(simulator.requests[0]?.outcome).toBe("left");
    expect(clock.pending).toBe(0);
  }
});

test("a black hole never answers, until the client goes", async () => {
  const { clock, simulator } = create({ script: ["black_hole"] });
  const controller = new AbortController();
  const failed = failure(ask(simulator, STREAM, { signal: controller.signal }));
  await clock.advance(3_600_000);
  expect(simulator.stats.inFlight).toBe(1);
  controller.abort("enough");
  expect(await failed).toBe("enough");
  await clock.advance(0);
  expect(simulator.stats).toEqual({ requests: 1, inFlight: 0, tokensMade: 0, tokensWasted: 0 });
});

test("hints of when to come back are headers of the refusal", async () => {
  const script: ScriptStep[] = [
    { kind: "busy", retryAfterMs: 2_000 },
    { kind: "rate_limited", retryAfterMs: 1_500, form: "ms" },
    { kind: "busy", retryAfterMs: 1_500, form: "date" },
    "busy",
  ];
  const { clock, simulator } = create({ script });
  await clock.advance(250);
  const headers = async () => (await ask(simulator)).headers;
  expect((await headers()).get("retry-after")).toBe("2");
  expect((await headers()).get("retry-after-ms")).toBe("1500");
  expect((await headers()).get("retry-after")).toBe("Thu, 01 Jan 1970 00:00:02 GMT");
  expect((await headers()).has("retry-after")).toBe(false);
});
