import fc from "fast-check";
import { expect, test } from "vitest";
import { createCompletionAssembler } from "../../../src/chat/assemble-completion.ts";
import { type ChatCompletionChunk, WAS_THINKING } from "../../../src/chat/chat-response.ts";
import { createHoldBack } from "../../../src/chat/hold-back.ts";
import { separateThinking } from "../../../src/providers/separate-thinking.ts";
import { createDecoder } from "../../../src/providers/wire-format.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { makeChunk, makeCompletion } from "../../support/wire-response.ts";

const details = { provider: "lab", model: "qwq", status: 200, requestId: "trace-1" };
const context = { ...details, secrets: [] };
type Options = Partial<Parameters<typeof separateThinking>[1]>;

const decoder = (options: Options = {}) =>
  separateThinking(createDecoder(context), {
    tags: "auto",
    isUnseen: () => true,
    who: "lab (qwq)",
    details,
    ...options,
  });

/** The message these chunks make, on the way a call has them: judged, held back and put together. */
function messageOf(chunks: readonly ChatCompletionChunk[], offersTools = false) {
  const heldBack = createHoldBack({
    toolCalls: "whole",
    allowEmpty: false,
    request: { messages: [], tools: offersTools ? [{ type: "function", function: { name: "weather" } }] : [] },
  });
  const assembler = createCompletionAssembler();
  for (const chunk of chunks) {
    heldBack.note(chunk);
    const shown = heldBack.show(chunk);
    if (shown) assembler.add(shown);
  }
  const concluded = heldBack.conclude("lab (qwq)", details);
  if (concluded instanceof Error) return concluded;
  for (const chunk of concluded) assembler.add(chunk);
  return assembler.completion().choices[0]?.message;
}

const say = (content: string) => makeChunk({ content });
const stop = makeChunk({}, "stop");

/** The answer of a stream of these chunks. */
function answer(chunks: readonly unknown[], options: Options = {}) {
  const { chunk } = decoder(options);
  return messageOf(chunks.map(chunk));
}

const hello = { role: "assistant", content: "Hello", reasoning_content: "hm" };

test.each([
  ["between tags", ["<think>hm", "</think>\n\nHello"]],
  ["between tags in many pieces", [..."<think>hm</think>\n\nHello"]],
])("thinking %s moves to where DeepSeek has it, in streams of both kinds", (_, pieces) => {
  for (const unseen of [true, false]) {
    for (const tags of ["auto", "implicit"] as const) {
      expect(answer([...pieces.map(say), stop], { isUnseen: () => unseen, tags })).toEqual(hello);
    }
  }
});

test("a whole body is separated like a stream", () => {
  for (const unseen of [true, false]) {
    const body = (content: string, more: object = {}, tags: "auto" | "implicit" = "auto") =>
      messageOf(decoder({ isUnseen: () => unseen, tags }).completion(makeCompletion({ content, ...more })));
    expect(body("<think>hm</think>\n\nHello")).toEqual(hello);
    expect(body("hm\n</think>\n\nHello")).toEqual({ ...hello, reasoning_content: "hm\n" });
    expect(body("hm</think>Hello", {}, "implicit")).toEqual(hello);
    expect(body("Hello")).toEqual({ role: "assistant", content: "Hello" });
    expect(body("<think>x</think>Hello", { reasoning_content: "hm" })).toEqual({
      ...hello,
      content: "<think>x</think>Hello",
    });
  }
});

test("where nothing was delivered, text that turns out to be thinking is taken back", () => {
  const chunks = [say("h"), say("m\n</thi"), say("nk>\nHel"), say("lo"), stop];
  expect(answer(chunks)).toEqual({ ...hello, reasoning_content: "hm\n" });
  const { chunk } = decoder();
  expect(chunks.map((each) => Boolean(chunk(each).choices[0]?.delta[WAS_THINKING]))).toEqual([
    false,
    false,
    true,
    false,
    false,
  ]);
});

test("where it was delivered, the answer fails, and says what helps", () => {
  const { chunk } = decoder({ isUnseen: () => false });
  chunk(say("hm"));
  const error = thrownBy(() => chunk(say("\n</think>\nHello")));
  expect(error).toMatchObject({
    ...details,
    code: "malformed_output",
    message:
      'lab (qwq) thinks aloud, and opens no <think>: its text was thinking. Set thinkTags: "implicit" at its provider.',
  });
});

test("of which nothing was delivered yet needs no taking back, live or not", () => {
  expect(answer([say("hm\n</think>\nHello"), stop], { isUnseen: () => false })).toEqual({
    ...hello,
    reasoning_content: "hm\n",
  });
});

