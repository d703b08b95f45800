import fc from "fast-check";
import { expect, test } from "vitest";
import { createThinkingSplitter } from "../../../src/chat/split-thinking.ts";

type End = "finished" | "cut";

interface Sum {
  readonly text: string;
  readonly thinking: string;
}

/** What the pieces are together, as whoever adds them up has it. */
function sumOf(pieces: readonly string[], isImplicit = false, end: End = "finished"): Sum {
  const splitter = createThinkingSplitter(isImplicit);
  let sum: Sum = { text: "", thinking: "" };
  const add = (piece: string, atEnd: false | End) => {
    const found = splitter.split(piece, atEnd);
    if (found.wasThinking) sum = { text: "", thinking: sum.thinking + sum.text };
    sum = { text: sum.text + found.text, thinking: sum.thinking + found.thinking };
  };
  for (const piece of pieces) add(piece, false);
  add("", end);
  return sum;
}

const cutAt = (text: string, places: readonly number[]): string[] => {
  const cuts = [...new Set([0, ...places.map((place) => place % (text.length + 1)), text.length])];
  const sorted = cuts.sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => text.slice(sorted[index], end));
};

/** Text made of what the splitter looks for, and of what only looks like it. */
const tricky = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom("<think>", "</think>", "\n", " ", "\t", "\n  ", "a", "b c") },
      fc.constantFrom("<", "</", "<thi", "</think", "think>", ">", "</THINK>", "`</think>`", " ".repeat(33), "\r\n"),
      fc.string({ unit: "binary", maxLength: 5 }),
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(""));
const ends = fc.constantFrom<End>("finished", "cut");
const places = fc.array(fc.nat(), { maxLength: 30 });

test.each<[string, string, Sum]>([
  ["closed right behind its last word", "hm.</think>Hello", { text: "Hello", thinking: "hm." }],
  ["a tag in a sentence", "the </think> tag", { text: "the </think> tag", thinking: "" }],
  ["no tags at all", "Hello\n\nthere ", { text: "Hello\n\nthere ", thinking: "" }],
  ["both tags", "<think>hm</think>\n\nHello", { text: "Hello", thinking: "hm" }],
  ["both tags, blanks before them", " \n<think>\nhm\n</think>Hello", { text: "Hello", thinking: "\nhm\n" }],
  ["nothing thought", "<think>\n\n</think>\n\nHello", { text: "Hello", thinking: "\n\n" }],
  ["a closing tag alone on its line", "hm\n</think>\n\nHello", { text: "Hello", thinking: "hm\n" }],
  ["a closing tag at the very beginning", "</think>Hello", { text: "Hello", thinking: "" }],
  ["a closing tag with indentation", "hm\n \t</think>\nHello", { text: "Hello", thinking: "hm\n \t" }],
  ["a closing tag in a sentence", "The tag </think> closes.", { text: "The tag </think> closes.", thinking: "" }],
  ["an opening tag in the text", "Use <think> so.", { text: "Use <think> so.", thinking: "" }],
  [
    "tags after the thinking",
    "<think>a</think>b <think>c\n</think>\nd",
    { text: "b <think>c\n</think>\nd", thinking: "a" },
  ],
  ["the beginning of a tag at the end", "one </thin", { text: "one </thin", thinking: "" }],
  ["the beginning of a tag, and nothing else", "<thi", { text: "<thi", thinking: "" }],
  ["thinking that never ended", "<think>hm</thi", { text: "", thinking: "hm</thi" }],
  ["only blanks", " \n ", { text: " \n ", thinking: "" }],
  ["nothing", "", { text: "", thinking: "" }],
])("text and thinking are told apart, whole and character by character: %s", (_, text, sum) => {
  expect(sumOf([text])).toEqual(sum);
  expect(sumOf([...text])).toEqual(sum);
});

test.each<[string, string, End, Sum]>([
  ["closed", "hm</think>\nHello", "finished", { text: "Hello", thinking: "hm" }],
  ["opened after all, and closed", "<think>hm</think>Hello", "finished", { text: "Hello", thinking: "hm" }],
  ["cut", "hm", "cut", { text: "", thinking: "hm" }],
  ["closed in a sentence of its own", "is it </think>? Yes", "finished", { text: "? Yes", thinking: "is it " }],
])("implicit thinking needs no opening tag: %s", (_, text, end, sum) => {
  expect(sumOf([text], true, end)).toEqual(sum);
  expect(sumOf([...text], true, end)).toEqual(sum);
});

