import { InvalidOptionsError } from "./error-family.ts";

/** Refuses a value that is out of range. `label`: the option's full name, with its owner before it (`lab: timeouts.wireMs`). */
export type Check = (value: unknown, label: string) => void;
export type Shape = Readonly<Record<string, Check>>;

/** What an unknown key was probably meant to be. `path`: the group it stands in, as in `timeouts.`. */
export type Hint = (key: string, shape: Shape, path: string) => string;

/**
 * Checks an object of options. `owner` goes before each option's name in messages.
 * @throws InvalidOptionsError for an unknown key, with a hint, or a value out of range. No message quotes a text.
 */
export function checkShape(
  value: unknown,
  where: string,
  shape: Shape,
  { owner = "", path = "", hint = nearest }: { owner?: string; path?: string; hint?: Hint } = {},
): void {
  // Anything that listens is a signal or an emitter, passed where `{ signal }` was meant.
  if (typeof value !== "object" || value === null || Array.isArray(value) || "addEventListener" in value) {
    throw new InvalidOptionsError(`${where}: expected an object of options, got ${typeName(value)}.`);
  }
  for (const [key, entry] of Object.entries(value)) {
    const check = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (!check) throw new InvalidOptionsError(`${where}: unknown option ${path}${key}. ${hint(key, shape, path)}`);
    if (entry !== undefined) check(entry, `${owner}${path}${key}`);
  }
}

/** A known option that is written nearly like this. */
const nearest: Hint = (key, shape, path) => {
  const names = Object.keys(shape);
  const meant = sameLetters(key, names) ?? sameBeginning(key, names);
  return meant ? `Did you mean ${path}${meant}?` : `Known are: ${names.join(", ")}.`;
};

/**
 * Beside own names anything of a request may stand, which grows; but not what is nearly one of them: a server would pass over it.
 * @throws InvalidOptionsError
 */
export function refuseMisspelt(given: object, where: string, names: readonly string[]): void {
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || names.includes(key)) continue;
    const meant = sameLetters(key, names) ?? sameBeginning(key, names);
    if (meant) throw new InvalidOptionsError(`${where}: unknown parameter ${key}. Did you mean ${meant}?`);
  }
}

/** The name that differs only in case or in `_`. */
export function sameLetters(key: string, names: readonly string[]): string | undefined {
  return names.find((name) => bare(name) === bare(key));
}

/** The name that differs only in its ending. */
export function sameBeginning(key: string, names: readonly string[]): string | undefined {
  const asked = bare(key);
  if (asked.length < 5) return undefined;
  return names.find((name) => bare(name).startsWith(asked) || asked.startsWith(bare(name)));
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, "");
}

export function refuse(label: string, expected: string, value: unknown): never {
  const got = typeof value === "number" || typeof value === "boolean" ? String(value) : typeName(value);
  throw new InvalidOptionsError(`${label} must be ${expected}, got ${got}.`);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "object" && "addEventListener" in value) return "a signal or another event target";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  return `a value of type ${typeof value}`;
}

export const number =
  (expected: string, isRight: (value: number) => boolean): Check =>
  (value, label) => {
    if (typeof value !== "number" || !isRight(value)) refuse(label, expected, value);
  };

export const oneOf =
  (...values: readonly string[]): Check =>
  (value, label) => {
    if (!values.includes(value as string)) refuse(label, values.map((name) => `"${name}"`).join(" or "), value);
  };

export const ofType =
  (expected: string, ...types: readonly string[]): Check =>
  (value, label) => {
    if (!types.includes(typeof value)) refuse(label, expected, value);
  };

export const listOf =
  (expected: string, isEntry: (entry: unknown) => boolean, min = 0): Check =>
  (value, label) => {
    if (!Array.isArray(value) || value.length < min || !value.every(isEntry)) refuse(label, expected, value);
  };

/** Options within an option; `orFalse`: `false` switches all of it off. */
export const group =
  (shape: Shape, orFalse = false): Check =>
  (value, label) => {
    if (orFalse && value === false) return;
    const [owner = "", path = ""] = /^(?:(.*: ))?(.*)$/.exec(label)?.slice(1) ?? [];
    checkShape(value, label, shape, { owner, path: `${path}.` });
  };

export const aFunction = ofType("a function", "function");
export const aString = ofType("a string", "string");
export const aBoolean = ofType("true or false", "boolean");
export const aClock: Check = (value, label) => {
  const { now, after } = (value ?? {}) as { now?: unknown; after?: unknown };
  if (typeof now !== "function" || typeof after !== "function") refuse(label, "a clock with now() and after()", value);
};
export const wholeFromZero = number("a whole number from 0", (value) => Number.isInteger(value) && value >= 0);
export const wholeFromOne = number("a whole number from 1", (value) => Number.isInteger(value) && value >= 1);
export const finiteMs = number("milliseconds from 1", (value) => Number.isFinite(value) && value >= 1);
export const milliseconds = number("milliseconds from 1, or Infinity", (value) => value >= 1);

/** The time limits of one attempt. */
export const ATTEMPT_TIMEOUTS: Shape = {
  headersMs: milliseconds,
  queueMs: milliseconds,
  wireMs: milliseconds,
  contentMs: milliseconds,
  finishMs: milliseconds,
};
