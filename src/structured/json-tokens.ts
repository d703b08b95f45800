/** Deeper than any answer, and no danger to the stack of whoever walks through it. */
export const DEEPEST = 200;

/** What comes next, in the words of an error. */
export const EXPECTED = {
  value: "a value",
  key: "a key in double quotes",
  colon: "a colon",
  comma: "a comma or the right closing bracket",
  string: "the rest of a text",
  escape: "an escape that JSON has",
  word: "a number, true, false or null",
  depth: `no more than ${DEEPEST} levels`,
} as const;

/** What JSON has, and what Python and JavaScript write for the same. A schema decides about numbers that are none. */
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
  ["True", true],
  ["False", false],
  ["None", null],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** Whether a character, by its code, may stand in a number or in a word. */
export function isWordCharacter(code: number): boolean {
  // Digits and letters, then `+`, `-`, `.` and `_`.
  if (code >= 48 && code <= 57) return true;
  if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90)) return true;
  return code === 43 || code === 45 || code === 46 || code === 95;
}

export function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

/** What a whole word means; `undefined`: nothing. */
export function meaningOfWord(word: string): { readonly value: unknown } | undefined {
  if (NUMBER.test(word)) return { value: Number(word) };
  return WORDS.has(word) ? { value: WORDS.get(word) } : undefined;
}

/** What stands behind a backslash, as far as it came: the text it means, `""` while it is not complete, `undefined` for what means nothing. */
export function meaningOfEscape(sequence: string, quote: string): string | undefined {
  if (!sequence.startsWith("u")) return sequence === quote ? quote : ESCAPES.get(sequence);
  const digits = sequence.slice(1);
  if (!/^[0-9A-Fa-f]*$/.test(digits)) return undefined;
  return digits.length < 4 ? "" : String.fromCharCode(Number.parseInt(digits, 16));
}