test("implicit thinking that was never closed was the answer, and is said to be it once", () => {
  const splitter = createThinkingSplitter(true);
  splitter.split("Hello", false);
  expect(splitter.split(" there", "finished")).toMatchObject({ text: "Hello there" });
  expect(splitter.isHolding).toBe(false);
  expect(splitter.split("", "finished")).toEqual({ text: "", thinking: "", wasThinking: false });
});

test("thinking that was opened and never closed is no answer, implicit or not", () => {
  for (const isImplicit of [false, true]) {
    expect(sumOf(["<think>", "hm"], isImplicit)).toEqual({ text: "", thinking: "hm" });
  }
});

test("any text, in whatever pieces, is what the whole of it is", () => {
  fc.assert(
    fc.property(tricky, places, fc.boolean(), ends, (text, cuts, isImplicit, end) => {
      expect(sumOf(cutAt(text, cuts), isImplicit, end)).toEqual(sumOf([text], isImplicit, end));
    }),
    { numRuns: 5_000 },
  );
});

test("nothing is lost but tags and the blanks beside them, and nothing comes twice or in another order", () => {
  fc.assert(
    fc.property(tricky, places, fc.boolean(), (text, cuts, isImplicit) => {
      const { text: said, thinking } = sumOf(cutAt(text, cuts), isImplicit, "cut");
      const isWhole = (rest: string) => {
        const after = rest.slice(thinking.length);
        const isClosed = after.startsWith("</think>") && after.slice("</think>".length).trimStart() === said;
        return rest.startsWith(thinking) && (after === said || isClosed);
      };
      expect([text, text.replace(/^\s*<think>/, "")].some(isWhole)).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

test("text that holds no tag is given out at once, but for what may begin one", () => {
  const splitter = createThinkingSplitter(false);
  expect(splitter.split("Hello", false).text).toBe("Hello");
  expect(splitter.split(" a < b", false).text).toBe(" a < b");
  expect(splitter.split(" a <", false).text).toBe(" a ");
  expect(splitter.isHolding).toBe(true);
  expect(splitter.split("/b>", false).text).toBe("</b>");
  expect(splitter.isHolding).toBe(false);
});

test("after the thinking, and for a host that separates it by itself, nobody needs to look any more", () => {
  const splitter = createThinkingSplitter(false);
  splitter.split("<think>a</think>", false);
  expect(splitter.isOver).toBe(false);
  splitter.split("\n ", false);
  expect(splitter.isOver).toBe(false);
  expect(splitter.split("\nb", false).text).toBe("b");
  expect(splitter.isOver).toBe(true);
  const stopped = createThinkingSplitter(true);
  stopped.stop();
  expect(stopped.isOver).toBe(true);
  expect(stopped.split("<think>a</think>", false)).toEqual({
    text: "<think>a</think>",
    thinking: "",
    wasThinking: false,
  });
});

test("what was held is given out when the host turns out to separate thinking by itself", () => {
  const splitter = createThinkingSplitter(false);
  splitter.split(" <thi", false);
  splitter.stop();
  expect(splitter.isOver).toBe(false);
  expect(splitter.split("", "cut").text).toBe(" <thi");
  expect(splitter.isOver).toBe(true);
});

test("only text that was given out before is taken back", () => {
  const whole = createThinkingSplitter(false);
  expect(whole.split("hm\n</think>\nHi", "finished")).toEqual({ text: "Hi", thinking: "hm\n", wasThinking: false });
  const pieces = createThinkingSplitter(false);
  pieces.split("hm", false);
  expect(pieces.split("\n</think>\nHi", "finished")).toEqual({ text: "Hi", thinking: "\n", wasThinking: true });
});

test("a lesson about the tags is an answer, not thinking", () => {
  const lesson = "R1 writes:\n```\n<think>\nhm\n</think>\nHello\n```\nThat is all.";
  expect(sumOf([lesson])).toEqual({ text: lesson, thinking: "" });
  expect(sumOf([...lesson])).toEqual({ text: lesson, thinking: "" });
  // What closes without an opening of its own still closes thinking.
  const aloud = `${lesson}\n</think>\nHello`;
  expect(sumOf([aloud])).toEqual({ text: "Hello", thinking: `${lesson}\n` });
  expect(sumOf([...aloud])).toEqual({ text: "Hello", thinking: `${lesson}\n` });
});

test("a megabyte of closing tags, or of what looks like them, is split in no time to speak of", () => {
  for (const flood of ["a</think>", "\n \n</thin", "</", "<", "\n", " "]) {
    const startedAt = performance.now();
    const text = flood.repeat(1_000_000 / flood.length);
    sumOf([`a${text}`]);
    sumOf(
      cutAt(
        `a${text}`,
        Array.from({ length: 2_000 }, (_, index) => index * 499),
      ),
    );
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  }
});
