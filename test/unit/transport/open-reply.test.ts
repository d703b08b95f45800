import { expect, test } from "vitest";
import type { AttemptCall } from "../../../src/call.ts";
import { BusyError, StreamInterruptedError } from "../../../src/error-family.ts";
import { openReply } from "../../../src/transport/open-reply.ts";
import { ABORT_REASONS, isPending, rejectionOf } from "../../support/abort-reasons.ts";
import { cleanUp } from "../../support/leaks.ts";
import { makeSource, type SourceRead } from "../../support/scripted-source.ts";
import { drain, textOf, watchAttempt } from "../../support/watched-attempt.ts";
import { HANG, makeChunk } from "../../support/wire-response.ts";

const details = { provider: "scripted", model: "deepseek-flash", status: 200, requestId: "trace-1" };
const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13, prompt_cache_hit_tokens: 2 };
const tokens = { promptTokens: 9, cachedTokens: 2, completionTokens: 4, reasoningTokens: 0 };

const role = makeChunk({ role: "assistant", content: "" });
const say = (content: string) => makeChunk({ content });
const think = (reasoning: string) => makeChunk({ content: null, reasoning_content: reasoning });
const finish = (reason: unknown = "stop", more = {}) => makeChunk({ content: "" }, reason as string, more);
const usageOnly = makeChunk({}, null, { choices: [], usage });
const callPiece = (index: number, text: string, id?: string, name?: string) =>
  makeChunk({
    tool_calls: [{ index, ...(id && { id, type: "function" }), function: { ...(name && { name }), arguments: text } }],
  });

function open(reads: readonly SourceRead[], overrides: Partial<AttemptCall> = {}) {
  const source = makeSource(...reads);
  const attempt = watchAttempt(overrides);
  const opening = openReply(source, attempt.call, details);
  cleanUp(() => {
    // Ends a wait for the head, as it does for a server that has gone.
    source.cancel();
    return opening.then(
      (reply) => reply.cancel(),
      () => {},
    );
  });
  return { source, attempt, opening };
}

test.each([
  ["text", say("Hi")],
  ["reasoning", think("Hm")],
  ["a piece of a tool call", callPiece(0, "", "c1", "now")],
])("the head is the first token: %s", async (_, first) => {
  const { opening, attempt } = open([[role], [], [first], HANG]);
  expect(await isPending(opening)).toBe(false);
  expect(attempt.told).toEqual(["queued", "content", "head", "attempt head"]);
  const reply = await opening;
  expect(reply).toMatchObject({ provider: "scripted", model: "deepseek-flash", continued: "fresh", breaks: [] });
});

test.each([
  ["a role", role],
  ["empty strings", makeChunk({ role: "assistant", content: "", reasoning_content: "" })],
  ["nulls", makeChunk({ role: null, content: null, reasoning_content: null, tool_calls: null })],
  ["an empty list of tool calls", makeChunk({ tool_calls: [] })],
  ["nothing", makeChunk({})],
  ["usage alone", usageOnly],
])("a chunk with only %s is no head", async (_, chunk) => {
  const { opening, attempt } = open([[chunk], HANG]);
  expect(await isPending(opening)).toBe(true);
  expect(attempt.told.filter((what) => what !== "queued")).toEqual([]);
});

test("keep-alives before the head are told as a queue, after it they are not", async () => {
  const { opening, attempt } = open([[], [], [say("Hi")], [], [], [finish()]]);
  await drain(await opening);
  expect(attempt.told.filter((what) => what === "queued")).toHaveLength(2);
});

test("what came before the head is delivered, in its order", async () => {
  const { opening } = open([[role], [usageOnly], [think("Hm"), say("Hi")], [finish()]]);
  expect(await drain(await opening)).toEqual([role, usageOnly, think("Hm"), say("Hi"), finish()]);
});

test("chunks of one read are taken without a promise between them", async () => {
  const { opening } = open([[say("a"), say("b")], [say("c")], [finish()]]);
  const reply = await opening;
  expect(reply.take()).toEqual(say("a"));
  expect(reply.take()).toEqual(say("b"));
  expect(reply.take()).toBeUndefined();
  expect(await reply.more()).toBe(true);
  expect(reply.take()).toEqual(say("c"));
  expect(await reply.more()).toBe(true);
  expect(reply.take()).toEqual(finish());
  expect(await reply.more()).toBe(false);
  expect(await reply.more()).toBe(false);
  expect(reply.take()).toBeUndefined();
});

test("reading is told only while somebody waits for bytes", async () => {
  const { opening, attempt, source } = open([[say("a")], HANG]);
  const reply = await opening;
  expect(attempt.isReading).toBe(false);
  reply.take();
  const waiting = reply.more();
  expect(attempt.isReading).toBe(true);
  source.cancel();
  await rejectionOf(waiting);
  expect(attempt.isReading).toBe(false);
});

