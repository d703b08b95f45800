import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatCompletionChunk } from "../../../src/chat/chat-response.ts";
import { createContinuation } from "../../../src/chat/join-continuation.ts";
import { addEach, cutAt, deliveredPart, joinContext, thinkingOf } from "../../support/joins.ts";
import { textOf } from "../../support/watched-attempt.ts";
import { makeChunk } from "../../support/wire-response.ts";

// Properties of the text over a seam, against a plain reading of the whole.

const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 };
const places = fc.array(fc.nat(400), { maxLength: 12 });
const words = (unit: fc.Arbitrary<string>, maxLength: number, minLength = 0) =>
  fc.string({ unit, minLength, maxLength });
const anyText = words(fc.constantFrom("a", "b", "服", "😀", " ", "\n"), 40);
/** Like `ha ha ha`: it repeats itself all the time. */
const repetitive = fc
  .tuple(words(fc.constantFrom("h", "a", " "), 4, 1), fc.integer({ min: 1, max: 80 }))
  .map(([word, times]) => word.repeat(times));

/** What stands around the text of a chunk, as servers send it. */
const noise = fc.record(
  {
    role: fc.constant("assistant"),
    reasoning_content: fc.constantFrom("late", "", null),
    note: fc.nat(9),
    tool_calls: fc.constant(null),
  },
  { requiredKeys: [] },
);
const around = fc.record({ delta: noise, counts: fc.boolean(), between: fc.option(noise) });

function chunksOf(
  pieces: readonly string[],
  rows: readonly { delta: object; counts: boolean; between: object | null }[],
) {
  return pieces.flatMap((content, index): ChatCompletionChunk[] => {
    const { delta = {}, counts = false, between = null } = rows[index] ?? {};
    const chunk = makeChunk({ ...delta, content }, null, counts ? { usage } : {});
    return between ? [makeChunk({ ...between }), chunk] : [chunk];
  });
}

/** Whether a text might yet be a new start of what was delivered. */
const mayBeAgain = (delivered: string, text: string) =>
  delivered.length >= 96 && text.length < 96 && delivered.startsWith(text);

test("a text cut anywhere into two parts, the second into any chunks, is the whole again, and nothing waits that need not", () => {
  fc.assert(
    fc.property(
      fc.oneof(anyText, repetitive),
      fc.oneof(anyText, repetitive),
      places,
      fc.array(around, { maxLength: 13 }),
      (delivered, rest, cuts, rows) => {
        fc.pre(delivered !== "" && !(delivered.length >= 96 && delivered.slice(0, 96) === rest.slice(0, 96)));
        const pieces = rest === "" ? [] : cutAt(rest, cuts);
        const join = createContinuation(deliveredPart(delivered, "hm"), joinContext({ allowEmpty: true }));
        let [said, shown] = ["", ""];
        for (const chunk of chunksOf(pieces, rows)) {
          said += textOf([chunk]);
          const ready = join.add(chunk);
          shown += textOf(ready);
          expect(shown).toBe(mayBeAgain(delivered, said) ? "" : said);
          for (const one of ready) expect(one.id).toBe("first");
          expect(thinkingOf(ready)).toBe("");
        }
        const finish = join.add(makeChunk({}, "stop", { usage }));
        expect(delivered + shown + textOf(finish)).toBe(delivered + rest);
        expect(finish.at(-1)).toMatchObject({ usage: { prompt_tokens: 9 }, choices: [{ finish_reason: "stop" }] });
        expect(join).toMatchObject({ isJoined: true, isDiverged: false, isOver: false });
      },
    ),
    { numRuns: 1_000 },
  );
});

test("fewer than 96 characters that equal the beginning are text; from there on it is a new start, joined where it goes beyond, or none", () => {
  const long = fc.integer({ min: 96, max: 300 }).map((length) =>
    Array.from({ length: 100 }, (_, index) => `${index},`)
      .join("")
      .slice(0, length),
  );
  fc.assert(
    fc.property(long, fc.nat(300), words(fc.constantFrom("x", "y"), 20, 1), places, (delivered, common, tail, cuts) => {
      const repeated = delivered.slice(0, common);
      const join = createContinuation(deliveredPart(delivered), joinContext());
      const chunks = cutAt(repeated + tail, cuts).map((content) => makeChunk({ content }));
      const shown = textOf(addEach(join, [...chunks, makeChunk({}, "stop")]).flat());
      const isAgain = repeated.length >= 96;
      const isWhole = repeated === delivered;
      expect(shown).toBe(isAgain ? (isWhole ? tail : "") : repeated + tail);
      expect(join.isDiverged).toBe(isAgain && !isWhole);
    }),
    { numRuns: 1_000 },
  );
});

/** What a server says of a text: it ends before the stop sequence that is complete first. */
function cutAtStop(text: string, stops: readonly string[]): { said: string; end: number } {
  for (let end = 0; end <= text.length; end += 1) {
    const ending = stops.filter((stop) => stop !== "" && text.slice(0, end).endsWith(stop));
    if (ending.length > 0) return { said: text.slice(0, end - Math.max(...ending.map(({ length }) => length))), end };
  }
  return { said: text, end: text.length };
}

test("with stop sequences the whole ends where it would have without a seam; who reads along may have seen their beginning", () => {
  const letters = (maxLength: number, minLength = 0) => words(fc.constantFrom("a", "b", "c"), maxLength, minLength);
  fc.assert(
    fc.property(
      letters(8, 1),
      letters(8),
      fc.array(letters(4), { maxLength: 3 }),
      places,
      (delivered, rest, stops, cuts) => {
        fc.pre(cutAtStop(delivered, stops).said === delivered);
        const { said } = cutAtStop(rest, stops);
        const { said: whole, end } = cutAtStop(delivered + rest, stops);
        // The server sees only its own part: what it cuts off for a stop sequence there may have belonged to an earlier one.
        fc.pre(whole.length >= delivered.length || end <= delivered.length + said.length);
        const context = joinContext({ allowEmpty: true, request: { model: "m", messages: [], stop: stops } });
        const join = createContinuation(deliveredPart(delivered), context);
        const chunks = (said === "" ? [] : cutAt(said, cuts)).map((content) => makeChunk({ content }));
        const shown = addEach(join, [...chunks, makeChunk({}, "stop")]).flat();
        expect((delivered + textOf(shown)).slice(0, join.endsAt)).toBe(whole);
        // Of the stop sequence itself nothing is shown that had not been.
        if (join.isOver) expect(textOf(shown)).toBe("");
        else expect(delivered + textOf(shown)).toBe(whole);
        expect(shown.filter(({ choices }) => choices[0]?.finish_reason).length).toBe(1);
      },
    ),
    { numRuns: 5_000 },
  );
});
