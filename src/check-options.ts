import {
  ATTEMPT_TIMEOUTS,
  aBoolean,
  aClock,
  aFunction,
  aString,
  type Check,
  checkShape,
  group,
  type Hint,
  listOf,
  milliseconds,
  number,
  ofType,
  oneOf,
  refuse,
  type Shape,
  sameBeginning,
  sameLetters,
  wholeFromZero,
} from "./check-shape.ts";
import { breakerShape } from "./policies/circuit-breaker.ts";
import { limitShape } from "./policies/concurrency-limit.ts";
import { aMaxCost, costWindowShape } from "./policies/cost-limit.ts";
import { aContext } from "./policies/fit-context.ts";
import { guardShape } from "./policies/guards.ts";
import { hedgeShape } from "./policies/hedge.ts";
import { aStartWithin } from "./policies/off-peak.ts";
import { anOrder } from "./policies/order-candidates.ts";
import { PRIORITIES } from "./policies/priority.ts";
import { retryBudgetShape } from "./policies/retry-budget.ts";
import { checkHeaders } from "./providers/host-options.ts";

/** What people used to other clients write, and what it is called here. */
const RENAMED: Readonly<Record<string, string>> = {
  maxRetries: "retry.maxRounds",
  retries: "retry.maxRounds",
  maxRounds: "retry.maxRounds",
  backoff: "retry.backoff",
  maxResumes: "resume.maxResumes",
  continueOnLength: "resume.continueOnLength",
  onUnresumable: "resume.onUnresumable",
  timeout: "timeouts.startMs, timeouts.totalMs and others",
  timeoutMs: "timeouts.startMs, timeouts.totalMs and others",
  startMs: "timeouts.startMs",
  totalMs: "timeouts.totalMs",
  key: "apiKey",
  defaultHeaders: "headers",
  extraHeaders: "headers",
  fallbacks: "providers",
  provider: "providers",
  models: "the request's model",
  model: "the request's model",
  abortSignal: "signal",
  mode: "profile",
  budget: "maxCostUsd",
};

/** @throws InvalidOptionsError for an unknown key, with a hint where one is known, or a value out of range. */
export function checkClientOptions(options: unknown): void {
  checkShape(options, "createResilientClient", shapes().client, { hint });
}

/** @throws InvalidOptionsError as `checkClientOptions` does. */
export function checkCallOptions(options: unknown): void {
  checkShape(options, "options", shapes().call, { hint });
}

/** @throws InvalidOptionsError as `checkClientOptions` does. */
export function checkCopyOptions(options: unknown): void {
  checkShape(options, "withOptions", shapes().copy, { hint });
}

/** Knows the names of other clients too, and where an option of another place belongs. */
const hint: Hint = (key, shape) => {
  const here = Object.keys(shape);
  const anywhere = [...Object.keys(shapes().client), ...Object.keys(shapes().call)];
  const renamed = Object.hasOwn(RENAMED, key) ? RENAMED[key] : undefined;
  const meant = sameLetters(key, here) ?? sameLetters(key, anywhere) ?? renamed ?? sameBeginning(key, here);
  if (!meant) return `Known are: ${here.join(", ")}.`;
  const [root = ""] = meant.split(".");
  if (meant.startsWith("the ") || here.includes(root)) return `Did you mean ${meant}?`;
  return `${meant} is an option of ${root === "signal" ? "a call" : "the client"}.`;
};

/** Made when they are first needed: of tables at the top, bundlers keep what nobody uses. */
let made: Readonly<Record<"copy" | "call" | "client", Shape>> | undefined;
function shapes(): NonNullable<typeof made> {
  made ??= { copy: copyShape(), call: callShape(), client: clientShape() };
  return made;
}

const rounds = (): Check =>
  number(
    "a whole number from 1, or Infinity",
    (value) => value >= 1 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY),
  );

const copyShape = (): Shape => ({
  providers: (value, label) => {
    listOf("a list of at least one provider name", (entry) => typeof entry === "string", 1)(value, label);
    if (new Set(value as string[]).size < (value as string[]).length)
      refuse(label, "a list that names nobody twice", value);
  },
  profile: oneOf("interactive", "patient", "batch"),
  timeouts: group({ ...ATTEMPT_TIMEOUTS, startMs: milliseconds, totalMs: milliseconds }),
  retry: group({ maxRounds: rounds(), backoff: aFunction }, true),
  resume: group(
    {
      maxResumes: wholeFromZero,
      onUnresumable: oneOf("fail", "reset"),
      bestEffort: aBoolean,
      continueOnLength: wholeFromZero,
    },
    true,
  ),
  priority: aPriority,
  hedge: group(hedgeShape(), true),
  startWithin: aStartWithin,
  context: aContext(),
  maxCostUsd: aMaxCost,
  guards: group(guardShape(), true),
  wire: oneOf("stream", "json"),
  toolCalls: oneOf("whole", "live"),
  allowEmpty: aBoolean,
  forcedToolChoice: oneOf("refuse", "disable_thinking"),
  allowElsewhere: listOf('a list that may hold "content_filter"', (entry) => entry === "content_filter"),
  headers: (value, label) => {
    if (typeof value !== "object" || value === null) refuse(label, "an object", value);
    checkHeaders("options", value as Record<string, string>);
  },
  onEvent: aFunction,
});

const callShape = (): Shape => ({
  ...copyShape(),
  // Not `instanceof`: a signal may come from another realm or a polyfill.
  signal: (value, label) => {
    if (typeof (value as AbortSignal | null)?.addEventListener !== "function") refuse(label, "an AbortSignal", value);
  },
});

const clientShape = (): Shape => ({
  ...copyShape(),
  apiKey: ofType("a string or a function", "string", "function"),
  baseURL: aString,
  providers: listOf(
    "a list of at least one provider, as made by deepseek() or openaiCompatible(); names stand in a call's options",
    isProvider,
    1,
  ),
  order: anOrder,
  breaker: group(breakerShape(), true),
  limits: group(limitShape(), true),
  retryBudget: group(retryBudgetShape(), true),
  costWindow: (value, label) => {
    group(costWindowShape())(value, label);
    if ((value as { maxCostUsd?: unknown }).maxCostUsd === undefined) refuse(label, "a window with maxCostUsd", value);
  },
  state: aStore,
  fetch: aFunction,
  clock: aClock,
  random: aFunction,
  dangerouslyAllowBrowser: aBoolean,
});

function aPriority(value: unknown, label: string): void {
  const isPriority = typeof value === "number" ? !Number.isNaN(value) : Object.hasOwn(PRIORITIES, value as string);
  if (!isPriority) refuse(label, '"high", "normal", "low" or a number', value);
}

function aStore(value: unknown, label: string): void {
  const parts = (value ?? {}) as Record<string, unknown>;
  if (!["publish", "subscribe", "close"].every((part) => typeof parts[part] === "function"))
    refuse(label, "a store with publish(), subscribe() and close(), as made by createMemoryStore()", value);
}

function isProvider(entry: unknown): boolean {
  const { name, send, unable, model } = (entry ?? {}) as Record<string, unknown>;
  return typeof name === "string" && [send, unable, model].every((part) => typeof part === "function");
}
