import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "../../../src/parse-json.ts";
import { createEventParser } from "../../../src/transport/learn-template.ts";

/** Parses all of a stream's events, and tells how many of them the template made: those share their other fields. */
function parseAll(events: readonly string[]): unknown[] {
  const parse = createEventParser();
  return events.map((data) => {
    try {
      return parse(data);
    } catch (error) {
      return (error as Error).name;
    }
  });
}

function plainly(events: readonly string[]): unknown[] {
  return events.map((data) => {
    try {
      return parseJson(data);
    } catch (error) {
      return (error as Error).name;
    }
  });
}

const chunk = (delta: string, rest = '"logprobs":null,"finish_reason":null') =>
  `{"id":"4f1f","object":"chat.completion.chunk","created":1763000000,"model":"m","choices":[{"index":0,"delta":${delta},${rest}}],"usage":null}`;
const word = (text: string) => chunk(`{"content":${JSON.stringify(text)}}`);

/** Whether an event was made by the template: V8 is asked to parse nothing but its literal then. */
function countParses(events: readonly string[]): number {
  const { parse } = JSON;
  let count = 0;
  JSON.parse = (text: string, ...rest) => {
    if (text.startsWith("{")) count += 1;
    return parse(text, ...rest);
  };
  try {
    parseAll(events);
  } finally {
    JSON.parse = parse;
  }
  return count;
}

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "",
    '"',
    "\\",
    "\\u0041",
    "\ud83d",
    "\ude00",
    "sentinel",
    '"}',
    '","x":"',
    "__proto__",
    "\u2028",
    "a\nb",
  ),
);

/** A text written as JSON in one of the ways JSON allows. */
const anyLiteral = fc.tuple(anyText, fc.boolean()).map(([text, isEscaped]) => {
  const plain = JSON.stringify(text);
  return isEscaped
    ? plain.replace(/[^"\\ -~]|[a-f]/g, (letter) => (plain.includes("\\") ? letter : escapeOf(letter)))
    : plain;
});

function escapeOf(letter: string): string {
  return [...Array(letter.length).keys()]
    .map((at) => `\\u${letter.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}

/** Events as servers send them, as no server should send them, and cut ones. */
const anyEvent = fc.oneof(
  { weight: 8, arbitrary: anyLiteral.map((literal) => chunk(`{"content":${literal}}`)) },
  { weight: 3, arbitrary: anyLiteral.map((literal) => chunk(`{"reasoning_content":${literal}}`)) },
  { weight: 3, arbitrary: anyLiteral.map((literal) => chunk(`{"content":null,"reasoning_content":${literal}}`)) },
  {
    weight: 2,
    arbitrary: anyLiteral.map((literal) => chunk(`{"role":"assistant","content":${literal},"tool_calls":[]}`)),
  },
  { weight: 2, arbitrary: anyLiteral.map((literal) => chunk(`{"content":${literal},"content":${literal}}`)) },
  { weight: 2, arbitrary: anyLiteral.map((literal) => chunk(`{"content":${literal}}`, `"finish_reason":${literal}`)) },
  { weight: 2, arbitrary: anyLiteral.map((literal) => chunk(`{"content": ${literal} }`)) },
  { weight: 1, arbitrary: anyLiteral.map((literal) => chunk(`{"__proto__":{"x":1},"content":${literal}}`)) },
  { weight: 1, arbitrary: anyLiteral.map((literal) => chunk(`{"content":"\\u0000${literal.slice(1)}}`)) },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 2,
    arbitrary: fc.tuple(anyLiteral, fc.nat()).map(([literal, at]) => {
      const whole = chunk(`{"content":${literal}}`);
      return whole.slice(0, at % whole.length);
    }),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(anyText, fc.constantFrom("\n", "\t", "\u0000", '"', "\\", '\\"', '","'))
      .map(([text, raw]) => chunk(`{"content":"${text.replace(/["\\]/g, "")}${raw}"}`)),
  },
);

test("any stream of events parses as JSON.parse parses it, and fails where that fails", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      expect(parseAll(events)).toEqual(plainly(events));
      // The order of the fields as well.
      expect(JSON.stringify(parseAll(events))).toBe(JSON.stringify(plainly(events)));
    }),
    { numRuns: 2000 },
  );
});

test("a stream that repeats itself is parsed once, and its shape proved once", () => {
  const events = Array.from({ length: 500 }, (_, place) => word(`word ${place}${place % 7 ? "" : ' "quoted"\n'}`));
  expect(countParses(events)).toBe(2);
});

test("thinking, then text: each shape is learned once", () => {
  const thoughts = Array.from({ length: 100 }, () => chunk('{"content":null,"reasoning_content":"hm "}'));
  const words = Array.from({ length: 100 }, () => chunk('{"content":"well ","reasoning_content":null}'));
  expect(countParses([...thoughts, ...words])).toBe(4);
});

test("events that never repeat cost a few lessons, and no more", () => {
  const events = Array.from({ length: 100 }, (_, place) => word("x").replace("4f1f", `id-${place}`));
  expect(countParses(events)).toBe(104);
});

test("an object of one chunk is no object of another", () => {
  const parse = createEventParser();
  const [first, second, third] = ["a", "b", "c"].map((text) => parse(word(text)) as { choices: { delta: object }[] });
  expect(second?.choices).not.toBe(first?.choices);
  expect(third?.choices[0]).not.toBe(second?.choices[0]);
  expect(third?.choices[0]?.delta).not.toBe(second?.choices[0]?.delta);
});

test("a field of the same name elsewhere is not taken for the text", () => {
  const events = ["a", "b", "c"].map((text) => `${chunk('{"content":"same"}').slice(0, -1)},"content":"${text}"}`);
  expect(parseAll(events)).toEqual(plainly(events));
});

test("what differs between prefix and suffix only by a quote inside is not taken for text", () => {
  const events = [word("a"), word("b"), chunk('{"content":"c","extra":"d"}'), chunk('{"content":"e\\"}'), word("f")];
  expect(parseAll(events)).toEqual(plainly(events));
});
