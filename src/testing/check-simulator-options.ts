import {
  aBoolean,
  aClock,
  aFunction,
  aString,
  type Check,
  checkShape,
  group,
  listOf,
  number,
  oneOf,
  refuse,
  type Shape,
} from "../check-shape.ts";

// A misspelt fault would make a healthy server, and a test that proves nothing: everything unknown is refused.

const isWhole = (min: number) => (value: number) => Number.isInteger(value) && value >= min;
const milliseconds = number("milliseconds from 0, or Infinity", (value) => value >= 0);
const pace = number("milliseconds from 0", (value) => value >= 0 && value < Number.POSITIVE_INFINITY);
const tokens = number("a whole number from 0", isWhole(0));
const anyStatus = number("a status from 200 to 599", (value) => isWhole(200)(value) && value < 600);
const limit = (min: number) =>
  number(
    `a whole number from ${min}, or Infinity`,
    (value) => value === Number.POSITIVE_INFINITY || isWhole(min)(value),
  );
const hint: Shape = { retryAfterMs: milliseconds, form: oneOf("ms", "seconds", "date") };

/** The options of each kind of trouble. */
const TROUBLES: Readonly<Record<string, Shape>> = {
  busy: {
    status: number(
      "200, or a status from 500 to 599",
      (value) => value === 200 || (isWhole(500)(value) && value < 600),
    ),
    ...hint,
  },
  rate_limited: { concurrencyLimit: number("a whole number from 1", isWhole(1)), ...hint },
  queue: { forMs: milliseconds },
  cut: { afterTokens: tokens, afterBytes: tokens },
  stall: { afterTokens: tokens, keepAlives: aBoolean },
  black_hole: {},
  outage: {},
  web_page: { status: anyStatus },
  plain_text: { status: anyStatus },
  authentication: {},
  insufficient_balance: {},
  permission: {},
  context_length: { maxTokens: number("a whole number from 1", isWhole(1)), requestedTokens: tokens },
  content_filter: { afterTokens: tokens },
  invalid_request: { status: number("400 or 422", (value) => value === 400 || value === 422) },
  finish: { reason: aString, afterTokens: tokens },
  in_stream_error: {
    level: oneOf("event", "choice", "named"),
    afterTokens: tokens,
    afterFinish: aBoolean,
    status: number("a status from 100 to 599", (value) => isWhole(100)(value) && value < 600),
    as: oneOf("number", "string", "text"),
  },
  end: { afterTokens: tokens, done: aBoolean },
  empty: { what: oneOf("nothing", "whitespace", "reasoning", "newlines") },
  loop: { what: oneOf("text", "reasoning", "blanks"), afterTokens: tokens },
  malformed: { what: oneOf("tool_call", "markup", "event", "bytes") },
};
const KINDS = Object.keys(TROUBLES);

const TRIGGER: Shape = {
  rate: number("a share from 0 to 1", (value) => value >= 0 && value <= 1),
  fromMs: milliseconds,
  untilMs: milliseconds,
};

const checkTrouble = (value: unknown, label: string, trigger: Shape): void => {
  const kind: unknown = (value as { kind?: unknown } | null | undefined)?.kind;
  const own = typeof kind === "string" && Object.hasOwn(TROUBLES, kind) ? TROUBLES[kind] : undefined;
  if (!own) refuse(`${label}.kind`, KINDS.map((name) => `"${name}"`).join(" or "), kind);
  checkShape(value, label, { kind: aString, ...own, ...trigger }, { path: `${label}.` });
  const { fromMs = 0, untilMs = Number.POSITIVE_INFINITY } = value as { fromMs?: number; untilMs?: number };
  if (untilMs <= fromMs) refuse(`${label}.untilMs`, "later than fromMs", untilMs);
};

/** @throws InvalidOptionsError for a step that is none. */
export const checkScript: Check = (value, label) => {
  if (!Array.isArray(value)) refuse(label, "a list of steps", value);
  for (const [index, step] of (value as unknown[]).entries()) {
    const name = `${label}[${index}]`;
    if (typeof step === "string") oneOf("ok", ...KINDS)(step, name);
    else checkTrouble(step, name, {});
  }
};

/** @throws InvalidOptionsError for a fault that is none. */
export const checkFaults: Check = (value, label) => {
  if (!Array.isArray(value)) refuse(label, "a list of faults", value);
  for (const [index, fault] of (value as unknown[]).entries()) checkTrouble(fault, `${label}[${index}]`, TRIGGER);
};

const SIMULATOR: Shape = {
  seed: number("a whole number", Number.isInteger),
  clock: aClock,
  dialect: oneOf("deepseek", "openrouter", "lmStudio", "ollama"),
  thinkTag: oneOf("both", "close"),
  apiKey: aString,
  models: listOf("a list of at least one model name", (entry) => typeof entry === "string", 1),
  loaded: listOf("a list of model names", (entry) => typeof entry === "string"),
  justInTime: aBoolean,
  window: number("a whole number of tokens from 1", isWhole(1)),
  timing: group({
    headersMs: pace,
    headMs: pace,
    tokenMs: pace,
    keepAliveMs: number("milliseconds over 0", (value) => value > 0),
  }),
  framing: group({
    lineEnd: oneOf("\n", "\r\n", "\r"),
    byteOrderMark: aBoolean,
    writeBytes: number(
      "a whole number from 1, or Infinity",
      (value) => value === Number.POSITIVE_INFINITY || isWhole(1)(value),
    ),
    comments: aBoolean,
    dataLines: aBoolean,
    spaceAfterColon: aBoolean,
    otherFields: aBoolean,
    padBytes: tokens,
    unterminated: aBoolean,
    junk: oneOf("text", "bytes"),
  }),
  capacity: group({ slots: limit(1), queue: limit(0), concurrencyLimit: limit(1) }),
  answerTokens: number("a whole number from 1", isWhole(1)),
  answer: aFunction,
  script: checkScript,
  faults: checkFaults,
};

/** @throws InvalidOptionsError for an unknown option, or a value out of range. */
export function checkSimulatorOptions(options: unknown): void {
  checkShape(options, "createSimulator", SIMULATOR);
}
