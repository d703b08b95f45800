import { expect, test } from "vitest";
import { type ChunkDelta, WAS_THINKING } from "../../../src/chat/chat-response.ts";
import { createContinuation } from "../../../src/chat/join-continuation.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { addEach, deliveredPart, joinContext, thinkingOf } from "../../support/joins.ts";
import { textOf } from "../../support/watched-attempt.ts";
import { makeChunk } from "../../support/wire-response.ts";

const chunk = (delta: ChunkDelta, finish: string | null = null, more: object = {}) =>
  makeChunk({ ...delta }, finish, { ...more });
const text = (content: string) => chunk({ content });
const finish = chunk({}, "stop");
const request = (fields: object) => joinContext({ request: fields as never });

/** No two of its pieces are alike. */
const LONG = Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join("");

function play(delivered: string, chunks: Parameters<typeof addEach>[1], context = joinContext(), reasoning = "") {
  const join = createContinuation(deliveredPart(delivered, reasoning), context);
  const steps = addEach(join, chunks);
  return { join, steps, shown: steps.flat(), text: textOf(steps.flat()) };
}

test("what goes on is shown at once, under the id of the first part and without another role", () => {
  const { steps, join } = play("Hello ", [
    chunk({ role: "assistant", content: "" }),
    chunk({ role: "assistant", content: "wor" }),
    text("ld"),
    finish,
  ]);
  expect(steps.map((step) => step.length)).toEqual([0, 1, 1, 1]);
  expect(steps.flat()).toMatchObject([
    { id: "first", created: 7, model: "deepseek-v4-flash", choices: [{ delta: { content: "wor" } }] },
    { id: "first", choices: [{ delta: { content: "ld" } }] },
    { choices: [{ finish_reason: "stop" }] },
  ]);
  expect(steps[1]?.[0]?.choices[0]?.delta).not.toHaveProperty("role");
  expect(join).toMatchObject({ isJoined: true, isDiverged: false, isOver: false, unjoined: [], reasoning: undefined });
});

test("where the first part had no id, each chunk keeps its own", () => {
  const join = createContinuation({ ...deliveredPart("a"), id: "" }, joinContext());
  expect(join.add(text("b"))).toEqual([text("b")]);
});

test("the end of the seam is never trimmed: a text may say again what stands right before it", () => {
  expect(play("ha ", ["ha ", "ha"].map(text)).text).toBe("ha ha");
  const rule = `${"-".repeat(60)}\n`;
  expect(play(rule, [text(rule), text("| a |")]).text).toBe(`${rule}| a |`);
});

test("up to 95 characters that equal the beginning are legitimate, and are shown as soon as they go on otherwise", () => {
  const repeated = LONG.slice(0, 95);
  const { steps } = play(LONG, [text(repeated.slice(0, 50)), text(repeated.slice(50)), text("!")]);
  expect(steps.map(textOf)).toEqual(["", "", `${repeated}!`]);
});

test("96 characters that equal the beginning are a new start: it is skipped, and what goes beyond it is shown", () => {
  const { text: shown, join } = play(LONG, [text(LONG.slice(0, 95)), text(LONG.slice(95)), text("more"), finish]);
  expect(shown).toBe("more");
  expect(join).toMatchObject({ isJoined: true, isDiverged: false });
});

test("the same in one piece, or with the new text in the piece that ends the old one", () => {
  expect(play(LONG, [text(`${LONG}more`)]).text).toBe("more");
  expect(play(LONG, [text(`${LONG.slice(0, 200)}`), text(`${LONG.slice(200)}more`)]).text).toBe("more");
});

test("a new start that says something else later on shows nothing, and is diverged", () => {
  const { shown, join } = play(LONG, [text(LONG.slice(0, 120)), text("other"), text("text"), finish]);
  expect(shown).toEqual([]);
  expect(join).toMatchObject({ isJoined: false, isDiverged: true });
  expect(play(LONG, [text(`${LONG.slice(0, 96)}other`)])).toMatchObject({ text: "", join: { isDiverged: true } });
});

