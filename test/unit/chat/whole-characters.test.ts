import fc from "fast-check";
import { expect, test } from "vitest";
import { createWholeCharacters, endsInHalf } from "../../../src/chat/whole-characters.ts";
import { cutAt } from "../../support/joins.ts";

const [HIGH, LOW] = ["\ud83d", "\ude00"] as const;

test("the first half of a character waits for the other", () => {
  const whole = createWholeCharacters();
  expect(whole.isHolding).toBe(false);
  expect(whole.add(`a${HIGH}`, false)).toBe("a");
  expect(whole.isHolding).toBe(true);
  expect(whole.add("", false)).toBe("");
  expect(whole.isHolding).toBe(true);
  expect(whole.add(`${LOW}b`, false)).toBe("😀b");
  expect(whole.isHolding).toBe(false);
});

test("a half that stays one is the server's own word: it comes with the last piece, or before the next text", () => {
  const whole = createWholeCharacters();
  expect(whole.add(HIGH, true)).toBe(HIGH);
  expect(whole.isHolding).toBe(false);
  expect(whole.add(HIGH, false)).toBe("");
  expect(whole.add("x", false)).toBe(`${HIGH}x`);
  expect(whole.add(HIGH, false)).toBe("");
  expect(whole.add("", true)).toBe(HIGH);
  expect(whole.add(LOW, false)).toBe(LOW);
});

test("only the first half of a character is one", () => {
  for (const text of [HIGH, `a${HIGH}`, "\ud800", "\udbff"]) expect(endsInHalf(text), JSON.stringify(text)).toBe(true);
  for (const text of ["", null, undefined, "a", "😀", LOW, "\ud7ff", "\udc00", "服", `${HIGH}a`])
    expect(endsInHalf(text), JSON.stringify(text)).toBe(false);
});

test("wherever a text is cut, whole characters come out and all of it does, each as soon as it is there", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat(50)), (text, places) => {
      const whole = createWholeCharacters();
      const pieces = text === "" ? [] : cutAt(text, places);
      let shown = "";
      let given = "";
      for (const [index, piece] of pieces.entries()) {
        const part = whole.add(piece, index === pieces.length - 1);
        expect(part.isWellFormed()).toBe(true);
        shown += part;
        given += piece;
        expect(given.length - shown.length).toBe(whole.isHolding ? 1 : 0);
      }
      expect(shown).toBe(text);
    }),
  );
});
