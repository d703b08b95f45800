import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatCompletionChunk } from "../../../src/chat/chat-response.ts";
import { createHoldBack, type HoldBackOptions } from "../../../src/chat/hold-back.ts";
import { cutAt, thinkingOf } from "../../support/joins.ts";
import { textOf } from "../../support/watched-attempt.ts";
import { makeChunk } from "../../support/wire-response.ts";

const [HIGH, LOW] = ["\ud83d", "\ude00"] as const;
const text = (content: string, finish: string | null = null) => makeChunk({ content }, finish);
const call = { index: 0, id: "a", type: "function", function: { name: "now", arguments: "{}" } } as const;

/** What is shown of these chunks one by one, and at the end. */
function hold(chunks: readonly ChatCompletionChunk[], options: Partial<HoldBackOptions> = {}) {
  const heldBack = createHoldBack({ toolCalls: "whole", allowEmpty: false, request: { messages: [] }, ...options });
  const shown = chunks.map((chunk) => {
    heldBack.note(chunk);
    return heldBack.show(chunk);
  });
  const end = heldBack.conclude("lab (m)", {});
  const all = [...shown, ...(Array.isArray(end) ? end : [])].filter((chunk) => chunk !== undefined);
  return { shown, end, all, heldBack };
}

test("no half of a character is shown: it comes with its other half, and its chunk keeps everything else", () => {
  const last = text("c");
  const { shown } = hold([makeChunk({ content: `a${HIGH}`, note: 1 }), text(`${LOW}b`), last]);
  expect(shown[2]).toBe(last);
  expect(shown).toEqual([makeChunk({ content: "a", note: 1 }), text("😀b"), text("c")]);
});

test("a chunk of nothing but a half still comes, and one without text brings no field it did not have", () => {
  const { shown } = hold([text(HIGH), makeChunk({ note: 1 }), makeChunk({ content: null }), text(LOW)]);
  expect(shown).toEqual([text(""), makeChunk({ note: 1 }), makeChunk({ content: null }), text("😀")]);
  const { shown: thought } = hold([makeChunk({ reasoning_content: HIGH }), makeChunk({ reasoning_content: LOW })]);
  expect(thought).toEqual([makeChunk({ reasoning_content: "" }), makeChunk({ reasoning_content: "😀" })]);
});

test("text and thinking are told apart, and a half of one does not hold the other back", () => {
  const { shown } = hold([
    makeChunk({ reasoning_content: HIGH }),
    text(`x${HIGH}`),
    makeChunk({ reasoning_content: `${LOW}y` }),
    text(LOW),
  ]);
  expect(shown.map((chunk) => chunk?.choices[0]?.delta)).toEqual([
    { reasoning_content: "" },
    { content: "x" },
    { reasoning_content: "😀y" },
    { content: "😀" },
  ]);
});

test("a chunk without a choice does not disturb a half that waits", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const counted = makeChunk({}, null, { choices: [], usage });
  expect(hold([text(HIGH), counted, text(LOW)]).shown).toEqual([text(""), counted, text("😀")]);
});

test("a half at the end of a finished answer is the server's own word, and comes with the finish", () => {
  for (const chunks of [
    [text(`a${HIGH}`), text("", "stop")],
    [text(`a${HIGH}`), makeChunk({}, "stop")],
    [text(`a${HIGH}`, "stop")],
  ])
    expect(textOf(hold(chunks).all)).toBe(`a${HIGH}`);
});

test("at the length of an answer a half is nothing: from there nobody could go on", () => {
  for (const chunks of [
    [text(`a${HIGH}`), makeChunk({}, "length")],
    [text(`a${HIGH}`, "length")],
    [makeChunk({ reasoning_content: `a${HIGH}` }, "length")],
  ]) {
    const { all } = hold(chunks);
    expect(textOf(all) + thinkingOf(all)).toBe("a");
  }
});

test("tool calls are taken out of a chunk whose text ends in a half, too", () => {
  const { shown } = hold([makeChunk({ content: `a${HIGH}`, tool_calls: [call] }), makeChunk({ tool_calls: [call] })]);
  expect(shown).toEqual([text("a"), undefined]);
});

