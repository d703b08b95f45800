import fc from "fast-check";
import { expect, test } from "vitest";
import { stopAtSeam } from "../../../src/chat/stop-across-seam.ts";

test.each([
  ["no stop sequence", "one\n", "\ntwo", []],
  ["one that does not begin before the seam", "one", "\n\n", ["\n\n"]],
  ["one that lies before the seam", "one\n\n", "two", ["\n\n"]],
  ["one that lies behind it", "one", "two\n\n", ["\n\n"]],
  ["one that goes on otherwise", "one\n", "two", ["\n\n"]],
  ["an empty one", "one", "two", [""]],
  ["one of a single character", "one\n", "\n", ["\n"]],
])("%s has nothing to do with the seam", (_, delivered, text, stops) => {
  expect(stopAtSeam(delivered, text, stops)).toBe("none");
});

test("one that runs over the seam is reached, and it is known where it began", () => {
  expect(stopAtSeam("one\n", "\ntwo", ["\n\n"])).toEqual({ charsBefore: 1 });
  expect(stopAtSeam("one END O", "F TEXT, more", ["x", "END OF TEXT"])).toEqual({ charsBefore: 5 });
  expect(stopAtSeam("ab", "c", ["abc"])).toEqual({ charsBefore: 2 });
});

test("one that may yet run over it is possible", () => {
  expect(stopAtSeam("one\n", "", ["\n\n"])).toBe("possible");
  expect(stopAtSeam("one END", " OF", ["END OF TEXT"])).toBe("possible");
  expect(stopAtSeam("b", "c", ["abc", "bcd"])).toBe("possible");
});

test("one that is reached counts more than one that is possible, in any order", () => {
  for (const stops of [
    ["b12", "1x"],
    ["1x", "b12"],
  ])
    expect(stopAtSeam("ab1", "x", stops)).toEqual({ charsBefore: 1 });
});

test("of several, the one that is complete first has ended the answer, and of two at once the longer", () => {
  for (const stops of [
    ["bcd", "abc"],
    ["abc", "bcd"],
  ])
    expect(stopAtSeam("ab", "cd", stops)).toEqual({ charsBefore: 2 });
  for (const stops of [
    ["bc", "abc", "c"],
    ["abc", "bc"],
  ])
    expect(stopAtSeam("ab", "c", stops)).toEqual({ charsBefore: 2 });
  expect(stopAtSeam("aa", "aa", ["aaa"])).toEqual({ charsBefore: 2 });
});

const letters = (max: number) => fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: max });

test("it finds what a plain search over the whole text finds, however little of the text is there yet", () => {
  fc.assert(
    fc.property(letters(8), letters(8), fc.array(letters(5), { maxLength: 3 }), (delivered, text, stops) => {
      const whole = delivered + text;
      const places = [...delivered].map((_, at) => at);
      const ends = (at: number, stop: string) => at + stop.length;
      const over = stops.flatMap((stop) =>
        places
          .filter((at) => whole.startsWith(stop, at) && ends(at, stop) > delivered.length)
          .map((at) => [ends(at, stop), at]),
      );
      const mayRunOver = stops.some((stop) =>
        places.some((at) => ends(at, stop) > whole.length && stop.startsWith(whole.slice(at))),
      );
      const [first] = over.sort(([end = 0, at = 0], [otherEnd = 0, otherAt = 0]) => end - otherEnd || at - otherAt);
      const expected = first ? { charsBefore: delivered.length - (first[1] ?? 0) } : mayRunOver ? "possible" : "none";
      expect(stopAtSeam(delivered, text, stops)).toEqual(expected);
    }),
    { numRuns: 5_000 },
  );
});