test("the finish chunk and all after it are held back until the stream has ended", async () => {
  const late = [finish("stop"), usageOnly, say("late"), finish("stop")];
  const { opening, attempt, source } = open([[say("a"), ...late], [], HANG]);
  const reply = await opening;
  expect(reply.take()).toEqual(say("a"));
  expect(reply.take()).toBeUndefined();
  const waiting = reply.more();
  expect(await isPending(waiting)).toBe(true);
  expect(attempt.told.filter((what) => what === "finish")).toHaveLength(1);
  source.cancel();
  expect(await waiting).toBe(true);
  expect(await drain(reply)).toEqual(late);
});

test("a server too slow to end its stream after the finish reason has answered all the same", async () => {
  const { opening, attempt, source } = open([[say("a"), finish("stop", { usage })], HANG]);
  const reply = await opening;
  const whole = drain(reply);
  expect(await isPending(whole)).toBe(true);
  attempt.settle();
  expect(await whole).toEqual([say("a"), finish("stop", { usage })]);
  expect(await reply.closed).toEqual({ outcome: "succeeded", tokens });
  expect(source.finishes).toBe(1);
});

test("a success gives the connection back, and is over only then", async () => {
  const { opening, attempt, source } = open([[say("a")], [finish()], [usageOnly]]);
  const reply = await opening;
  await drain(reply);
  expect(await reply.closed).toEqual({ outcome: "succeeded", tokens });
  expect(attempt.endings).toEqual([{ outcome: "succeeded", tokens }]);
  expect(source).toMatchObject({ finishes: 1, cancels: 0 });
  reply.cancel();
  expect(source.cancels).toBe(0);
});

test.each([
  ["no finish reason", [[say("a")]], "stream_interrupted"],
  ["[DONE] after no chunk at all", [[]], "stream_interrupted"],
  ["only usage", [[usageOnly]], "stream_interrupted"],
  ["an empty finish reason", [[say("a"), finish("")]], "stream_interrupted"],
  ["stop and nothing", [[role, finish()]], "empty_answer"],
  ["stop and blanks", [[say(" \n"), finish()]], "empty_answer"],
  ["stop and only reasoning", [[think("hm"), finish()]], "empty_answer"],
  ["content_filter", [[say("a"), finish("content_filter")]], "content_filter"],
  ["insufficient_system_resource", [[say("a"), finish("insufficient_system_resource")]], "busy"],
  ["aborted", [[say("a"), finish("aborted")]], "busy"],
  ["a finish reason nobody knows", [[say("a"), finish("eos")]], "unexpected_response"],
  ["a finish reason named like a property of every object", [[say("a"), finish("__proto__")]], "unexpected_response"],
  ["tool_calls and none", [[say("a"), finish("tool_calls")]], "malformed_output"],
  ["a cut tool call", [[callPiece(0, '{"a', "c1", "now"), finish("tool_calls")]], "malformed_output"],
] as const)("an answer that ends with %s is no success", async (_, reads, code) => {
  const { opening, attempt, source } = open(reads);
  const error = await rejectionOf(opening.then(drain));
  expect(error).toMatchObject({ code, ...details });
  expect(attempt.endings).toMatchObject([{ outcome: "failed", error }]);
  expect(source).toMatchObject({ cancels: 1, finishes: 0 });
});

test("a blank answer is one where that is allowed, without a head", async () => {
  const { opening, attempt } = open([[role], [finish()]], { allowEmpty: true });
  const reply = await opening;
  expect(await drain(reply)).toEqual([role, finish()]);
  expect(attempt.told).not.toContain("head");
  expect((await reply.closed).outcome).toBe("succeeded");
});

test("an error in the stream after the finish reason fails the answer", async () => {
  const error = new BusyError("upstream died");
  const { opening } = open([[say("a"), finish()], { error }]);
  const reply = await opening;
  expect(reply.take()).toEqual(say("a"));
  expect(await rejectionOf(reply.more())).toBe(error);
  expect(await reply.closed).toMatchObject({ outcome: "failed", error });
});

test("an answer with its finish reason is complete, although the connection breaks before [DONE]", async () => {
  const { opening } = open([[say("a"), finish()], { error: new StreamInterruptedError("reset") }]);
  const reply = await opening;
  expect(textOf(await drain(reply))).toBe("a");
  expect((await reply.closed).outcome).toBe("succeeded");
});

