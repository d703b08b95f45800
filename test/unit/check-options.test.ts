import fc from "fast-check";
import { expect, test } from "vitest";
import { checkCallOptions, checkClientOptions, checkCopyOptions } from "../../src/check-options.ts";
import { InvalidOptionsError } from "../../src/error-family.ts";
import { custom } from "../../src/index.ts";
import { quietHours } from "../../src/policies/quiet-hours.ts";
import { createMemoryStore } from "../../src/state/state-store.ts";
import { createVirtualClock } from "../../src/testing/index.ts";

const never = Number.POSITIVE_INFINITY;
const provider = custom({ name: "echo", send: () => "hello" });

const copyOptions = {
  providers: ["echo"],
  profile: "batch",
  timeouts: { headersMs: 1, queueMs: 1.5, wireMs: never, contentMs: 1, finishMs: 1, startMs: 1, totalMs: never },
  retry: { maxRounds: never, backoff: () => 0 },
  resume: { maxResumes: 0 },
  priority: "high",
  hedge: { queuedAfterMs: false, afterMs: "p95" },
  startWithin: quietHours({ from: "01:00", to: "05:00" }),
  context: { triggerAt: 0.8, cutTo: 0.5, windowTokens: 1_000, onBusy: "flush" as const },
  maxCostUsd: never,
  guards: {
    repetition: { afterChars: 100, repetitions: 2, maxPeriodChars: 1 },
    minTokensPerSecond: 0.5,
    windowMs: 1,
    maxThinkingTokens: 1,
    onTrip: "elsewhere" as const,
  },
  wire: "json",
  toolCalls: "live",
  allowEmpty: false,
  forcedToolChoice: "disable_thinking",
  allowElsewhere: ["content_filter"],
  headers: { "x-team": "a" },
  onEvent: () => {},
};
const clientOptions = {
  ...copyOptions,
  apiKey: () => "key",
  baseURL: "https://api.example",
  providers: [provider],
  order: "fastest",
  breaker: { inARow: 3 },
  limits: { initial: 5 },
  retryBudget: { ratio: 0.1 },
  costWindow: { maxCostUsd: 5, windowMs: 60_000 },
  state: createMemoryStore(),
  fetch: globalThis.fetch,
  clock: createVirtualClock(),
  random: Math.random,
  dangerouslyAllowBrowser: true,
};
const callOptions = { ...copyOptions, signal: new AbortController().signal };

/** What the check says, in full. */
function refusal(check: (options: unknown) => void, options: unknown): string {
  try {
    check(options);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionsError);
    return (error as Error).message;
  }
  return "accepted";
}

const all = [
  ["createResilientClient", checkClientOptions, clientOptions],
  ["withOptions", checkCopyOptions, copyOptions],
  ["options", checkCallOptions, callOptions],
] as const;

test.each(all)("%s takes every option there is, none at all, and undefined for each", (_, check, options) => {
  expect(refusal(check, {})).toBe("accepted");
  expect(refusal(check, options)).toBe("accepted");
  const undefinedOnes = Object.fromEntries(Object.keys(options).map((key) => [key, undefined]));
  expect(refusal(check, undefinedOnes)).toBe("accepted");
  expect(refusal(check, { timeouts: { startMs: undefined }, retry: false, resume: false })).toBe("accepted");
});

test.each(all)("%s refuses what is no object of options", (where, check) => {
  expect(refusal(check, null)).toBe(`${where}: expected an object of options, got null.`);
  expect(refusal(check, undefined)).toBe(`${where}: expected an object of options, got a value of type undefined.`);
  expect(refusal(check, "sk-secret")).toBe(`${where}: expected an object of options, got a value of type string.`);
});

test.each(all)("%s refuses a signal put where { signal } was meant", (where, check) => {
  expect(refusal(check, new AbortController().signal)).toBe(
    `${where}: expected an object of options, got a signal or another event target.`,
  );
});

test.each(all)("%s refuses a list, which is no object of options either", (where, check) => {
  expect(refusal(check, [])).toBe(`${where}: expected an object of options, got an empty array.`);
  expect(refusal(check, { timeouts: [] })).toBe("timeouts: expected an object of options, got an empty array.");
});

test.each(all)("%s refuses a key it does not know, however it got there", (where, check, options) => {
  const known = Object.keys(options);
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty", ""]) {
    const message = refusal(check, JSON.parse(`{${JSON.stringify(key)}: {}}`));
    const [said, list] = message.split(" Known are: ");
    expect(said).toBe(`${where}: unknown option ${key}.`);
    expect(list?.replace(/\.$/, "").split(", ").toSorted()).toEqual(known.toSorted());
  }
});

