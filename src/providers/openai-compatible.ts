import { aBoolean, aString, type Check, number, refuse } from "../check-shape.ts";
import {
  API_KEY,
  type ApiKey,
  checkBaseURL,
  checkHeaders,
  commonFields,
  findKey,
  isLocal,
  modelNames,
} from "./host-options.ts";
import {
  ABILITIES,
  type Abilities,
  type HostTimeouts,
  missingAbility,
  type Provider,
  type ProviderOptions,
  withAbilities,
} from "./provider.ts";
import { createRunAttempt } from "./run-attempt.ts";

export interface OpenAICompatibleOptions extends ProviderOptions {
  /** For reports, events and `CallOptions.providers`; unique within a client. */
  readonly name: string;
  /** Everything before `/chat/completions`, as in `https://host.example/v1`. */
  readonly baseURL: string;
  /** Left out: the host needs no key. Given, but `undefined` or empty (a variable that is not set): the host is skipped. */
  readonly apiKey?: ApiKey | undefined;
  /** The one model this host is asked for, whatever the request says. */
  readonly model?: string | undefined;
  /** The host's own names: `{ "deepseek-flash": "deepseek/deepseek-v4.1-flash" }`. Others are sent as requested. */
  readonly models?: Readonly<Record<string, string>> | undefined;
  /** What the host can do; requests that need more skip it. @defaultValue everything but images */
  readonly abilities?: Partial<Abilities> | undefined;
  /** The window of its models in tokens. @defaultValue unknown: it is asked, and may refuse */
  readonly contextWindow?: number | undefined;
  /** Whether it sends comments or blank lines while a request waits. @defaultValue false */
  readonly keepAlives?: boolean | undefined;
  /** Sent with every request; never `authorization`, `cookie`, `host` or `content-*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const OPTIONS: Readonly<Record<keyof Omit<OpenAICompatibleOptions, keyof ProviderOptions>, Check>> = {
  baseURL: aString,
  apiKey: API_KEY,
  model: aString,
  models: (value, label) => {
    const names = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.values(value) : [0];
    if (!names.every((name) => typeof name === "string")) refuse(label, "an object of model names", value);
  },
  abilities: ABILITIES,
  contextWindow: number("a whole number of tokens from 1", (value) => Number.isInteger(value) && value > 0),
  keepAlives: aBoolean,
  headers: (value, label) => {
    if (typeof value !== "object" || value === null) refuse(label, "an object", value);
  },
};

/** A local server may load a model before it answers, which takes minutes. */
const LOCAL: HostTimeouts = { headersMs: 600_000 };

/**
 * Any host that speaks the OpenAI chat completions protocol: an aggregator, a gateway, a local server.
 *
 * @example
 * openaiCompatible({ name: "lab", baseURL: "http://127.0.0.1:8000/v1", model: "deepseek-v4-flash" });
 * @throws InvalidOptionsError when an option is out of range, or a key would travel over plain HTTP.
 */
export function openaiCompatible(options: OpenAICompatibleOptions): Provider {
  const name = options?.name;
  const common = commonFields(name, options, OPTIONS);
  // A key from a variable that is not set: better to skip the host than to be refused by it.
  const usesKey = Object.hasOwn(options, "apiKey");
  const baseURL = checkBaseURL(name, options.baseURL, usesKey);
  const key = findKey(name, usesKey ? (options.apiKey ?? "") : undefined);
  const abilities = withAbilities({ tools: true, json: true, thinking: true, images: false }, options.abilities);
  return {
    ...common,
    hostTimeouts: isLocal(baseURL) ? LOCAL : {},
    keepAlives: options.keepAlives ?? false,
    usesKey,
    model: modelNames(options.model, options.models),
    window: () => options.contextWindow,
    unable: ({ request }) => (usesKey && !key.isKnown() ? "no_key" : missingAbility(request, abilities)),
    send: createRunAttempt({
      name,
      url: () => `${baseURL}/chat/completions`,
      key: key.read,
      headers: checkHeaders(name, options.headers),
      asksForUsage: true,
      requestIdHeader: "x-request-id",
    }),
  };
}
