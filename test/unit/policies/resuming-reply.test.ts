import { expect, test } from "vitest";
import { BusyError } from "../../../src/error-family.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";
import { atLength, cut, end, LONG, play, type Step } from "../../support/play-parts.ts";
import { makeChunk } from "../../support/wire-response.ts";

test("it goes on where it broke off, as often as it breaks, and is what it consists of", async () => {
  const { reply, read, events, call, calls } = await play([
    ["fresh", ["Hel"], cut],
    ["prefix", ["lo "], cut],
    ["prefix", ["world", end]],
  ]);
  expect(await read()).toMatchObject({ finish_reason: "stop", message: { content: "Hello world" } });
  expect(reply.breaks).toEqual([
    { type: "seam", atChar: 3, from: "p0", to: "p1" },
    { type: "seam", atChar: 6, from: "p1", to: "p2" },
  ]);
  expect(call.log.report().seams).toMatchObject([{ how: "prefix" }, { how: "prefix" }]);
  expect(reply).toMatchObject({ provider: "p2", model: "deepseek-flash", continued: "prefix", hasToolCalls: false });
  expect(events.filter(({ type }) => type === "resume")).toMatchObject([
    { from: "p0", atChar: 3 },
    { from: "p1", atChar: 6 },
  ]);
  expect(calls[2]?.continues).toMatchObject({ ways: "keep", content: "Hello " });
  expect(await reply.closed).toEqual({ outcome: "succeeded" });
});

test("the broken connection is given back before another is asked for, and that is told", async () => {
  const { read, replies, events } = await play([
    ["fresh", [""], cut],
    ["restart", ["Hi", end]],
  ]);
  await read();
  expect(replies.map(({ cancelled }) => cancelled)).toEqual([true, false]);
  expect(events.find(({ type }) => type === "resume")).toMatchObject({ from: "p0", atChar: 0 });
});

test("each time must bring it further: what goes on and brings nothing is not asked for again", async () => {
  const { read, calls, call } = await play([
    ["fresh", ["Hel"], cut],
    ["prefix", [], cut],
    ["restart", ["Hello", end]],
  ]);
  expect(await read()).toMatchObject({ message: { content: "Hello" } });
  expect(calls.map(({ continues }) => continues?.ways)).toEqual([undefined, "keep", "restart"]);
  // What it says again is paid for again.
  expect(call.log.report().attempts.map(({ wasted }) => wasted)).toEqual([true, true, false]);
});

test("a new start is laid over what was seen once, and tells its seam when it has said all that", async () => {
  const { reply, read, calls, partial, events } = await play(
    [
      ["fresh", ["Hel"], cut],
      ["restart", ["He", "llo"], cut],
      ["restart", ["Hello world", end]],
    ],
    { canContinue: () => false },
  );
  const reading = rejectionOf(read());
  expect(await reading).toBe(cut);
  expect([partial().content, calls.length]).toEqual(["Hello", 2]);
  expect(events.find(({ type }) => type === "resume")).toMatchObject({ atChar: 0 });
  expect(reply.breaks).toEqual([{ type: "seam", atChar: 3, from: "p0", to: "p1" }]);
});

test("a new start that breaks off before it has said all that leaves no seam, and may be gone on with from what was seen", async () => {
  const { reply, read, call } = await play([
    ["fresh", ["Hello"], cut],
    new BusyError("nobody goes on"),
    ["restart", ["Hel"], cut],
    ["prefix", [" world", end]],
  ]);
  expect(await read()).toMatchObject({ message: { content: "Hello world" } });
  expect(reply.breaks).toEqual([{ type: "seam", atChar: 5, from: "p2", to: "p3" }]);
  expect(call.log.report().seams.length).toBe(1);
});

test("another answer than the one that was seen fails, and is left", async () => {
  const { reply, read, replies } = await play(
    [
      ["fresh", ["Hello"], cut],
      ["restart", ["Help", " me", end]],
    ],
    { canContinue: () => false },
  );
  expect(await rejectionOf(read())).toMatchObject({
    code: "stream_interrupted",
    message:
      "The answer broke off after 5 characters, and p1 (deepseek-flash) began another one. Whoever reads parts() can have " +
      'that one instead: resume: { onUnresumable: "reset" }.',
  });
  reply.cancel();
  expect(replies[1]?.cancelled).toBe(true);
  expect(await reply.closed).toEqual({ outcome: "cancelled" });
});

