import fc from "fast-check";
import { expect, test } from "vitest";
import { createSkip } from "../../../src/chat/skip-delivered.ts";
import { addEach, cutAt, deliveredPart, thinkingOf } from "../../support/joins.ts";
import { textOf } from "../../support/watched-attempt.ts";
import { makeChunk } from "../../support/wire-response.ts";

const text = (content: string) => makeChunk({ content });
const finish = makeChunk({}, "stop");
const call = { index: 0, id: "a", type: "function", function: { name: "now", arguments: "{}" } } as const;

function play(content: string, chunks: Parameters<typeof addEach>[1], reasoning = "") {
  const join = createSkip(deliveredPart(content, reasoning));
  const steps = addEach(join, chunks);
  return { join, steps, shown: steps.flat(), text: textOf(steps.flat()) };
}

test("what was delivered is skipped, and what goes beyond it is shown at once, under the id of the first part", () => {
  const { steps, join } = play("Hello", [
    makeChunk({ role: "assistant", content: "" }),
    text("Hel"),
    text("lo wor"),
    text("ld"),
    finish,
  ]);
  expect(steps.map((step) => textOf(step))).toEqual(["", "", " wor", "ld", ""]);
  expect(steps.slice(0, 2)).toEqual([[], []]);
  expect(steps.flat()).toMatchObject([
    { id: "first", created: 7, choices: [{ delta: { content: " wor" } }] },
    { id: "first", choices: [{ delta: { content: "ld" } }] },
    { id: "first", choices: [{ finish_reason: "stop" }] },
  ]);
  expect(join).toMatchObject({ isJoined: true, isDiverged: false, isOver: false, unjoined: [], reasoning: undefined });
});

test("a chunk that says only what was delivered leaves nothing, and the next one is shown whole", () => {
  expect(play("Hello", [text("Hello"), text("!")]).steps).toEqual([[], [{ ...text("!"), id: "first", created: 7 }]]);
});

test("what else comes with the text that ends the delivered one is shown", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const [shown] = play("Hello", [makeChunk({ content: "Hello", note: 1 }, "stop", { usage })]).shown;
  expect(shown).toMatchObject({ usage, choices: [{ delta: { content: "", note: 1 }, finish_reason: "stop" }] });
});

test("at the first difference it is another answer: nothing is shown, and all of it is kept", () => {
  const chunks = [makeChunk({ role: "assistant", content: "" }), text("Hel"), text("p me"), text("more")];
  const { shown, join } = play("Hello", chunks);
  expect(shown).toEqual([]);
  expect(join).toMatchObject({ isJoined: false, isDiverged: true });
  expect(join.unjoined).toEqual(chunks);
  expect(join.add(text("lo"))).toEqual([]);
  expect(join.isJoined).toBe(false);
});

test.each([
  ["ends", finish],
  ["calls a tool", makeChunk({ tool_calls: [call] })],
])("one that %s before it has said all is another answer too", (_, chunk) => {
  const { join } = play("Hello", [text("Hel"), chunk]);
  expect(join.isDiverged).toBe(true);
  expect(join.unjoined).toEqual([text("Hel"), chunk]);
});

test("until it is joined, chunks without a choice, and those with an empty list of tool calls, are kept and shown never", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const counted = makeChunk({}, null, { choices: [], usage });
  const { steps, join } = play("Hello", [counted, makeChunk({ content: "Hel", tool_calls: [] })]);
  expect(steps).toEqual([[], []]);
  expect(join).toMatchObject({ isJoined: false, isDiverged: false });
  expect(join.unjoined.length).toBe(2);
  expect(join.add(text("lo"))).toEqual([]);
  expect(join.unjoined).toEqual([]);
  expect(join.add(counted)).toEqual([{ ...counted, id: "first", created: 7 }]);
});

test("tool calls behind the delivered text are shown", () => {
  expect(play("Hi", [text("Hi"), makeChunk({ tool_calls: [call] }), finish]).shown).toMatchObject([
    { choices: [{ delta: { tool_calls: [call] } }] },
    { choices: [{ finish_reason: "stop" }] },
  ]);
});

test("where only a role had been delivered, all of the new answer is shown, its thinking included", () => {
  const { shown, join } = play("", [
    makeChunk({ role: "assistant", content: "" }),
    makeChunk({ reasoning_content: "hm" }),
    text("Hi"),
  ]);
  expect(shown.map(({ choices }) => choices[0]?.delta)).toEqual([{ reasoning_content: "hm" }, { content: "Hi" }]);
  expect(join.reasoning).toBeUndefined();
});

test("where thinking had been delivered, that of the new answer is kept back with what is about it, and known", () => {
  const { shown, join } = play(
    "",
    [
      makeChunk({ reasoning_content: "new ", details: ["about it"] }),
      makeChunk({ reasoning_content: "thoughts", content: "Hi", note: 1 }),
      makeChunk({ reasoning_content: "!", tool_calls: [call] }),
    ],
    "old",
  );
  expect(shown.map(({ choices }) => choices[0]?.delta)).toEqual([{ content: "Hi", note: 1 }, { tool_calls: [call] }]);
  expect(join.reasoning).toBe("new thoughts!");
  expect(play("", [text("Hi")], "old").join.reasoning).toBe("");
});

test("once text was delivered, the thinking before it stays, and that of the new answer is of no interest", () => {
  const { shown, join } = play("H", [makeChunk({ reasoning_content: "new" }), text("Hi")], "old");
  expect([textOf(shown), thinkingOf(shown), join.reasoning]).toEqual(["i", "", undefined]);
  expect(thinkingOf(play("H", [text("H"), makeChunk({ reasoning_content: "new" })]).shown)).toBe("");
});

const anyText = fc.string({ unit: fc.constantFrom("a", "b", "服", "😀", " "), minLength: 1, maxLength: 30 });
const places = fc.array(fc.nat(60), { maxLength: 12 });

test("wherever the first answer was cut, and however the second comes, the whole is the second", () => {
  fc.assert(
    fc.property(anyText, fc.nat(60), places, (whole, at, cuts) => {
      const delivered = whole.slice(0, at % (whole.length + 1));
      const pieces = cutAt(whole, cuts);
      const { steps, join } = play(delivered, pieces.map(text));
      expect(delivered + textOf(steps.flat())).toBe(whole);
      expect(join).toMatchObject({ isJoined: true, isDiverged: false, unjoined: [] });
      // Each with its own chunk, and none later.
      let said = 0;
      for (const [index, step] of steps.entries()) {
        said += pieces[index]?.length ?? 0;
        expect(textOf(steps.slice(0, index).flat().concat(step)).length).toBe(Math.max(0, said - delivered.length));
      }
    }),
  );
});

test("it is another answer from the first chunk on in which a character differs, and not one before", () => {
  fc.assert(
    fc.property(anyText, anyText, places, (delivered, other, cuts) => {
      fc.pre(!other.startsWith(delivered));
      const chunks = cutAt(other, cuts).map(text);
      const join = createSkip(deliveredPart(delivered));
      let said = "";
      for (const chunk of chunks) {
        said += textOf([chunk]);
        expect(join.add(chunk)).toEqual([]);
        expect(join.isDiverged).toBe(!delivered.startsWith(said));
        expect(join.isJoined).toBe(false);
        if (join.isDiverged) break;
      }
      if (!join.isDiverged) join.add(finish);
      expect(join.isDiverged).toBe(true);
      expect(textOf(join.unjoined)).toBe(said);
    }),
  );
});
