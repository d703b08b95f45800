import { InvalidOptionsError } from "../error-family.ts";
import { type ApiKey, checkBaseURL, checkHeaders, commonFields, findKey, modelNames } from "./host-options.ts";
import { type Abilities, missingAbility, type Provider, type ProviderOptions, withAbilities } from "./provider.ts";
import { createRunAttempt } from "./run-attempt.ts";

export interface OpenAICompatibleOptions extends ProviderOptions {
  /** For reports, events and `CallOptions.providers`; unique within a client. */
  readonly name: string;
  /** Everything before `/chat/completions`, as in `https://host.example/v1`. */
  readonly baseURL: string;
  /** Left out: the host needs no key. */
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

const OPTIONS = [
  "baseURL",
  "apiKey",
  "model",
  "models",
  "abilities",
  "contextWindow",
  "keepAlives",
  "headers",
] as const satisfies readonly (keyof OpenAICompatibleOptions)[];

/**
 * Any host that speaks the OpenAI chat completions protocol: an aggregator, a gateway, a local server.
 *
 * @example
 * openaiCompatible({ name: "lab", baseURL: "http://127.0.0.1:8000/v1", model: "deepseek-v4-flash" });
 * @throws InvalidOptionsError when an option is out of range, or a key would travel over plain HTTP.
 */
export function openaiCompatible(options: OpenAICompatibleOptions): Provider {
  const { name } = options;
  const common = commonFields(name, options, OPTIONS);
  const usesKey = options.apiKey !== undefined;
  const baseURL = checkBaseURL(name, options.baseURL, usesKey);
  const { contextWindow } = options;
  if (contextWindow !== undefined && !(Number.isInteger(contextWindow) && contextWindow > 0)) {
    throw new InvalidOptionsError(
      `${name}: contextWindow must be a whole number of tokens from 1, got ${String(contextWindow)}.`,
    );
  }
  const key = findKey(name, options.apiKey);
  const abilities = withAbilities({ tools: true, json: true, thinking: true, images: false }, options.abilities);
  return {
    ...common,
    hostTimeouts: {},
    keepAlives: options.keepAlives ?? false,
    usesKey,
    model: modelNames(options.model, options.models),
    window: () => contextWindow,
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
