import { expect, test } from "vitest";
import type { Ending } from "../../src/attempt-log.ts";
import { createCallLog } from "../../src/call-log.ts";
import { BusyError, InvalidRequestError, MalformedOutputError } from "../../src/error-family.ts";
import type { ClientEvent } from "../../src/events.ts";
import { createVirtualClock } from "../../src/testing/index.ts";

const tokens = (promptTokens: number, completionTokens: number) => ({
  promptTokens,
  cachedTokens: 0,
  completionTokens,
  reasoningTokens: 1,
});
const cut: Ending = { outcome: "failed", error: new BusyError("cut"), tokens: tokens(10, 5), estimated: true };
const done: Ending = { outcome: "succeeded", tokens: tokens(15, 3) };
const seam = (how: "prefix" | "prefill" | "restart", atChar = 3) => ({ atChar, from: "a", to: "b", how });

/** The record of a call, and a way to have attempts with answers in it. */
function record() {
  const events: ClientEvent[] = [];
  const log = createCallLog("call_1", createVirtualClock(), (event) => events.push(event));
  const answer = (provider: string, hasHead = true) => {
    const attempt = log.begin({ kind: "resume", provider, model: "m", round: 0 });
    if (hasHead) attempt.head();
    return attempt;
  };
  const wasted = () => log.report().attempts.map((attempt) => attempt.wasted);
  return { log, answer, wasted, events };
}

test("what an answer goes on from is not wasted, and the seam is told", () => {
  const { log, answer, wasted } = record();
  answer("a").end(cut);
  expect(wasted()).toEqual([true]);
  answer("b", false).end({ outcome: "failed", error: new BusyError("busy") });
  const last = answer("c");
  log.seam(seam("prefix"));
  last.end(done);
  expect(wasted()).toEqual([false, false, false]);
  expect(log.report().seams).toEqual([seam("prefix")]);
});

test("what a new start said again is wasted, though it was kept, and so are its own tokens when it breaks off", () => {
  const { log, answer, wasted } = record();
  answer("a").end(cut);
  const second = answer("b");
  log.restart("kept");
  log.seam(seam("restart"));
  expect(wasted()).toEqual([true, false]);
  second.end(cut);
  answer("c");
  log.seam(seam("prefill"));
  expect(wasted()).toEqual([true, false, false]);
  expect(log.report().seams.length).toBe(2);
});

test("seams of what was kept stay, and a request that generated nothing wastes nothing", () => {
  const { log, answer, wasted } = record();
  answer("a").end(cut);
  answer("b").end(cut);
  log.seam(seam("prefix"));
  answer("c", false).end({ outcome: "failed", error: new BusyError("busy") });
  answer("d");
  log.restart("kept");
  expect(log.report().seams).toEqual([seam("prefix")]);
  expect(wasted()).toEqual([true, true, false, false]);
});

test.each(["discarded", "unseen"] as const)("an answer that was %s is wasted with all its parts and seams", (how) => {
  const { log, answer, wasted, events } = record();
  answer("a").end(cut);
  answer("b").end(cut);
  log.seam(seam("prefix"));
  answer("c");
  log.restart(how);
  expect(wasted()).toEqual([true, true, false]);
  expect(log.report().seams).toEqual([]);
  expect(events.filter(({ type }) => type === "reset").length).toBe(how === "discarded" ? 1 : 0);
});

test("what was kept cost the first prompt and all output, and says whether that prompt was counted", () => {
  const { log, answer } = record();
  expect(log.kept()).toEqual({ ...tokens(0, 0), reasoningTokens: 0, isPromptCounted: false });
  answer("a").end({ ...cut, estimated: false });
  answer("b").end(cut);
  answer("c");
  log.seam(seam("prefix"));
  expect(log.kept()).toEqual({
    promptTokens: 10,
    cachedTokens: 0,
    completionTokens: 10,
    reasoningTokens: 2,
    isPromptCounted: true,
  });
});

test("of an estimated first prompt that is known, and nothing of what a new start wasted counts", () => {
  const { log, answer } = record();
  answer("a").end(done);
  answer("b").end(cut);
  log.restart("unseen");
  answer("c").end(cut);
  answer("d");
  log.restart("unseen");
  expect(log.kept()).toMatchObject({ completionTokens: 0, isPromptCounted: false });
});

test("what was spent of max_tokens is what was generated since the answer began, or since its length let it go on", () => {
  const { log, answer } = record();
  expect(log.spent()).toBe(0);
  answer("a").end(cut);
  expect(log.spent()).toBe(5);
  answer("b", false).end({ outcome: "failed", error: new BusyError("busy") });
  const second = answer("c");
  log.seam(seam("prefix"));
  second.end(done);
  expect(log.spent()).toBe(8);
  const longer = answer("d");
  log.lengthen();
  longer.end(cut);
  expect(log.spent()).toBe(5);
  answer("e").end(cut);
  expect(log.spent()).toBe(10);
  const anew = answer("f");
  log.restart("unseen");
  expect(log.spent()).toBe(0);
  anew.end(done);
  expect(log.spent()).toBe(3);
});

test("an answer that is none as a whole has failed after all, and so is told of whoever gave its last part", () => {
  const { log, answer, events } = record();
  answer("a").end(done);
  answer("b", false).end(done);
  const before = events.length;
  log.spoil(new MalformedOutputError("no JSON"));
  expect(log.report().attempts).toMatchObject([
    { provider: "a", outcome: "succeeded", wasted: false },
    { provider: "b", outcome: "interrupted", wasted: true, error: { code: "malformed_output", message: "no JSON" } },
  ]);
  expect([...log.failures.keys()]).toEqual(["b"]);
  expect(events.length).toBe(before);
});

test("a refusal to go on is kept apart, and a resume is told with its place", () => {
  const { log, events } = record();
  const error = new InvalidRequestError("no prefix");
  log.refuse("a", error);
  log.resume("a", 12);
  expect(log.refusals).toEqual(new Map([["a", error]]));
  expect(log.failures.size).toBe(0);
  expect(events).toMatchObject([{ type: "resume", from: "a", atChar: 12 }]);
});
