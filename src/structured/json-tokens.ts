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
  // As many as `DEEPEST`.
  depth: "no more than 200 levels",
} as const;

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
/** What may stand behind a backslash, and, at the same places, what it means. */
const ESCAPED = '"\\/bfnrt';
const MEANT = '"\\/\b\f\n\r\t';

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

/** What a whole word means: what JSON has, and what Python and JavaScript write for the same. A schema decides about numbers that are none. */
export function meaningOfWord(word: string): { readonly value: unknown } | undefined {
  switch (word) {
    case "true":
    case "True":
      return { value: true };
    case "false":
    case "False":
      return { value: false };
    case "null":
    case "None":
      return { value: null };
    case "NaN":
      return { value: Number.NaN };
    case "Infinity":
    case "-Infinity":
      return { value: Number(word) };
    default:
      return NUMBER.test(word) ? { value: Number(word) } : undefined;
  }
}

/** What stands behind a backslash, as far as it came: the text it means, `""` while it is not complete, `undefined` for what means nothing. */
export function meaningOfEscape(sequence: string, quote: string): string | undefined {
  if (!sequence.startsWith("u")) {
    const meant = MEANT.charAt(ESCAPED.indexOf(sequence));
    return sequence === quote ? quote : meant === "" ? undefined : meant;
  }
  const digits = sequence.slice(1);
  if (!/^[0-9A-Fa-f]*$/.test(digits)) return undefined;
  return digits.length < 4 ? "" : String.fromCharCode(Number.parseInt(digits, 16));
}