test.each([
  ["baseurl", "baseURL"],
  ["baseUrl", "baseURL"],
  ["APIKEY", "apiKey"],
  ["api_key", "apiKey"],
  ["base_url", "baseURL"],
  ["onEvents", "onEvent"],
  ["maxRetries", "retry.maxRounds"],
  ["retries", "retry.maxRounds"],
  ["timeout", "timeouts.startMs, timeouts.totalMs and others"],
  ["startMs", "timeouts.startMs"],
  ["defaultHeaders", "headers"],
  ["fallbacks", "providers"],
  ["model", "the request's model"],
])("the client knows what is meant by %s: %s", (key, meant) => {
  expect(refusal(checkClientOptions, { [key]: 1 })).toBe(
    `createResilientClient: unknown option ${key}. Did you mean ${meant}?`,
  );
});

test("a misspelt key inside a group is named in full, with the group's own keys as help", () => {
  expect(refusal(checkCallOptions, { timeouts: { startms: 1 } })).toBe(
    "timeouts: unknown option timeouts.startms. Did you mean timeouts.startMs?",
  );
  expect(refusal(checkCallOptions, { retry: { maxRetries: 3 } })).toBe(
    "retry: unknown option retry.maxRetries. Known are: maxRounds, backoff.",
  );
  expect(refusal(checkCallOptions, { resume: { "": 3 } })).toBe(
    "resume: unknown option resume.. Known are: maxResumes, onUnresumable, bestEffort, continueOnLength.",
  );
});

test.each(all)("%s never advises an option that it would refuse in turn", (where, check) => {
  const misled = ["key", "api_key", "baseUrl", "abortSignal", "provider", "extraHeaders", "mode"].filter((key) => {
    const [, meant = ""] = /Did you mean (\w+)\?$/.exec(refusal(check, { [key]: undefined })) ?? [];
    return meant !== "" && refusal(check, { [meant]: undefined }).startsWith(`${where}: unknown option`);
  });
  expect(misled).toEqual([]);
});

const outOfRange: readonly (readonly [object, string])[] = [
  [{ timeouts: { startMs: 0 } }, "timeouts.startMs must be milliseconds from 1, or Infinity, got 0."],
  [{ timeouts: { wireMs: Number.NaN } }, "timeouts.wireMs must be milliseconds from 1, or Infinity, got NaN."],
  [{ timeouts: { totalMs: -5 } }, "timeouts.totalMs must be milliseconds from 1, or Infinity, got -5."],
  [
    { timeouts: { queueMs: "5000" } },
    "timeouts.queueMs must be milliseconds from 1, or Infinity, got a value of type string.",
  ],
  [
    { timeouts: { finishMs: 5n } },
    "timeouts.finishMs must be milliseconds from 1, or Infinity, got a value of type bigint.",
  ],
  [{ timeouts: { contentMs: null } }, "timeouts.contentMs must be milliseconds from 1, or Infinity, got null."],
  [{ timeouts: 5_000 }, "timeouts: expected an object of options, got a value of type number."],
  [{ timeouts: false }, "timeouts: expected an object of options, got a value of type boolean."],
  [{ retry: { maxRounds: 0 } }, "retry.maxRounds must be a whole number from 1, or Infinity, got 0."],
  [{ retry: { maxRounds: 1.5 } }, "retry.maxRounds must be a whole number from 1, or Infinity, got 1.5."],
  [{ retry: { backoff: 500 } }, "retry.backoff must be a function, got 500."],
  [{ retry: true }, "retry: expected an object of options, got a value of type boolean."],
  [{ resume: { maxResumes: -1 } }, "resume.maxResumes must be a whole number from 0, got -1."],
  [{ guards: true }, "guards: expected an object of options, got a value of type boolean."],
  [{ guards: { minTokensPerSecond: 0 } }, "guards.minTokensPerSecond must be tokens a second, more than 0, got 0."],
  [{ guards: { maxThinkingTokens: 1.5 } }, "guards.maxThinkingTokens must be a whole number from 1, got 1.5."],
  [{ guards: { onTrip: "retry" } }, 'guards.onTrip must be "fail" or "elsewhere", got a value of type string.'],
  [{ guards: { repetition: 5 } }, "guards.repetition: expected an object of options, got a value of type number."],
  [
    { guards: { repetition: { afterChars: 99 } } },
    "guards.repetition.afterChars must be a whole number from 100 to 1000000, got 99.",
  ],
  [
    { guards: { repetition: { repetition: 5 } } },
    "guards.repetition: unknown option guards.repetition.repetition. Did you mean guards.repetition.repetitions?",
  ],
  [{ wire: "sse" }, 'wire must be "stream" or "json", got a value of type string.'],
  [{ toolCalls: true }, 'toolCalls must be "whole" or "live", got true.'],
  [{ profile: "toString" }, 'profile must be "interactive" or "patient" or "batch", got a value of type string.'],
  [{ allowEmpty: "yes" }, "allowEmpty must be true or false, got a value of type string."],
  [{ allowElsewhere: ["busy"] }, 'allowElsewhere must be a list that may hold "content_filter", got an array.'],
  [
    { allowElsewhere: "content_filter" },
    'allowElsewhere must be a list that may hold "content_filter", got a value of type string.',
  ],
  [{ providers: [] }, "providers must be a list of at least one provider name, got an empty array."],
  [{ providers: [provider] }, "providers must be a list of at least one provider name, got an array."],
  [{ headers: null }, "headers must be an object, got null."],
  [{ headers: { Authorization: "x" } }, 'options: headers must not set "authorization"; the client does.'],
  [{ onEvent: {} }, "onEvent must be a function, got a value of type object."],
  [{ signal: null }, "signal must be an AbortSignal, got null."],
  [{ signal: new AbortController() }, "signal must be an AbortSignal, got a value of type object."],
];

