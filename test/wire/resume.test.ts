import { expect, test } from "vitest";
import {
  type ClientEvent,
  createResilientClient,
  type ResilientClient,
  ResilientClientError,
} from "../../src/index.ts";
import { createSimulator, type Fault, type Simulator } from "../../src/testing/index.ts";
import { expectBeginning, expectTrueChain, expectTruePartial, observe, READINGS } from "../support/observe-call.ts";
import { eventually, params } from "../support/raw-server.ts";

// The same promises as on the virtual clock, over real sockets: bytes are cut anywhere, and connections really break.

const WAYS = [...READINGS, "response"] as const;
type Way = (typeof WAYS)[number];
const AT_ONCE = 25;
/** Everything that waits is made short. */
const timing = { headersMs: 2, headMs: 5, keepAliveMs: 20 };

/** Reads the body a browser would get. */
async function readResponse(client: ResilientClient): Promise<{ text: string; code: string | undefined }> {
  const stream = client.chat.completions.stream(params);
  const body = await stream.toResponse().text();
  const events = body.split("\n\n").filter((event) => event.startsWith("data: "));
  const last = events.pop() ?? "";
  const chunks = events.map((event) => JSON.parse(event.slice(6)));
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
  expect(stream.partial.content).toBe(text);
  expect(new Set(chunks.map(({ id }) => id)).size).toBeLessThanOrEqual(1);
  if (last === "data: [DONE]") return { text, code: undefined };
  return { text, code: JSON.parse(last.slice(6)).error.code };
}

/** One call: the code it failed with, or `right`. Throws for anything that is neither right nor truly told. */
async function judge(client: ResilientClient, simulator: Simulator, way: Way): Promise<string> {
  if (way === "response") {
    const { text, code } = await readResponse(client);
    if (code) expectBeginning(text, simulator);
    else expect(simulator.isWholeAnswer(text), `wrong: ${JSON.stringify(text)}`).toBe(true);
    return code ?? "right";
  }
  const events: ClientEvent[] = [];
  const own = client.withOptions({ onEvent: (event) => events.push(event) });
  const place = { client: own, events, clock: performance, run: <T>(promise: Promise<T>) => promise };
  const seen = await observe(place, way, { params });
  if (seen.error) {
    if (!ResilientClientError.isInstance(seen.error)) throw seen.error;
    expectTruePartial(seen, way, simulator);
    return seen.error.code;
  }
  expect(simulator.isWholeAnswer(seen.text), `wrong: ${JSON.stringify(seen.text)}`).toBe(true);
  expect(seen.completion?.choices[0]?.message.content).toBe(seen.text);
  return "right";
}

/** `tokenMs`: each token comes in a read of its own; 0: as many as there are. */
async function runCalls(calls: number, faults: readonly Fault[], { tokenMs = 0, timeouts = {} } = {}) {
  const pace = { ...timing, tokenMs };
  await using simulator = createSimulator({ seed: 16, timing: pace, faults, answerTokens: 24 });
  const { url } = await simulator.listen();
  await using client = createResilientClient({
    apiKey: "sk-wire",
    baseURL: url,
    retry: { backoff: () => 5 },
    timeouts,
  });
  const outcomes = new Map<string, number>();
  for (let from = 0; from < calls; from += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, index) => WAYS[(from + index) % WAYS.length] as Way);
    for (const outcome of await Promise.all(some.map((way) => judge(client, simulator, way))))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  await eventually(() => simulator.stats.inFlight === 0, "nothing is in flight");
  // The rest of a complete answer may still be read.
  await client.close();
  for (const { inFlight } of client.health().providers) expect(inFlight).toBe(0);
  expectTrueChain(simulator);
  const { requests } = simulator;
  const broken = requests.filter(({ fault, outcome }) => fault && outcome !== "finished").length;
  return { right: outcomes.get("right") ?? 0, outcomes, broken, resumed: requests.length - calls };
}

test("200 calls, one request in five cut at any byte, read in every way: each is right", async () => {
  const { right, outcomes, broken, resumed } = await runCalls(200, [{ kind: "cut", rate: 0.2 }], { tokenMs: 1 });
  expect(right, JSON.stringify([...outcomes])).toBe(200);
  expect(broken).toBeGreaterThan(20);
  expect(resumed).toBeGreaterThanOrEqual(broken - 5);
});

test("100 calls through everything that breaks a stream, mixed: none is wrong, and nearly all are right", async () => {
  const rate = 0.05;
  const { right, outcomes, broken } = await runCalls(100, [
    { kind: "cut", rate },
    { kind: "end", rate },
    { kind: "end", done: true, rate },
    { kind: "finish", rate },
    { kind: "in_stream_error", rate },
    { kind: "malformed", what: "event", rate },
    { kind: "outage", rate },
  ]);
  expect(right, JSON.stringify([...outcomes])).toBeGreaterThanOrEqual(99);
  expect(broken).toBeGreaterThan(15);
});

test("50 calls, one request in five stalls, with keep-alives or without: each goes on in time", async () => {
  const faults: readonly Fault[] = [
    { kind: "stall", rate: 0.1 },
    { kind: "stall", keepAlives: true, rate: 0.1 },
  ];
  const { right, outcomes, broken } = await runCalls(50, faults, { timeouts: { wireMs: 200, contentMs: 300 } });
  expect(right, JSON.stringify([...outcomes])).toBe(50);
  expect(broken).toBeGreaterThan(3);
});
