import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChunkDelta, WAS_THINKING } from "../../../src/chat/chat-response.ts";
import { MARKUP } from "../../../src/chat/detect-markup.ts";
import { createHoldBack } from "../../../src/chat/hold-back.ts";
import { MarkupHolder } from "../../../src/chat/hold-markup.ts";
import { makeChunk } from "../../support/wire-response.ts";

const part = fc.oneof(
  fc.constantFrom(
    "<｜DSML｜invoke",
    "<|tool_calls_begin|>",
    "< | DSML | tool_use>",
    "`",
    "<",
    "｜",
    "DSML",
    "a < b",
    " ",
  ),
  fc.string({ maxLength: 12 }),
);

test("in whatever pieces it comes, no markup is shown before the end, and nothing is lost or moved", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.array(fc.nat({ max: 80 })), (parts, cuts) => {
      const text = parts.join("");
      const places = [0, ...cuts.filter((cut) => cut < text.length), text.length].sort((a, b) => a - b);
      const holder = new MarkupHolder();
      let shown = "";
      for (const [index, end] of places.slice(1).entries()) shown += holder.add(text.slice(places[index], end), false);
      expect(text.startsWith(shown)).toBe(true);
      expect(MARKUP.test(` ${shown}`)).toBe(false);
      const leak = MARKUP.exec(` ${text}`);
      // Up to a leak everything is shown; without one, all but what may still become one.
      if (leak) expect(shown).toBe(text.slice(0, leak.index));
      else expect(text.length - shown.length).toBeLessThanOrEqual(32);
      expect(shown + holder.add("", true)).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test("text without a bracket passes as it is", () => {
  expect(["Hello", " there", ""].map((text) => new MarkupHolder().add(text, false))).toEqual(["Hello", " there", ""]);
});

const TOOL = { type: "function", function: { name: "now" } } as const;

function show(offersTools: boolean, ...deltas: readonly ChunkDelta[]) {
  const tools = offersTools ? [TOOL] : [];
  const holder = createHoldBack({ toolCalls: "whole", allowEmpty: false, request: { messages: [], tools } });
  const texts = deltas.map((delta) => {
    const chunk = makeChunk({ ...delta }); // A spread keeps symbols.
    holder.note(chunk);
    const shown = holder.show(chunk)?.choices[0]?.delta;
    return [shown?.content, shown?.reasoning_content];
  });
  const finish = makeChunk({}, "stop");
  holder.note(finish);
  holder.show(finish);
  return { texts, ending: holder.conclude("deepseek", {}) };
}

test("where tools were offered, the text in front of leaking markup is shown, and the markup is not", () => {
  const leak = [{ content: "Let me see.\n<｜DS" }, { content: "ML｜invoke name=" }, { content: '"now">' }];
  const { texts, ending } = show(true, ...leak);
  expect(texts.map(([content]) => content)).toEqual(["Let me see.\n", "", ""]);
  expect(ending).toMatchObject({ code: "malformed_output" });
  expect(show(false, ...leak).texts.map(([content]) => content)).toEqual(leak.map(({ content }) => content));
});

test("what only looked like it is shown with what follows, or with the finish", () => {
  expect(show(true, { content: "a <" }, { content: " b" }).texts).toEqual([
    ["a ", undefined],
    ["< b", undefined],
  ]);
  const { ending } = show(true, { content: "a <" });
  expect(ending).toMatchObject([{ choices: [{ delta: { content: "<" }, finish_reason: "stop" }] }]);
});

test("what comes behind a finish is not held: there may be nothing more", () => {
  const holder = createHoldBack({ toolCalls: "whole", allowEmpty: false, request: { messages: [], tools: [TOOL] } });
  for (const chunk of [makeChunk({ content: "a" }), makeChunk({}, "stop"), makeChunk({ content: " <" })]) {
    holder.note(chunk);
    holder.show(chunk);
  }
  expect(holder.conclude("deepseek", {})).toMatchObject([{}, { choices: [{ delta: { content: " <" } }] }]);
});

test("what was held of a text that turns out to be thinking is thinking", () => {
  const { texts } = show(true, { content: "I call <｜DSML｜invoke" }, { content: "Hi", [WAS_THINKING]: true as const });
  expect(texts).toEqual([
    ["I call ", undefined],
    ["Hi", "<｜DSML｜invoke"],
  ]);
});