test.each(outOfRange.map(([options, message]) => [message, options] as const))(
  "refused by every call: %s",
  (message, options) => {
    expect(refusal(checkCallOptions, options)).toBe(message);
  },
);

const clientOutOfRange: readonly (readonly [object, string])[] = [
  [{ apiKey: 5 }, "apiKey must be a string or a function, got 5."],
  [{ apiKey: null }, "apiKey must be a string or a function, got null."],
  [{ baseURL: new URL("https://api.example") }, "baseURL must be a string, got a value of type object."],
  [
    { providers: ["deepseek"] },
    "providers must be a list of at least one provider, as made by deepseek() or openaiCompatible(); names stand in a call's options, got an array.",
  ],
  [
    { providers: [{ send() {} }] },
    "providers must be a list of at least one provider, as made by deepseek() or openaiCompatible(); names stand in a call's options, got an array.",
  ],
  [
    { providers: [null] },
    "providers must be a list of at least one provider, as made by deepseek() or openaiCompatible(); names stand in a call's options, got an array.",
  ],
  [
    { providers: [] },
    "providers must be a list of at least one provider, as made by deepseek() or openaiCompatible(); names stand in a call's options, got an empty array.",
  ],
  [
    { providers: provider },
    "providers must be a list of at least one provider, as made by deepseek() or openaiCompatible(); names stand in a call's options, got a value of type object.",
  ],
  [{ fetch: "fetch" }, "fetch must be a function, got a value of type string."],
  [{ clock: 5 }, "clock must be a clock with now() and after(), got 5."],
  [{ random: 0.5 }, "random must be a function, got 0.5."],
  [{ dangerouslyAllowBrowser: 1 }, "dangerouslyAllowBrowser must be true or false, got 1."],
];

test.each(clientOutOfRange.map(([options, message]) => [message, options] as const))(
  "refused by the client: %s",
  (message, options) => {
    expect(refusal(checkClientOptions, options)).toBe(message);
  },
);

test("a clock that cannot tell the time or set a timer is refused here, not in the middle of a call", () => {
  expect(refusal(checkClientOptions, { clock: {} })).toBe(
    "clock must be a clock with now() and after(), got a value of type object.",
  );
  expect(refusal(checkClientOptions, { clock: Date })).toBe(
    "clock must be a clock with now() and after(), got a value of type function.",
  );
  expect(refusal(checkClientOptions, { clock: null })).toBe("clock must be a clock with now() and after(), got null.");
});

test("an endless number of resumes is refused, as the range says", () => {
  expect(refusal(checkCallOptions, { resume: { maxResumes: never } })).toBe(
    "resume.maxResumes must be a whole number from 0, got Infinity.",
  );
});

test("a provider named twice is refused: it would be asked twice a round, without a wait between", () => {
  expect(refusal(checkCallOptions, { providers: ["one", "one"] })).toBe(
    "providers must be a list that names nobody twice, got an array.",
  );
});

test.each([
  ["a Headers object", new Headers({ "x-team": "a" })],
  ["a Map", new Map([["x-team", "a"]])],
])("headers as %s are refused: they would be lost without a word", (_, headers) => {
  expect(refusal(checkCallOptions, { headers })).toMatch(/headers must be a plain object/);
});

test("a signal of another realm or a polyfill is a signal", () => {
  expect(refusal(checkCallOptions, { signal: { aborted: false, addEventListener() {} } })).toBe("accepted");
});

test("whatever the options hold, the check accepts them or throws its own error, and quotes no text", () => {
  const secret = "sk-secret-of-the-user";
  const key = fc.constantFrom(...Object.keys(clientOptions), "signal");
  const value = fc.oneof(fc.anything(), fc.constant(secret), fc.constant([secret]), fc.constant({ maxRounds: secret }));
  fc.assert(
    fc.property(fc.dictionary(key, value), (options) => {
      for (const [, check] of all) expect(refusal(check, options)).not.toContain(secret);
    }),
  );
});