test("an answer that is nothing but thinking is empty, however its thinking was marked", () => {
  for (const pieces of [["<think>hm</think>\n"], ["<think>h", "m"], ["hm", "\n</think>\n"], ["hm\n</think>"]]) {
    expect(answer([...pieces.map(say), stop])).toMatchObject({ code: "empty_answer", kind: "reasoning_only" });
  }
});

test("text taken back beside a tool call is taken back all the same", () => {
  const calls = [{ index: 0, id: "a", type: "function", function: { name: "now", arguments: "{}" } }];
  const chunks = [say("hm\n"), makeChunk({ content: "</think>", tool_calls: calls }), makeChunk({}, "tool_calls")];
  expect(answer(chunks)).toMatchObject({ content: "", reasoning_content: "hm\n", tool_calls: [{ id: "a" }] });
});

test("what was held back is given out before a tool call, a finish, and thinking of the host's own", () => {
  const calls = [{ index: 0, id: "a", type: "function", function: { name: "now", arguments: "{}" } }];
  for (const next of [{ tool_calls: calls }, { reasoning_content: "x" }]) {
    const { chunk } = decoder({ isUnseen: () => false });
    chunk(say("a <"));
    expect(chunk(makeChunk(next)).choices[0]?.delta).toMatchObject({ ...next, content: "<" });
  }
  for (const finish of ["stop", "length", "content_filter"]) {
    const { chunk } = decoder({ isUnseen: () => false });
    chunk(say("a </thi"));
    expect(chunk(makeChunk({}, finish)).choices[0]).toMatchObject({
      delta: { content: "</thi" },
      finish_reason: finish,
    });
  }
});

test("a host that separates thinking by itself is left alone, tags in its text and all", () => {
  const { chunk } = decoder({ tags: "implicit", isUnseen: () => false });
  const chunks = [
    makeChunk({ role: "assistant", content: "" }),
    makeChunk({ content: null, reasoning_content: "hm" }),
    say("<think> is a tag.\n</think>\nToo."),
  ];
  for (const each of chunks) expect(chunk(each)).toEqual(each);
});

test("chunks that need no change are handed on as they are", () => {
  const plain = { chunk: (json: unknown) => json as ChatCompletionChunk, completion: () => [] };
  const { chunk } = separateThinking(plain, { tags: "auto", isUnseen: () => false, who: "lab", details });
  for (const each of [makeChunk({ role: "assistant" }), say("Hello"), makeChunk({}, null, { choices: [] }), stop]) {
    expect(chunk(each)).toBe(each);
  }
});

test("an implicit answer that never closed was all text, also when its finish comes twice", () => {
  for (const finishes of [[stop], [stop, stop], [makeChunk({ content: "" }, "stop"), stop]]) {
    expect(answer([say("Hel"), say("lo"), ...finishes], { tags: "implicit" })).toMatchObject({ content: "Hello" });
  }
  expect(answer([say("hm"), makeChunk({}, "length")], { tags: "implicit" })).toMatchObject({
    content: "",
    reasoning_content: "hm",
  });
});

test("any answer, in whatever pieces, is the same message that one body makes, and live the same or an error", () => {
  const part = fc.constantFrom("<think>", "</think>", "\n", " ", "a", "bc", "</", "<", "`</think>`", "\n</think>\n");
  fc.assert(
    fc.property(
      fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { maxLength: 8 }),
      fc.constantFrom("auto" as const, "implicit" as const),
      (parts, tags) => {
        const pieces = parts.map((each) => each.join(""));
        const body = makeCompletion({ content: pieces.join("") });
        const whole = messageOf(decoder({ tags }).completion(body));
        const stream = [...pieces.map(say), stop];
        const streamed = answer(stream, { tags });
        if (whole instanceof Error) {
          expect(streamed).toMatchObject({ code: "empty_answer" });
          return;
        }
        expect(streamed).toEqual(whole);
        let live: unknown;
        const error = thrownByOrNone(() => {
          live = answer(stream, { tags, isUnseen: () => false });
        });
        if (error) expect(error).toMatchObject({ code: "malformed_output" });
        else expect(live).toEqual(whole);
      },
    ),
    { numRuns: 2_000 },
  );
});

function thrownByOrNone(action: () => void): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}

test("text is unsettled as long as it may turn out to have been thinking, which nothing can that somebody has seen", () => {
  const after = (pieces: readonly object[], options: Options = {}) => {
    const made = decoder(options);
    for (const piece of pieces) made.chunk(makeChunk({ ...piece }));
    return made.isUnsettled;
  };
  const text = { content: "Hello" };
  expect(after([text])).toBe(true);
  expect(after([text], { tags: "implicit" })).toBe(true);
  expect(after([{ content: "<think>hm</think>" }, text])).toBe(false);
  expect(after([{ reasoning_content: "hm" }, text])).toBe(false);
  expect(after([text], { isUnseen: () => false })).toBe(false);
});