test("wherever an answer is cut, nothing shown holds half a character, and all of it is shown", () => {
  const mixed = fc.string({ unit: fc.constantFrom("a", "服", "😀", "👩‍🚀", "𝒳"), maxLength: 30 });
  const places = fc.array(fc.nat(60), { maxLength: 20 });
  fc.assert(
    fc.property(mixed, mixed, places, places, fc.boolean(), (thought, said, cuts, others, isAtOnce) => {
      const thoughts = thought ? cutAt(thought, cuts).map((piece) => makeChunk({ reasoning_content: piece })) : [];
      const pieces = said ? cutAt(said, others).map((content) => text(content)) : [];
      const last = isAtOnce ? pieces.pop() : undefined;
      const finish = { ...(last?.choices[0]?.delta ?? {}) };
      const { shown, all } = hold([...thoughts, ...pieces, makeChunk(finish, "stop")], { allowEmpty: true });
      for (const chunk of shown) {
        const { content, reasoning_content: reasoning } = chunk?.choices[0]?.delta ?? {};
        expect((content ?? "").isWellFormed() && (reasoning ?? "").isWellFormed()).toBe(true);
      }
      expect(textOf(all)).toBe(said);
      expect(thinkingOf(all)).toBe(thought);
    }),
  );
});

test("what was held back of an answer that failed is known at its end, but for half a character", () => {
  const { heldBack } = hold([text(`a${HIGH}`), text("b", "content_filter"), text("c")]);
  expect(heldBack.unshown()).toEqual({ content: `${HIGH}bc`, reasoning_content: "" });
});

test("it knows whether pieces of tool calls came, and how much was generated", () => {
  expect(hold([text("a")]).heldBack).toMatchObject({ hasToolCalls: false, characters: 1, hasFinish: false });
  for (const pieces of [[call], [{ index: 0 }], [null], [{ index: 999 }]]) {
    expect(hold([makeChunk({ tool_calls: pieces })]).heldBack.hasToolCalls, JSON.stringify(pieces)).toBe(true);
  }
  expect(hold([makeChunk({ tool_calls: [] })]).heldBack.hasToolCalls).toBe(false);
});

test("tokens are estimated: one a chunk, or 0.3 a character where that is more, thinking apart", () => {
  const { heldBack } = hold([makeChunk({ reasoning_content: "x".repeat(100) }), text("a"), text("b"), makeChunk({})]);
  expect(heldBack.tokens).toEqual({ all: 31, thinking: 30 });
  expect(hold([..."abcdef"].map((letter) => text(letter))).heldBack.tokens).toEqual({ all: 6, thinking: 0 });
  const thoughts = [..."abc"].map((letter) => makeChunk({ reasoning_content: letter }));
  expect(hold([...thoughts, text("d")]).heldBack.tokens).toEqual({ all: 4, thinking: 3 });
  expect(hold([makeChunk({ tool_calls: [call] })]).heldBack.tokens).toEqual({ all: 1, thinking: 0 });
});

const tools = [{ type: "function", function: { name: "look" } }] as const;
const MARKUP = ["Let me see. <｜DS", "ML｜function_calls>"] as const;

test("a tool call as text that began before the seam is found behind it, where tools are offered", () => {
  const play = (content: string | null, said: string, offered: HoldBackOptions["request"]["tools"] = tools) =>
    hold([text(said), text("", "stop")], {
      request: { tools: offered, messages: [{ role: "assistant", content, prefix: true }] },
    }).end;
  expect(play(MARKUP[0], MARKUP[1])).toMatchObject({ code: "malformed_output" });
  expect(play(null, MARKUP.join(""))).toMatchObject({ code: "malformed_output" });
  expect(play("Let me see. <", "b>")).toBeInstanceOf(Array);
  expect(play(MARKUP[0], MARKUP[1], [])).toBeInstanceOf(Array);
  const user = hold([text(MARKUP[1]), text("", "stop")], {
    request: { tools, messages: [{ role: "user", content: MARKUP[0] }] },
  });
  expect(user.end).toBeInstanceOf(Array);
});