test("a first part of fewer than 96 characters cannot be told from a repetition, and may be said again", () => {
  const short = LONG.slice(0, 95);
  expect(play(short, [text(short)]).text).toBe(short);
});

test("a repetition that is not decided when the answer ends was legitimate", () => {
  expect(play(LONG, [text("line 0"), finish]).text).toBe("line 0");
  expect(play(LONG, [chunk({ content: "line 0" }, "stop")]).text).toBe("line 0");
});

test("nothing is held before text comes: usage, thinking and unknown fields come when they come", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const others = [makeChunk({ note: 1 }), makeChunk({}, null, { choices: [], usage })];
  expect(play("", [chunk({ reasoning_content: "a" }), ...others]).shown.length).toBe(3);
  expect(play(LONG, others, request({ stop: "\nno" })).shown.length).toBe(2);
});

test("thinking goes on until text comes, and is dropped behind it, with what is about it", () => {
  const { shown } = play(
    "",
    [
      chunk({ reasoning_content: "one " }),
      makeChunk({ reasoning_content: "two", content: "Text", note: 1 }),
      makeChunk({ reasoning_content: "late", details: ["about it"] }),
      makeChunk({ reasoning_content: "late", content: ".", note: 2 }),
      chunk({ reasoning_content: "late" }, "stop"),
    ],
    joinContext(),
    "zero ",
  );
  expect(thinkingOf(shown)).toBe("one two");
  expect(shown.map(({ choices }) => choices[0]?.delta)).toEqual([
    { reasoning_content: "one " },
    { reasoning_content: "two", content: "Text", note: 1 },
    { content: ".", note: 2 },
    {},
  ]);
  expect(play("Text", [chunk({ reasoning_content: "late" })]).shown).toEqual([]);
  const call = { tool_calls: [{ index: 0, id: "a" }] };
  expect(play("Text", [chunk({ reasoning_content: "late", ...call })]).shown[0]?.choices[0]?.delta).toEqual(call);
});

test("thinking behind text that is still held is late too", () => {
  const { shown } = play(LONG, [text("line 0"), chunk({ reasoning_content: "late" }), text("!"), finish]);
  expect(thinkingOf(shown)).toBe("");
  expect(textOf(shown)).toBe("line 0!");
});

test("the news that all text was thinking is passed on, and leaves an answer without text", () => {
  const news = { content: "", reasoning_content: " thinking", [WAS_THINKING]: true } as const;
  const { shown } = play("It was", [chunk(news), text("Text"), finish]);
  expect(shown[0]?.choices[0]?.delta).toEqual(news);
  expect(play("It was", [chunk({ content: "", [WAS_THINKING]: true })]).shown.length).toBe(1);
  expect(thrownBy(() => play("It was", [chunk(news), finish]))).toMatchObject({ code: "empty_answer" });
});

test("a stop sequence over the seam ends the answer; of the rest, and of what follows, nothing is shown", () => {
  const { shown, join } = play("one\n", [text("\n"), text("two"), text("three"), finish], request({ stop: "\n\ntwo" }));
  expect(shown).toMatchObject([{ id: "first", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }]);
  expect(shown[0]).not.toHaveProperty("usage");
  expect(join.isOver).toBe(true);
});

test("text that may be the rest of a stop sequence is held, and shown as soon as it is not", () => {
  const { steps } = play("one\n", [text("\n"), text("t"), text("en")], request({ stop: ["\n\ntwo", "x"] }));
  expect(steps.map(textOf)).toEqual(["", "", "\nten"]);
  expect(play("one\n", [text("\n"), finish], request({ stop: "\n\ntwo" })).text).toBe("\n");
});

