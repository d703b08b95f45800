import { InvalidOptionsError } from "./error-family.ts";
import { checkHeaders } from "./providers/host-options.ts";

/** Says what is wrong with a value, or nothing. `where` is the option's full name. */
type Check = (value: unknown, where: string) => void;
type Shape = Readonly<Record<string, Check>>;

/** What people used to other clients write, and what it is called here. */
const RENAMED: Readonly<Record<string, string>> = {
  maxRetries: "retry.maxRounds",
  retries: "retry.maxRounds",
  maxRounds: "retry.maxRounds",
  backoff: "retry.backoff",
  timeout: "timeouts.startMs, timeouts.totalMs and others",
  timeoutMs: "timeouts.startMs, timeouts.totalMs and others",
  startMs: "timeouts.startMs",
  totalMs: "timeouts.totalMs",
  baseUrl: "baseURL",
  api_key: "apiKey",
  key: "apiKey",
  defaultHeaders: "headers",
  extraHeaders: "headers",
  fallbacks: "providers",
  provider: "providers",
  models: "the request's model",
  model: "the request's model",
  abortSignal: "signal",
  mode: "profile",
};

/** @throws InvalidOptionsError for an unknown key, with a hint where one is known, or a value out of range. */
export function checkClientOptions(options: unknown): void {
  checkShape(options, "createResilientClient", CLIENT_SHAPE, "");
}

/** @throws InvalidOptionsError as `checkClientOptions` does. */
export function checkCallOptions(options: unknown): void {
  checkShape(options, "options", CALL_SHAPE, "");
}

/** @throws InvalidOptionsError as `checkClientOptions` does. */
export function checkCopyOptions(options: unknown): void {
  checkShape(options, "withOptions", COPY_SHAPE, "");
}

function checkShape(value: unknown, where: string, shape: Shape, prefix: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidOptionsError(`${where}: expected an object of options, got ${typeName(value)}.`);
  }
  for (const [key, entry] of Object.entries(value)) {
    const check = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (!check) throw new InvalidOptionsError(`${where}: unknown option ${prefix}${key}. ${hint(key, shape, prefix)}`);
    if (entry !== undefined) check(entry, `${prefix}${key}`);
  }
}

function hint(key: string, shape: Shape, prefix: string): string {
  const sameLetters = (name: string) => name.toLowerCase() === key.toLowerCase();
  const renamed = Object.hasOwn(RENAMED, key) ? (RENAMED[key] as string) : undefined;
  const here = Object.keys(shape).find(sameLetters);
  if (here) return `Did you mean ${prefix}${here}?`;
  const meant =
    renamed ?? (prefix ? undefined : [...Object.keys(CLIENT_SHAPE), ...Object.keys(CALL_SHAPE)].find(sameLetters));
  const isHere = prefix
    ? meant?.startsWith(prefix)
    : meant && (meant.startsWith("the ") || Object.hasOwn(shape, root(meant)));
  if (isHere) return `Did you mean ${meant}?`;
  if (!meant || prefix) return `Known are: ${Object.keys(shape).join(", ")}.`;
  return `${meant} is an option of ${root(meant) === "signal" ? "a call" : "the client"}.`;
}

function root(option: string): string {
  return option.split(".", 1)[0] as string;
}

function refuse(where: string, expected: string, value: unknown): never {
  const got = typeof value === "number" || typeof value === "boolean" ? String(value) : typeName(value);
  throw new InvalidOptionsError(`${where} must be ${expected}, got ${got}.`);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}

const number =
  (expected: string, isRight: (value: number) => boolean): Check =>
  (value, where) => {
    if (typeof value !== "number" || !isRight(value)) refuse(where, expected, value);
  };

const oneOf =
  (...values: readonly string[]): Check =>
  (value, where) => {
    if (!values.includes(value as string)) refuse(where, values.map((name) => `"${name}"`).join(" or "), value);
  };

const ofType =
  (expected: string, ...types: readonly string[]): Check =>
  (value, where) => {
    if (!types.includes(typeof value)) refuse(where, expected, value);
  };

const listOf =
  (expected: string, isEntry: (entry: unknown) => boolean, min = 0): Check =>
  (value, where) => {
    if (!Array.isArray(value) || value.length < min || !value.every(isEntry)) refuse(where, expected, value);
  };

const group =
  (shape: Shape, orFalse = false): Check =>
  (value, where) => {
    if (!(orFalse && value === false)) checkShape(value, where, shape, `${where}.`);
  };

const milliseconds = number("milliseconds from 1, or Infinity", (value) => value >= 1);
const wholeNumber = number("a whole number from 0", (value) => Number.isInteger(value) && value >= 0);
const rounds = number(
  "a whole number from 1, or Infinity",
  (value) => value >= 1 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY),
);
const aFunction = ofType("a function", "function");
const aBoolean = ofType("true or false", "boolean");

const COPY_SHAPE: Shape = {
  providers: (value, where) => {
    listOf("a list of at least one provider name", (entry) => typeof entry === "string", 1)(value, where);
    if (new Set(value as string[]).size < (value as string[]).length)
      refuse(where, "a list that names nobody twice", value);
  },
  profile: oneOf("interactive", "patient", "batch"),
  timeouts: group({
    headersMs: milliseconds,
    queueMs: milliseconds,
    wireMs: milliseconds,
    contentMs: milliseconds,
    finishMs: milliseconds,
    startMs: milliseconds,
    totalMs: milliseconds,
  }),
  retry: group({ maxRounds: rounds, backoff: aFunction }, true),
  resume: group({ maxResumes: wholeNumber }, true),
  wire: oneOf("stream", "json"),
  toolCalls: oneOf("whole", "live"),
  allowEmpty: aBoolean,
  allowElsewhere: listOf('a list that may hold "content_filter"', (entry) => entry === "content_filter"),
  headers: (value, where) => {
    if (typeof value !== "object" || value === null) refuse(where, "an object", value);
    checkHeaders("options", value as Record<string, string>);
  },
  onEvent: aFunction,
};

const CALL_SHAPE: Shape = {
  ...COPY_SHAPE,
  // Not `instanceof`: a signal may come from another realm or a polyfill.
  signal: (value, where) => {
    if (typeof (value as AbortSignal | null)?.addEventListener !== "function") refuse(where, "an AbortSignal", value);
  },
};

const CLIENT_SHAPE: Shape = {
  ...COPY_SHAPE,
  apiKey: ofType("a string or a function", "string", "function"),
  baseURL: ofType("a string", "string"),
  providers: listOf(
    "a list of at least one provider, as made by deepseek() or openaiCompatible()",
    (entry) => typeof (entry as { send?: unknown } | null)?.send === "function",
    1,
  ),
  fetch: aFunction,
  clock: (value, where) => {
    const { now, after } = (value ?? {}) as { now?: unknown; after?: unknown };
    if (typeof now !== "function" || typeof after !== "function")
      refuse(where, "a clock with now() and after()", value);
  },
  random: aFunction,
  dangerouslyAllowBrowser: aBoolean,
};
