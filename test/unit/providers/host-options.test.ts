import { afterEach, expect, test, vi } from "vitest";
import { InvalidOptionsError, MissingApiKeyError } from "../../../src/error-family.ts";
import {
  checkBaseURL,
  commonFields,
  findKey,
  isLocal,
  modelNames,
  readVariable,
} from "../../../src/providers/host-options.ts";
import { rejectionOf, thrownBy } from "../../support/abort-reasons.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  ["https://api.deepseek.com", "https://api.deepseek.com"],
  ["https://api.deepseek.com/", "https://api.deepseek.com"],
  ["https://host.example/v1//", "https://host.example/v1"],
  [" HTTPS://Host.Example/V1 ", "https://host.example/V1"],
  ["http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"],
])("the base URL %s is taken as %s", (given, taken) => {
  expect(checkBaseURL("lab", given, false)).toBe(taken);
});

test.each([
  "",
  "api.deepseek.com",
  "/v1",
  "ftp://host.example",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "https://",
])("the base URL %o is refused", (given) => {
  expect(thrownBy(() => checkBaseURL("lab", given, true))).toMatchObject({
    code: "invalid_options",
    message: "lab: baseURL must be a URL that begins with https:// or http://.",
  });
});

test("a base URL that is no string is refused", () => {
  for (const given of [undefined, null, 7, {}]) {
    expect(thrownBy(() => checkBaseURL("lab", given as unknown as string, true))).toBeInstanceOf(InvalidOptionsError);
  }
});

test("a password in the base URL is refused, and not repeated", () => {
  const error = thrownBy(() => checkBaseURL("lab", `https://user:${SECRET}@host.example`, true));
  expect(error).toMatchObject({ code: "invalid_options" });
  expect(everythingSaidBy(error)).not.toContain(SECRET);
  expect(thrownBy(() => checkBaseURL("lab", "https://user@host.example", false))).toBeInstanceOf(InvalidOptionsError);
});

test.each([
  "https://host.example/v1?key=1",
  "https://host.example/v1#top",
  "https://host.example/v1?",
  "https://host.example/v1#",
])("the base URL %s is refused: a path behind its query or fragment would not be sent", (given) => {
  expect(thrownBy(() => checkBaseURL("lab", given, false))).toMatchObject({
    code: "invalid_options",
    message: "lab: baseURL must not hold a query or fragment.",
  });
});

test.each([
  "http://localhost:1234/v1",
  "http://LOCALHOST",
  "http://lab.localhost",
  "http://127.0.0.1",
  "http://127.9.9.9:8080",
  "http://127.1",
  "http://2130706433",
  "http://[::1]:8000",
])("a key may travel over plain HTTP to this machine: %s", (given) => {
  expect(() => checkBaseURL("lab", given, true)).not.toThrow();
});

test.each([
  "http://api.deepseek.com",
  "http://10.0.0.1",
  "http://0.0.0.0",
  "http://localhost.evil.test",
  "http://127.0.0.1.evil.test",
  "http://notlocalhost",
  "http://[::2]",
  "http://[::ffff:8.8.8.8]",
])("a key never travels over plain HTTP to another machine: %s", (given) => {
  expect(thrownBy(() => checkBaseURL("lab", given, true))).toMatchObject({
    code: "invalid_options",
    message: `lab: refusing to send an API key over http:// to ${new URL(given).host}; use https://.`,
  });
  expect(() => checkBaseURL("lab", given, false)).not.toThrow();
});

test("a variable of the environment is read late, without blanks; an empty one is none", () => {
  expect(readVariable("UNIT_TEST_KEY")).toBeUndefined();
  vi.stubEnv("UNIT_TEST_KEY", "  k \n");
  expect(readVariable("UNIT_TEST_KEY")).toBe("k");
  vi.stubEnv("UNIT_TEST_KEY", "  ");
  expect(readVariable("UNIT_TEST_KEY")).toBeUndefined();
});

