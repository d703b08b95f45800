import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  breakOff,
  type Exchange,
  playExchange,
  type Stage,
  type Step,
  writeStep,
} from "../../../src/testing/exchange.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { failure } from "./ask.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const write = (said: string, tokens = 0) => writeStep(said, tokens);
const keepAlive = (everyMs: number, forMs: number): Step => ({
  type: "keep-alive",
  bytes: write("!").bytes,
  everyMs,
  forMs,
});

/** Notes what a stage is told, and when. */
function createNotes(clock: VirtualClock) {
  const notes: [number, string][] = [];
  const note = (what: string) => void notes.push([clock.now(), what]);
  const stage: Stage = {
    head: (status, headers) => note(`head ${status} ${JSON.stringify(headers)}`),
    write: (bytes) => note(`write ${text(bytes)}`),
    end: () => note("end"),
    cut: () => note("cut"),
  };
  return { notes, stage };
}

function play(given: Partial<Exchange>) {
  const clock = createVirtualClock(0);
  const { notes, stage } = createNotes(clock);
  const controller = new AbortController();
  const exchange = { before: [], status: 200, headers: { a: "1" }, body: [], ...given };
  const tokens: number[] = [];
  const played = playExchange(exchange, stage, clock, controller.signal, (count) => tokens.push(count));
  return { clock, notes, controller, tokens, played };
}

test("an exchange waits, sends its head, writes in its own time, ends, and is finished", async () => {
  const { clock, notes, tokens, played, controller } = play({
    before: [{ type: "wait", ms: 40 }],
    body: [{ type: "wait", ms: 300 }, write("a", 1), { type: "wait", ms: 25 }, write("b", 2), write("c")],
  });
  expect(await clock.run(played)).toBe("finished");
  expect(notes).toEqual([
    [40, 'head 200 {"a":"1"}'],
    [340, "write a"],
    [365, "write b"],
    [365, "write c"],
    [365, "end"],
  ]);
  expect(tokens).toEqual([1, 2, 0]);
  expect(clock.pending).toBe(0);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
});

test("keep-alives come at once and then again and again, for exactly as long as told", async () => {
  const { clock, notes, played } = play({ body: [keepAlive(12, 30), write("a")] });
  expect(await clock.run(played)).toBe("finished");
  expect(notes.slice(1)).toEqual([
    [0, "write !"],
    [12, "write !"],
    [24, "write !"],
    [30, "write a"],
    [30, "end"],
  ]);
});

test("keep-alives for no time at all write nothing", async () => {
  const { clock, notes, played } = play({ body: [keepAlive(12, 0), write("a")] });
  await clock.run(played);
  expect(notes.map(([, what]) => what)).toEqual(['head 200 {"a":"1"}', "write a", "end"]);
});

test("a cut before the head means no head, a cut in the body means no end", async () => {
  const early = play({ before: [{ type: "wait", ms: 5 }, { type: "cut" }], body: [write("a")] });
  expect(await early.clock.run(early.played)).toBe("cut");
  expect(early.notes).toEqual([[5, "cut"]]);
  const late = play({ body: [write("a", 1), { type: "cut" }, write("b", 1)] });
  expect(await late.clock.run(late.played)).toBe("cut");
  expect(late.notes.map(([, what]) => what)).toEqual(['head 200 {"a":"1"}', "write a", "cut"]);
  expect(late.tokens).toEqual([1]);
});

test("whoever leaves at any step is noted as left, and nothing is written or pending after that", async () => {
  const steps: Exchange = {
    before: [{ type: "wait", ms: 10 }],
    status: 200,
    headers: {},
    body: [write("a", 1), { type: "wait", ms: 10 }, write("b", 1), keepAlive(10, 10), write("c"), { type: "hang" }],
  };
  for (let leaveMs = 0; leaveMs <= 40; leaveMs += 5) {
    const { clock, notes, controller, played } = play(steps);
    await clock.advance(leaveMs);
    const before = notes.length;
    controller.abort("gone");
    expect(await clock.run(played), `after ${leaveMs} ms`).toBe("left");
    expect(notes.length).toBe(before);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    await clock.advance(1_000);
    expect(notes.length).toBe(before);
  }
});

