import { expect, test } from "vitest";
import { createCompletionAssembler } from "../../../src/chat/assemble-completion.ts";
import type { ChatCompletionChunk, ChunkDelta } from "../../../src/chat/chat-response.ts";
import { createHoldBack } from "../../../src/chat/hold-back.ts";
import { BusyError } from "../../../src/error-family.ts";
import { createResilientClient, custom } from "../../../src/index.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { withPartial } from "../../../src/transport/hostile-answer.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";
import { makeChunk } from "../../support/wire-response.ts";

const chunk = (delta: ChunkDelta, finish: string | null = null) => makeChunk({ ...delta }, finish);
const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
const NOTHING = { content: "", reasoning_content: "" };

/** What comes of these chunks: what was shown at once, what was not, and the end. */
function hold(chunks: readonly ChatCompletionChunk[], allowEmpty = false) {
  const heldBack = createHoldBack({ toolCalls: "whole", allowEmpty, request: { messages: [] } });
  const shown = chunks.map((each) => {
    heldBack.note(each);
    return heldBack.show(each) !== undefined;
  });
  return { shown, heldBack, end: heldBack.conclude("lab (qwq)", {}) };
}

const refused = { code: "content_filter", retryable: false };

test.each<[string, ChunkDelta, string, boolean]>([
  ["and stopped", { refusal: "I cannot." }, "stop", false],
  ["and ran into the limit", { refusal: "I cannot" }, "length", false],
  ["after some thought", { refusal: "No.", reasoning_content: "hm" }, "stop", false],
  ["beside blanks", { refusal: "No.", content: "\n" }, "stop", false],
  ["where no text is required", { refusal: "No." }, "stop", true],
])("an answer is refused that only says why there is none: %s", (_, delta, finish, allowEmpty) => {
  expect(hold([chunk(delta), chunk({}, finish)], allowEmpty).end).toMatchObject({
    ...refused,
    message: "lab (qwq) refused to answer; what it said stands in error.partial.refusal.",
  });
});

test("a refusal beside text or a tool call is part of the answer", () => {
  const calls = [{ index: 0, id: "a", function: { name: "now", arguments: "{}" } }];
  for (const delta of [{ content: "Well." }, { tool_calls: calls }]) {
    expect(hold([chunk({ refusal: "No." }), chunk(delta), chunk({}, "stop")]).end).toBeInstanceOf(Array);
  }
});

test("an empty refusal, as many hosts send it, is none", () => {
  for (const refusal of ["", null]) {
    expect(hold([chunk({ refusal }), chunk({}, "stop")]).end).toMatchObject({ code: "empty_answer", kind: "nothing" });
    const assembler = createCompletionAssembler();
    for (const each of [chunk({ refusal, content: "Hi" }), chunk({}, "stop")]) assembler.add(each);
    expect(assembler.completion().choices[0]?.message).toEqual({ role: "assistant", content: "Hi" });
    expect(assembler.partial()).toEqual({ ...NOTHING, content: "Hi" });
  }
});

test("its pieces are added up, in the message and in what arrived so far", () => {
  const assembler = createCompletionAssembler();
  for (const each of [chunk({ refusal: "I can" }), chunk({ refusal: "not.", content: "Hi" }), chunk({}, "stop")])
    assembler.add(each);
  expect(assembler.partial()).toEqual({ content: "Hi", reasoning_content: "", refusal: "I cannot." });
  expect(assembler.completion().choices[0]?.message).toMatchObject({ content: "Hi", refusal: "I cannot." });
});

test("a caller finds it in the error, whole, however it came", async () => {
  for (const chunks of [
    [chunk({ refusal: "I can" }), chunk({ refusal: "not." }), chunk({}, "stop")],
    [chunk({ refusal: "I can" }), chunk({ refusal: "not." }, "stop")],
    [chunk({ refusal: "I cannot." }, "stop")],
  ]) {
    const stream = async function* () {
      yield* chunks;
    };
    const providers = [custom({ name: "mine", send: stream })];
    const clock = createVirtualClock();
    const call = createResilientClient({ clock, providers }).chat.completions.create(params);
    expect(await clock.run(rejectionOf(call))).toMatchObject({
      ...refused,
      partial: { ...NOTHING, refusal: "I cannot." },
    });
    const streamed = createResilientClient({ clock, providers }).chat.completions.create({ ...params, stream: true });
    const read = async () => {
      for await (const _ of await streamed);
    };
    expect(await clock.run(rejectionOf(read()))).toMatchObject({
      ...refused,
      partial: { ...NOTHING, refusal: "I cannot." },
    });
  }
});

test("what came with the finish or after it was not shown, and is known at the end", () => {
  const { shown, heldBack } = hold([
    chunk({ content: "a", reasoning_content: "x" }),
    chunk({ content: "b" }, "stop"),
    chunk({ content: "c", reasoning_content: "y", refusal: "d" }),
  ]);
  expect(shown).toEqual([true, false, false]);
  expect(heldBack.unshown()).toEqual({ content: "bc", reasoning_content: "y", refusal: "d" });
  expect(heldBack.unshown()).toEqual({ content: "bc", reasoning_content: "y", refusal: "d" });
  expect(hold([chunk({ content: "a" })]).heldBack.unshown()).toEqual(NOTHING);
});

test("an error knows what was not shown, and stays itself where that is nothing", () => {
  const busy = new BusyError("busy", { provider: "lab", status: 503, cause: new Error("why") });
  expect(withPartial(busy, NOTHING)).toBe(busy);
  for (const partial of [
    { ...NOTHING, content: "a" },
    { ...NOTHING, reasoning_content: "a" },
    { ...NOTHING, refusal: "a" },
  ]) {
    const error = withPartial(busy, partial);
    expect(error).toMatchObject({ code: "busy", message: "busy", provider: "lab", status: 503, partial });
    expect((error.cause as Error).message).toBe("why");
    expect(JSON.stringify(error)).not.toContain('"partial"');
    // What was shown is known where it is consumed; somebody else's count of it would be told twice.
    expect(withPartial(error, NOTHING).partial).toEqual(NOTHING);
  }
  expect(busy.partial).toBeUndefined();
});