test("where the reader of parts may be told, it is: the new answer takes the place of the other", async () => {
  const steps: Step[] = [
    ["fresh", ["Hello"], cut],
    ["restart", ["Help", " me", end]],
  ];
  const settings = { canContinue: () => false, onUnresumable: "reset" } as const;
  const { reply, read, events } = await play(steps, settings, { reader: "parts" });
  expect(await read()).toMatchObject({ message: { content: "Help me" } });
  expect(reply.breaks).toEqual([{ type: "reset" }]);
  expect(events.filter(({ type }) => type === "reset").length).toBe(1);
  for (const reader of ["pieces", "parts"] as const) {
    const other = await play(steps, { ...settings, onUnresumable: reader === "parts" ? "fail" : "reset" }, { reader });
    expect(await rejectionOf(other.read())).toMatchObject({ code: "stream_interrupted" });
    other.reply.cancel();
    expect(other.reply.breaks).toEqual([]);
  }
});

test("what turns out to be a repetition, and then another answer, is asked for again elsewhere", async () => {
  const { read, replies } = await play([
    ["fresh", [LONG], cut],
    ["prefix", [LONG.slice(0, 120), "other", end]],
    ["restart", [LONG, "more", end]],
  ]);
  expect(await read()).toMatchObject({ message: { content: `${LONG}more` } });
  expect(replies[1]?.cancelled).toBe(true);
});

test("a stop sequence over the seam ends it, and the connection", async () => {
  const request = { model: "m", messages: [], stop: "\n\n" };
  const steps: Step[] = [
    ["fresh", ["one\n"], cut],
    ["prefix", ["\ntwo", end]],
  ];
  for (const reader of ["pieces", "whole"] as const) {
    const { read, replies, reply } = await play(steps, {}, { request, reader });
    const content = reader === "whole" ? "one" : "one\n";
    expect(await read()).toMatchObject({ finish_reason: "stop", message: { content } });
    expect(replies[1]?.cancelled).toBe(true);
    expect(await reply.more()).toBe(false);
  }
});

test("an answer that as a whole is none has failed after all, and goes on like one that broke off", async () => {
  const { read, call, calls } = await play([
    ["fresh", [makeChunk({ reasoning_content: "hm" })], cut],
    ["prefix", [end]],
    ["restart", ["Hi", end]],
  ]);
  expect(await read()).toMatchObject({ message: { content: "Hi" } });
  expect(call.log.report().attempts[1]).toMatchObject({
    outcome: "interrupted",
    wasted: true,
    error: { code: "empty_answer" },
  });
  expect(call.log.failures.get("p1")?.code).toBe("empty_answer");
  expect(calls.length).toBe(3);
});

test("what reached its length goes on so often, and its end counts where nobody brings more", async () => {
  const { read, calls, reply } = await play(
    [
      ["fresh", ["a", atLength]],
      ["prefix", ["b", atLength]],
      ["prefix", ["c", atLength]],
    ],
    { continueOnLength: 2 },
  );
  expect(await read()).toMatchObject({ finish_reason: "length", message: { content: "abc" } });
  expect(calls.length).toBe(3);
  expect(await reply.closed).toEqual({ outcome: "succeeded" });
  for (const second of [new BusyError("nobody"), ["prefix", [], cut] as const]) {
    const other = await play([["fresh", ["a", atLength]], second], { continueOnLength: 2 });
    expect(await other.read()).toMatchObject({ finish_reason: "length", message: { content: "a" } });
    expect(other.calls.length).toBe(2);
    await other.reply.closed;
  }
});

test("a continuation at the length that brought something and breaks off is a broken answer", async () => {
  const { read, calls } = await play(
    [
      ["fresh", ["a".repeat(100), atLength]],
      ["prefix", ["b".repeat(10)], cut],
      ["prefix", ["c", end]],
    ],
    { continueOnLength: 1 },
  );
  expect(await read()).toMatchObject({ finish_reason: "stop" });
  expect(calls[1]?.continues?.spentTokens).toBe(0);
  // Of the tokens it got again, only the last part has used any.
  expect(calls[2]?.continues?.spentTokens).toBe(3);
});

test("the thinking of a new start that is hidden is that of the answer", async () => {
  const { read, calls } = await play([
    ["fresh", [makeChunk({ reasoning_content: "one" })], cut],
    ["restart", [makeChunk({ reasoning_content: "two" }), "Hi"], cut],
    ["prefix", [" there", end]],
  ]);
  expect(await read()).toMatchObject({ message: { content: "Hi there", reasoning_content: "two" } });
  expect(calls[2]?.continues).toMatchObject({ content: "Hi", reasoning: "two" });
});

test("cancelled in the middle of a part that was joined, it goes on no more", async () => {
  const { reply, replies, read, calls } = await play([
    ["fresh", [""], cut],
    ["restart", ["a", "b"], cut],
  ]);
  while (reply.take());
  await reply.more();
  reply.cancel();
  expect(replies[1]?.cancelled).toBe(true);
  expect(await rejectionOf(read())).toBe(cut);
  expect(calls.length).toBe(2);
  expect(await reply.closed).toEqual({ outcome: "cancelled" });
});