test("without a process there are no variables", () => {
  vi.stubGlobal("process", undefined);
  const found = readVariable("PATH");
  vi.unstubAllGlobals();
  expect(found).toBeUndefined();
});

test("a key given is the key, and the variable is not looked at", async () => {
  vi.stubEnv("UNIT_TEST_KEY", "from-env");
  const key = findKey("lab", SECRET, "UNIT_TEST_KEY");
  expect(key.isKnown()).toBe(true);
  expect(await key.read()).toBe(SECRET);
});

test("the variable is read with each request", async () => {
  const key = findKey("lab", undefined, "UNIT_TEST_KEY");
  expect(key.isKnown()).toBe(false);
  vi.stubEnv("UNIT_TEST_KEY", "first");
  expect([key.isKnown(), await key.read()]).toEqual([true, "first"]);
  vi.stubEnv("UNIT_TEST_KEY", "second");
  expect(await key.read()).toBe("second");
});

test("a key function is known without being called, and called for every request", async () => {
  let calls = 0;
  const key = findKey("lab", async () => `key-${++calls}`, "UNIT_TEST_KEY");
  expect(key.isKnown()).toBe(true);
  expect(calls).toBe(0);
  expect(await key.read()).toBe("key-1");
  expect(await key.read()).toBe("key-2");
});

test("a host without a variable needs no key", async () => {
  const key = findKey("lab", undefined);
  expect([key.isKnown(), await key.read()]).toEqual([false, undefined]);
});

test.each([
  ["the variable is not set", undefined, "UNIT_TEST_KEY", "lab: no API key."],
  ["the key given is empty", "", "UNIT_TEST_KEY", "lab: no API key."],
  ["the key given is empty and there is no variable", "", undefined, "lab: no API key."],
  ["the function gives an empty one", () => "", undefined, "lab: its apiKey function gave no key."],
  ["the function promises an empty one", async () => "", "UNIT_TEST_KEY", "lab: its apiKey function gave no key."],
])("a key is missing when %s", async (_, apiKey, variable, message) => {
  const key = findKey("lab", apiKey, variable);
  const error = await rejectionOf(key.read());
  expect(error).toBeInstanceOf(MissingApiKeyError);
  expect(error).toMatchObject({ provider: "lab", message: expect.stringContaining(message.slice(0, -1)) });
});

test("blanks are no key", async () => {
  const key = findKey("lab", "  ", "UNIT_TEST_KEY");
  expect(key.isKnown()).toBe(false);
  expect(await rejectionOf(key.read())).toBeInstanceOf(MissingApiKeyError);
});

test("the common fields have their defaults, and are kept as given", () => {
  expect(commonFields("lab", {})).toMatchObject({ name: "lab", afterRounds: 0, timeouts: {}, rateLimit: undefined });
  const timeouts = { wireMs: 1, queueMs: Number.POSITIVE_INFINITY };
  const price = { promptUsd: 1, completionUsd: 2 };
  const given = { afterRounds: 2, timeouts, rateLimit: { requestsPerMinute: 5 }, price };
  const { price: priced, ...fields } = commonFields("lab", given);
  expect(fields).toEqual({ name: "lab", afterRounds: 2, timeouts, rateLimit: { requestsPerMinute: 5 } });
  expect(priced("any", 0)).toBe(price);
});

test("a time limit that is undefined is none given: the default holds", () => {
  const { timeouts } = commonFields("lab", { timeouts: { wireMs: undefined, queueMs: 5 } });
  expect(Object.keys(timeouts)).toEqual(["queueMs"]);
});