test("a failure after the head comes from more, again and again, and take has nothing", async () => {
  const error = new StreamInterruptedError("cut");
  const { opening, source } = open([[say("a")], { error }]);
  const reply = await opening;
  reply.take();
  expect(await rejectionOf(reply.more())).toBe(error);
  expect(await rejectionOf(reply.more())).toBe(error);
  expect(reply.take()).toBeUndefined();
  expect(await reply.closed).toMatchObject({ outcome: "failed", error, estimated: true });
  expect(source.cancels).toBe(1);
});

test("a chunk whose taking throws fails the reply after the chunks before it", async () => {
  const error = new BusyError("in the stream");
  const source = makeSource([say("a"), say("b")]);
  const take = source.take.bind(source);
  source.take = () => {
    const chunk = take();
    if (chunk && textOf([chunk]) === "b") throw error;
    return chunk;
  };
  const reply = await openReply(source, watchAttempt().call, details);
  expect(reply.take()).toEqual(say("a"));
  expect(reply.take()).toBeUndefined();
  expect(await rejectionOf(reply.more())).toBe(error);
});

test.each(ABORT_REASONS)("the caller's reason to abort comes back unchanged: %s", async (_, reason) => {
  for (const before of [[], [[say("a")]], [[say("a"), finish()]]]) {
    const controller = new AbortController();
    const { signal } = controller;
    const source = makeSource(...before, HANG);
    // As the body of a response does it.
    signal.addEventListener("abort", () => source.fail(signal.reason));
    const attempt = watchAttempt({ signal });
    const opening = openReply(source, attempt.call, details);
    expect(await isPending(opening)).toBe(before.length === 0);
    const waiting = opening.then(drain);
    expect(await isPending(waiting)).toBe(true);
    controller.abort(reason);
    expect(await rejectionOf(waiting)).toBe(signal.reason);
    expect(attempt.endings.map(({ outcome }) => outcome)).toEqual(["cancelled"]);
  }
});

test("cancel ends the waiting and closes the source, once", async () => {
  const { opening, attempt, source } = open([[say("a")], HANG]);
  const reply = await opening;
  reply.take();
  const waiting = reply.more();
  reply.cancel();
  reply.cancel();
  expect(await rejectionOf(waiting)).toMatchObject({ name: "AbortError" });
  expect(await reply.closed).toMatchObject({ outcome: "cancelled", tokens: { completionTokens: 1 }, estimated: true });
  expect(attempt.endings).toHaveLength(1);
  expect(source).toMatchObject({ cancels: 1, finishes: 0 });
});

test("what was read before a cancel is not handed out after it", async () => {
  const { opening } = open([[say("a"), say("b")], HANG]);
  const reply = await opening;
  expect(reply.take()).toEqual(say("a"));
  reply.cancel();
  expect(reply.take()).toBeUndefined();
  expect(await rejectionOf(reply.more())).toMatchObject({ name: "AbortError" });
});

test("an answer cancelled after its finish reason is not complete behind the caller's back", async () => {
  const { opening, attempt, source } = open([[say("a"), finish()], HANG]);
  const reply = await opening;
  reply.take();
  const waiting = reply.more();
  reply.cancel();
  expect(await rejectionOf(waiting)).toMatchObject({ name: "AbortError" });
  expect(await reply.closed).toMatchObject({ outcome: "cancelled" });
  expect(attempt.endings.map(({ outcome }) => outcome)).toEqual(["cancelled"]);
  expect(source.finishes).toBe(0);
});

test("who watches an answer may end it: the chunk that did it is shown, and nothing after it", async () => {
  const generated: number[] = [];
  const objection = new BusyError("Enough.");
  const watch = (_: unknown, { all }: { readonly all: number }) => {
    generated.push(all);
    return all >= 3 ? objection : undefined;
  };
  const { opening, attempt } = open([[role, say("a")], [say("b"), say("c"), say("d")], HANG], { watch });
  const reply = await opening;
  const shown: (string | undefined)[] = [];
  const read = async () => {
    do for (let chunk = reply.take(); chunk; chunk = reply.take()) shown.push(textOf([chunk]));
    while (await reply.more());
  };
  expect(await rejectionOf(read())).toBe(objection);
  expect(shown).toEqual(["", "a", "b", "c"]);
  expect(generated).toEqual([1, 2, 3]);
  expect(attempt.endings).toMatchObject([{ outcome: "failed", error: objection, tokens: { completionTokens: 3 } }]);
});

test("who watches an answer is not asked about what comes with its finish or after it", async () => {
  const watch = () => new BusyError("Enough.");
  const { opening } = open([[role, makeChunk({ content: "Hi" }, "stop"), say(" there")]], { watch });
  expect(textOf(await drain(await opening))).toBe("Hi there");
});
