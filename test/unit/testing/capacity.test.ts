import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { type Capacity, createSimulator, createVirtualClock } from "../../../src/testing/index.ts";
import { ask, BASE, failure, initOf, type Received } from "./ask.ts";

const STREAM = { stream: true };

function create(capacity: Capacity) {
  const clock = createVirtualClock(0);
  const timing = { tokenMs: 10_000 };
  const simulator = createSimulator({ clock, capacity, timing, answer: () => ({ reasoning: "", content: "a b c d" }) });
  return { clock, simulator };
}
type Made = ReturnType<typeof create>;
const askMany = ({ clock, simulator }: Made, count: number, overrides: object = STREAM): Promise<Received[]> =>
  clock.run(Promise.all(Array.from({ length: count }, () => ask(simulator, overrides))));
const keepAlives = ({ text }: Received | { text: string }) => text.split(": keep-alive").length - 1;

test("so many are answered at once, the next ones wait in order, with HTTP 200 and keep-alives", async () => {
  const made = create({ slots: 1 });
  const answers = await askMany(made, 3);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  // One answer takes 30 s: comments every 12 s until then, and for the last one until 60 s.
  expect(answers.map(keepAlives)).toEqual([0, 3, 6]);
  expect(answers.every(({ text }) => text.endsWith("data: [DONE]\n\n"))).toBe(true);
  expect(made.clock.now()).toBe(90_000);
  expect(made.clock.pending).toBe(0);
});

test("a plain request waits with blank lines, in the queue and for its body", async () => {
  const [, second] = await askMany(create({ slots: 1 }), 2, {});
  expect(second?.text).toMatch(/^\n{3}\n{2}\{"id"/);
});

test("a full queue is told busy, at once", async () => {
  const made = create({ slots: 1, queue: 1 });
  const answers = await askMany(made, 3);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 503]);
  expect(answers[2]?.text).toContain("Service is too busy");
});

test("more than the limit in flight are told so, with the number in the message", async () => {
  const made = create({ slots: 1, concurrencyLimit: 2 });
  const answers = await askMany(made, 3);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(answers[2]?.text).toContain("Your current concurrency is 3, which exceeds your concurrency limit of 2");
  // Over is over: the same again.
  expect((await askMany(made, 2)).map(({ status }) => status)).toEqual([200, 200]);
});

test("who leaves frees its slot, or its place in the queue, and leaves nothing behind", async () => {
  const made = create({ slots: 1, queue: 1 });
  const { clock, simulator } = made;
  const leave = new AbortController();
  const leaveQueue = new AbortController();
  await simulator.fetch(`${BASE}/chat/completions`, initOf(STREAM, leave.signal));
  await simulator.fetch(`${BASE}/chat/completions`, initOf(STREAM, leaveQueue.signal));
  expect((await ask(simulator, STREAM)).status).toBe(503);
  leaveQueue.abort();
  await clock.advance(0);
  const waiting = ask(simulator, STREAM);
  await clock.advance(5_000);
  leave.abort();
  const { status, text } = await clock.run(waiting);
  expect([status, keepAlives({ text })]).toEqual([200, 1]);
  expect(clock.now()).toBe(35_000);
  expect(simulator.requests.map(({ outcome }) => outcome)).toEqual(["left", "left", "finished", "finished"]);
  expect(clock.pending).toBe(0);
  expect(getEventListeners(leave.signal, "abort")).toEqual([]);
});

test("a broken stream frees its slot, and a refused request never had one", async () => {
  const { clock, simulator } = create({ slots: 1, queue: 0 });
  simulator.script({ kind: "cut", afterTokens: 1 }, "busy", "ok");
  await clock.run(failure(ask(simulator, STREAM)));
  expect((await ask(simulator, STREAM)).status).toBe(503);
  expect((await ask(simulator, { model: "x" })).status).toBe(400);
  expect((await clock.run(ask(simulator, STREAM))).status).toBe(200);
});

test("whoever waits 600 s is sent away with the answer unsaid", async () => {
  const { clock, simulator } = create({ slots: 1 });
  simulator.script({ kind: "stall", afterTokens: 1 });
  const leave = new AbortController();
  await simulator.fetch(`${BASE}/chat/completions`, initOf(STREAM, leave.signal));
  const { text, error } = await clock.run(ask(simulator, STREAM));
  expect([text.replaceAll(": keep-alive\n\n", ""), error, clock.now()]).toEqual(["", undefined, 600_000]);
  expect(simulator.requests[1]?.outcome).toBe("cut");
  leave.abort();
});