test.each([
  [null, "lab: expected an object of options, got null."],
  ["sk-secret", "lab: expected an object of options, got a value of type string."],
  [{ timeouts: null }, "lab: timeouts: expected an object of options, got null."],
  [{ timeouts: 5 }, "lab: timeouts: expected an object of options, got a value of type number."],
  [{ timeouts: { headerMs: 5 } }, /^lab: timeouts: unknown option timeouts\.headerMs\. Known are: headersMs, /],
  [{ timeouts: { startMs: 5 } }, /^lab: timeouts: unknown option timeouts\.startMs\. Known are: headersMs, /],
  [{ afterRound: 1 }, "lab: unknown option afterRound. Did you mean afterRounds?"],
])("options like %o are refused, with the provider's name", (options, message) => {
  expect(thrownBy(() => commonFields("lab", options as object))).toMatchObject({
    code: "invalid_options",
    message: typeof message === "string" ? message : expect.stringMatching(message),
  });
});

test.each([
  "http://127.0.0.1:1234/v1",
  "http://localhost",
  "http://studio.local:1234",
  "http://192.168.1.7",
  "http://10.0.0.2",
])("%s is a host of one's own", (baseURL) => {
  expect(isLocal(baseURL)).toBe(true);
});

test.each(["https://api.deepseek.com", "https://10.example", "https://172.32.0.1", "https://192.168.1.7.evil.test"])(
  "%s is somebody else's",
  (baseURL) => {
    expect(isLocal(baseURL)).toBe(false);
  },
);

test.each(["https://host.example/v1/chat/completions", "https://host.example/chat/completions/"])(
  "the base URL %s is refused: the path is added to it",
  (given) => {
    expect(thrownBy(() => checkBaseURL("lab", given, false))).toMatchObject({
      message: "lab: baseURL must end before /chat/completions, which is added to it.",
    });
  },
);

test.each(["", undefined, null, 7])("a provider called %o is refused", (name) => {
  expect(thrownBy(() => commonFields(name as string, {}))).toMatchObject({
    code: "invalid_options",
    message: "A provider needs a name.",
  });
});

/** Texts are never quoted. */
const named = (value: unknown) => (typeof value === "string" ? "a value of type string" : String(value));

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, "1", null])("afterRounds: %o is refused", (afterRounds) => {
  expect(thrownBy(() => commonFields("lab", { afterRounds: afterRounds as number }))).toMatchObject({
    code: "invalid_options",
    message: `lab: afterRounds must be a whole number from 0, got ${named(afterRounds)}.`,
  });
});

test.each([0, -1, 0.5, Number.NaN, "soon", "5000", null, true])("a time limit of %o is refused", (wireMs) => {
  expect(thrownBy(() => commonFields("lab", { timeouts: { wireMs: wireMs as number } }))).toMatchObject({
    code: "invalid_options",
    message: `lab: timeouts.wireMs must be milliseconds from 1, or Infinity, got ${named(wireMs)}.`,
  });
});

test("a model has the only name, the host's own name, or the name asked for", () => {
  expect(modelNames("qwen3-8b", { "deepseek-flash": "x" })("deepseek-flash")).toBe("qwen3-8b");
  const own = modelNames(undefined, { "deepseek-flash": "deepseek/deepseek-v4.1-flash" });
  expect(own("deepseek-flash")).toBe("deepseek/deepseek-v4.1-flash");
  expect(own("other")).toBe("other");
  expect(modelNames(undefined, undefined)("deepseek-flash")).toBe("deepseek-flash");
});

test("a model named like a property of every object is sent as it is", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    expect(modelNames(undefined, { "deepseek-flash": "x" })(name)).toBe(name);
  }
});

test("an environment that may not be read, as in Deno without --allow-env, is taken for an empty one", () => {
  const refuse = () => {
    throw new Error("NotCapable");
  };
  const { process } = globalThis;
  const env = new Proxy({}, { get: refuse });
  try {
    Object.assign(globalThis, { process: { env } });
    expect(readVariable("DEEPSEEK_API_KEY")).toBeUndefined();
  } finally {
    Object.assign(globalThis, { process });
  }
});