test("whoever left before it began gets nothing", async () => {
  const clock = createVirtualClock(0);
  const { notes, stage } = createNotes(clock);
  const exchange = { before: [], status: 200, headers: {}, body: [write("a")] };
  expect(await playExchange(exchange, stage, clock, AbortSignal.abort("gone"), () => {})).toBe("left");
  expect(notes).toEqual([]);
});

test("a fault of the stage is not taken for a client that left", async () => {
  const clock = createVirtualClock(0);
  const { stage } = createNotes(clock);
  const broken = () => {
    throw new Error("mine");
  };
  const exchange = { before: [], status: 200, headers: {}, body: [write("a")] };
  const { signal } = new AbortController();
  const error = await failure(playExchange(exchange, { ...stage, write: broken }, clock, signal, () => {}));
  expect(error).toEqual(new Error("mine"));
});

test("a text becomes its bytes", () => {
  expect(writeStep("é", 2)).toEqual({ type: "write", bytes: Uint8Array.of(0xc3, 0xa9), tokens: 2 });
  expect(writeStep("a").tokens).toBe(0);
});

const STEPS: readonly Step[] = [
  { type: "wait", ms: 1 },
  write("head"),
  write("one", 1),
  { type: "wait", ms: 2 },
  write("two", 1),
  { type: "wait", ms: 3 },
  write("end"),
];
const CUT: Step = { type: "cut" };
const outline = (steps: readonly Step[]) =>
  steps.map((step) => (step.type === "write" ? text(step.bytes) : step.type === "wait" ? step.ms : step.type));

test("breaking off after tokens keeps all up to that token, and not the wait after it", () => {
  expect(outline(breakOff(STEPS, { afterTokens: 1 }, [CUT]))).toEqual([1, "head", "one", "cut"]);
  expect(outline(breakOff(STEPS, { afterTokens: 2 }, [CUT]))).toEqual([1, "head", "one", 2, "two", "cut"]);
  expect(outline(breakOff(STEPS, { afterTokens: 0 }, [CUT]))).toEqual(["cut"]);
});

test("breaking off after bytes cuts inside a write", () => {
  expect(outline(breakOff(STEPS, { afterBytes: 5 }, [CUT]))).toEqual([1, "head", "o", "cut"]);
  expect(outline(breakOff(STEPS, { afterBytes: 7 }, [CUT]))).toEqual([1, "head", "one", "cut"]);
  expect(outline(breakOff(STEPS, { afterBytes: 0 }, [CUT]))).toEqual(["cut"]);
});

test("with both places given, the first that is reached counts", () => {
  expect(outline(breakOff(STEPS, { afterTokens: 1, afterBytes: 9 }, [CUT]))).toEqual([1, "head", "one", "cut"]);
  expect(outline(breakOff(STEPS, { afterTokens: 2, afterBytes: 5 }, [CUT]))).toEqual([1, "head", "o", "cut"]);
});

test("a place beyond the end keeps everything before the break", () => {
  expect(outline(breakOff(STEPS, { afterBytes: 1_000 }, [CUT]))).toEqual([...outline(STEPS), "cut"]);
});

test("exactly so many bytes are kept, also inside a character", () => {
  const parts = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(parts, fc.nat({ max: 200 }), (said, afterBytes) => {
      const whole = new TextEncoder().encode(said.join(""));
      const kept = breakOff(
        said.map((part) => write(part, 1)),
        { afterBytes },
        [],
      );
      const bytes = kept.flatMap((step) => (step.type === "write" ? [...step.bytes] : []));
      expect(bytes).toEqual([...whole.slice(0, afterBytes)]);
    }),
  );
});
