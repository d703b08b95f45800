import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { checkProviderNames, chooseProviders } from "../../src/choose-providers.ts";
import type { ClientOptions } from "../../src/client-options.ts";
import { InvalidOptionsError } from "../../src/error-family.ts";
import { custom, deepseek, openaiCompatible, type Provider } from "../../src/index.ts";
import { makeCall } from "../support/scripted.ts";

const KEY = "sk-secret-0123456789";
const echo = (name: string): Provider => custom({ name, send: () => "hello" });

beforeEach(() => {
  vi.stubEnv("DEEPSEEK_API_KEY", undefined);
  vi.stubEnv("DEEPSEEK_BASE_URL", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** What is thrown, which is never the key. */
function refusal(options: ClientOptions): string {
  try {
    chooseProviders(options);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(String(error)).not.toContain(KEY);
    return (error as Error).message;
  }
  return "accepted";
}

test("without providers DeepSeek is asked, with the key and the address given", () => {
  const [provider, ...others] = chooseProviders({ apiKey: KEY, baseURL: "https://api.example/v1" });
  expect(others).toEqual([]);
  expect(provider?.name).toBe("deepseek");
  expect(provider?.unable(makeCall())).toBeUndefined();
  expect(refusal({ apiKey: KEY, baseURL: "http://api.example" })).toBe(
    "deepseek: refusing to send an API key over http:// to api.example; use https://.",
  );
});

test("a key is looked for late: without one the client can be made, and the provider is skipped", () => {
  const [provider] = chooseProviders({});
  expect(provider?.unable(makeCall())).toBe("no_key");
  vi.stubEnv("DEEPSEEK_API_KEY", KEY);
  expect(provider?.unable(makeCall())).toBeUndefined();
});

test("given providers are used as they are, in their order", () => {
  const [one, two] = [echo("one"), echo("two")];
  expect(chooseProviders({ providers: [two, one] })).toEqual([two, one]);
});

test.each([{ apiKey: KEY }, { baseURL: "https://api.example" }, { apiKey: KEY, baseURL: "https://api.example" }])(
  "a key or an address beside a list of providers belongs to nobody, and is refused",
  (given) => {
    expect(refusal({ ...given, providers: [echo("one")] })).toBe(
      "createResilientClient: give apiKey and baseURL to the provider they belong to, as in providers: [deepseek({ apiKey })].",
    );
  },
);

test("two providers of one name are refused: reports and options could not tell them apart", () => {
  expect(refusal({ providers: [echo("lab"), deepseek({ apiKey: KEY }), echo("lab")] })).toBe(
    'createResilientClient: two providers are called "lab"; give one another name.',
  );
  expect(refusal({ providers: [deepseek({ apiKey: KEY }), deepseek({ apiKey: KEY })] })).toContain('"deepseek"');
});

test("in a browser a provider with a key is refused unless the user insists", () => {
  vi.stubGlobal("window", { document: {} });
  const providers = [deepseek({ apiKey: KEY })] as const;
  const message =
    "createResilientClient: an API key in a browser can be read by everybody. Call your own server instead, or set dangerouslyAllowBrowser: true.";
  expect(refusal({ providers })).toBe(message);
  expect(refusal({ apiKey: KEY })).toBe(message);
  expect(refusal({ providers, dangerouslyAllowBrowser: false })).toBe(message);
  expect(refusal({ providers, dangerouslyAllowBrowser: true })).toBe("accepted");
});

test("in a browser a provider without a key is welcome: it is the user's own server", () => {
  vi.stubGlobal("window", { document: {} });
  const own = openaiCompatible({ name: "own", baseURL: "https://my.example/v1" });
  expect(refusal({ providers: [own, echo("cache")] })).toBe("accepted");
  const keyed = openaiCompatible({ name: "keyed", baseURL: "https://my.example/v1", apiKey: KEY });
  expect(refusal({ providers: [own, keyed] })).toContain("an API key in a browser");
});

test("a window without a document is no browser", () => {
  vi.stubGlobal("window", {});
  expect(refusal({ apiKey: KEY })).toBe("accepted");
});

test("an option may name some of the client's providers, in any order", () => {
  const providers = [echo("one"), echo("two")];
  expect(() => checkProviderNames({}, providers)).not.toThrow();
  expect(() => checkProviderNames({ providers: ["two"] }, providers)).not.toThrow();
  expect(() => checkProviderNames({ providers: ["two", "one"] }, providers)).not.toThrow();
});

test.each(["three", "", "ONE", "__proto__"])("a provider the client does not have (%j) is refused", (name) => {
  const providers = [echo("one"), echo("two")];
  const check = () => checkProviderNames({ providers: ["one", name] }, providers);
  expect(check).toThrow(InvalidOptionsError);
  expect(check).toThrow(`options: there is no provider "${name}"; this client has one, two.`);
});