test("usage is that of the whole answer", () => {
  const usage = { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105 };
  const context = joinContext({
    before: { promptTokens: 40, cachedTokens: 0, completionTokens: 60, reasoningTokens: 0, isPromptCounted: true },
  });
  for (const [last] of [
    play("abc", [chunk({}, "stop", { usage })], context).shown,
    play(LONG, [text(LONG), chunk({}, "stop", { usage })], context).shown,
  ])
    expect(last?.usage).toEqual({ prompt_tokens: 40, completion_tokens: 65, total_tokens: 105 });
});

test.each([
  ["nothing but thinking", "", "hm", "reasoning_only"],
  ["nothing but blanks", " \n", "", "whitespace"],
])("an answer of %s is none, when it is called finished", (_, content, reasoning, kind) => {
  const failure = thrownBy(() => play(content, [finish], joinContext(), reasoning));
  expect(failure).toMatchObject({ code: "empty_answer", kind, provider: "lab", model: "lab-model" });
  expect((failure as Error).message).toBe("lab (lab-model) went on with the answer and finished it without any text.");
});

test("an answer without text is one where that is permitted, where it calls tools or refuses, and at its length", () => {
  const call = { index: 0, id: "a", type: "function", function: { name: "now", arguments: "{}" } } as const;
  expect(play("", [finish], joinContext({ allowEmpty: true }), "hm").shown.length).toBe(1);
  expect(play("", [chunk({ tool_calls: [call] }), finish], joinContext(), "hm").shown.length).toBe(2);
  expect(play("", [chunk({ refusal: "no" }, "stop")], joinContext(), "hm").shown.length).toBe(1);
  expect(play("", [chunk({}, "length")], joinContext(), "hm").shown.length).toBe(1);
});

test("text counts that came in an earlier part, or in this one", () => {
  expect(play("a", [finish]).shown.length).toBe(1);
  expect(play(" ", [text("a"), finish]).shown.length).toBe(2);
  expect(play(LONG, [text(LONG), finish]).shown.length).toBe(1);
});

const json = { response_format: { type: "json_object" } };

test("in JSON mode the whole must be JSON when it is called finished", () => {
  expect(play('{"a":', [text("1}"), finish], request(json)).text).toBe("1}");
  const failure = thrownBy(() => play('{"a":', [text('{"a":1}'), finish], request(json)));
  expect(failure).toMatchObject({ code: "malformed_output", provider: "lab", model: "lab-model" });
  expect((failure as Error).message).toBe("lab (lab-model) went on with the answer, and the whole is no JSON.");
  expect(play('{"a":', [text("1"), chunk({}, "length")], request(json)).text).toBe("1");
  expect(play('{"a":', [text("x"), finish], request({ response_format: { type: "text" } })).text).toBe("x");
});

test("what is skipped of a new start is a part of the whole, and no second one", () => {
  const array = JSON.stringify([...LONG]);
  expect(
    play(array.slice(0, 200), [text(array.slice(0, 100)), text(array.slice(100)), finish], request(json)).text,
  ).toBe(array.slice(200));
  const chunks = [text(array.slice(0, 100)), text(array.slice(100)), text("?"), finish];
  expect(thrownBy(() => play(array.slice(0, 200), chunks, request(json)))).toMatchObject({ code: "malformed_output" });
});

test("in JSON mode the caller's own prefix is a part of the whole", () => {
  const messages = (content: string | null, prefix = true) => ({
    ...json,
    messages: [{ role: "assistant", content, prefix }],
  });
  expect(play('"a":', [text("1}"), finish], request(messages("{"))).text).toBe("1}");
  expect(play('{"a":', [text("1}"), finish], request(messages(null))).text).toBe("1}");
  expect(thrownBy(() => play('"a":', [text("1}"), finish], request(messages("{", false))))).toMatchObject({
    code: "malformed_output",
  });
});

test("an answer that is over takes nothing more", () => {
  const { join } = play("a", [text("b")], request({ stop: "ab" }));
  expect(join.add(text("c"))).toEqual([]);
  expect(join.add(finish)).toEqual([]);
});
