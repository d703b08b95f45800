import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChunkDelta, WAS_THINKING } from "../../../src/chat/chat-response.ts";
import { createMarkupDetector } from "../../../src/chat/detect-markup.ts";
import { createEvidence } from "../../../src/chat/gather-evidence.ts";
import { judgeCompletion } from "../../../src/chat/judge-completion.ts";
import { makeChunk } from "../../support/wire-response.ts";

function isSeen(...pieces: readonly string[]): boolean {
  const detect = createMarkupDetector();
  let seen = false;
  for (const piece of pieces) seen = detect(piece);
  return seen;
}

const MARKUP = [
  "<｜DSML｜function_calls>",
  "<｜DSML｜tool_calls>",
  '<｜DSML｜invoke name="now">',
  "<|DSML|invoke",
  "<|DSML|function_calls",
  "<｜tool▁calls▁begin｜>",
  "<｜tool▁call▁begin｜>",
  "<|tool_calls_begin|>",
  "<|tool_call_begin|>",
  // As they were seen to leak, with other bars and blanks.
  "<‖DSML‖tool_calls>",
  "<｜｜DSML｜｜invoke",
  "<||DSML||tool_calls>",
  "< | DSML | tool_use>",
  '<｜DSML｜parameter name="city" string="true">',
] as const;
const LONG = "Once upon a time there was a whale who lived in the deep sea. ";

test.each(MARKUP)("a tool call as the model writes it is found, wherever it stands and is cut: %s", (markup) => {
  for (const before of ["", "\n", "Let me see.", LONG, `${LONG}\n\n`]) {
    const text = `${before}${markup} and more`;
    expect(isSeen(text)).toBe(true);
    expect(isSeen(...text)).toBe(true);
    for (let cut = 0; cut <= text.length; cut++) expect(isSeen(text.slice(0, cut), text.slice(cut))).toBe(true);
  }
});

test.each(MARKUP)("quoted, it is what the text is about: %s", (markup) => {
  for (const quote of ["`", "'", '"', "```"]) {
    for (const before of ["", "The tag ", LONG]) {
      const text = `${before}${quote}${markup}${quote} is how ${LONG}`;
      expect(isSeen(text)).toBe(false);
      expect(isSeen(...text)).toBe(false);
      for (let cut = 0; cut <= text.length; cut++) expect(isSeen(text.slice(0, cut), text.slice(cut))).toBe(false);
    }
  }
});

test.each([
  "",
  "<",
  "a < b",
  "<｜DSML｜>",
  "</｜DSML｜invoke>",
  "<｜｜｜DSML｜｜｜invoke",
  "<｜end▁of▁sentence｜>",
  "｜DSML｜invoke",
  "<DSML|invoke",
  "<tool_call>",
  "<invoke name=",
])("anything else is text: %j", (text) => {
  expect(isSeen(text)).toBe(false);
  expect(isSeen(...text, LONG)).toBe(false);
});

test("once seen it stays seen", () => {
  expect(isSeen("<|DSML|invoke", LONG, "")).toBe(true);
});

test("any text, in whatever pieces, gives the same verdict", () => {
  const part = fc.oneof(
    fc.constantFrom(...MARKUP, "`", '"', "<", "｜", "DSML", "invoke", " "),
    fc.string({ maxLength: 40 }),
    fc.constant("x".repeat(31)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.array(fc.nat({ max: 200 })), (parts, cuts) => {
      const text = parts.join("");
      const places = [0, ...cuts.filter((cut) => cut < text.length), text.length].sort((a, b) => a - b);
      const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
      expect(isSeen(...pieces)).toBe(isSeen(text));
    }),
    { numRuns: 2_000 },
  );
});

/** The error of an answer of these deltas. */
const TOOL = { type: "function", function: { name: "now" } } as const;

function judge(offersTools: boolean, finish: string, ...deltas: readonly ChunkDelta[]) {
  const evidence = createEvidence({ messages: [], tools: offersTools ? [TOOL] : [] });
  // A spread keeps symbols.
  for (const delta of deltas) evidence.note(makeChunk({ ...delta }));
  evidence.note(makeChunk({}, finish));
  return judgeCompletion(evidence.conclude(false), "deepseek (deepseek-flash)", {});
}

const calledWith = (text: string) => ({
  tool_calls: [{ index: 0, id: "a", function: { name: "now", arguments: text } }],
});
const split = [{ content: "Sure.\n<｜DSML｜func" }, { content: "tion_calls>" }] as const;

test("an answer that holds a tool call as text is malformed, where tools were offered", () => {
  for (const finish of ["stop", "tool_calls", "length"]) {
    expect(judge(true, finish, ...split)).toMatchObject({
      code: "malformed_output",
      message: "deepseek (deepseek-flash) sent a tool call as text.",
    });
  }
  expect(judge(false, "stop", ...split)).toBeUndefined();
});

test("other ends of an answer are told as what they are, markup or not", () => {
  expect(judge(true, "content_filter", ...split)).toMatchObject({ code: "content_filter" });
  expect(judge(true, "aborted", ...split)).toMatchObject({ code: "busy" });
});

test("beside a call that was recognized it is text", () => {
  expect(judge(true, "tool_calls", ...split, calledWith('{"zone":"UTC"}'))).toBeUndefined();
});

test.each(["{}", "", " { } "])(
  "beside a call without arguments, these may be what was left in the text: %j",
  (text) => {
    expect(judge(true, "tool_calls", ...split, calledWith(text))).toMatchObject({ code: "malformed_output" });
    expect(judge(true, "tool_calls", { content: "Sure." }, calledWith(text))).toBeUndefined();
  },
);

test("thinking that holds a tool call, and nothing behind it, has lost that call", () => {
  const [one, two] = split;
  const thought = [{ reasoning_content: one.content }, { reasoning_content: two.content }];
  const lost = {
    code: "malformed_output",
    message: "deepseek (deepseek-flash) sent a tool call within its thinking.",
  };
  expect(judge(true, "stop", ...thought)).toMatchObject(lost);
  expect(judge(true, "stop", ...split, { [WAS_THINKING]: true as const })).toMatchObject(lost);
  expect(judge(false, "stop", ...thought)).toMatchObject({ code: "empty_answer", kind: "reasoning_only" });
  expect(judge(true, "length", ...thought)).toBeUndefined();
});

test("in thinking it is no answer's: neither there, nor in text that turns out to be thinking", () => {
  const [one, two] = split;
  const thought = [{ reasoning_content: one.content }, { reasoning_content: two.content }];
  expect(judge(true, "stop", ...thought, { content: "Hi" })).toBeUndefined();
  const retraction = { content: "Hi", [WAS_THINKING]: true as const };
  expect(judge(true, "stop", ...split, retraction)).toBeUndefined();
  expect(judge(true, "stop", ...split, retraction, ...split)).toMatchObject({ code: "malformed_output" });
  // What is left of the thinking and the beginning of the text are no one text.
  expect(judge(true, "stop", one, { ...two, [WAS_THINKING]: true })).toBeUndefined();
});
