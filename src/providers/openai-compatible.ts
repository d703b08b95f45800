import { aBoolean, aString } from "../check-shape.ts";
import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { NO_MODELS } from "./dialect.ts";
import { aDialect, type DialectOptions } from "./dialect-options.ts";
import type { ApiKey } from "./host-options.ts";
import type { Provider } from "./provider.ts";

/** Options of `openaiCompatible()`. */
export interface OpenAICompatibleOptions extends CompatibleOptions {
  /** For reports, events and `CallOptions.providers`; unique within a client. */
  readonly name: string;
  /** Everything before `/chat/completions`, as in `https://host.example/v1`. */
  readonly baseURL: string;
  /** Left out: the host needs no key. Given, but `undefined` or empty (a variable that is not set): the host is skipped. */
  readonly apiKey?: ApiKey | undefined;
  /** Whether it sends comments or blank lines while a request waits. @defaultValue false */
  readonly keepAlives?: boolean | undefined;
  /** The environment variable that holds its key, read with each request; not set: the host is skipped. @defaultValue none */
  readonly keyVariable?: string | undefined;
  /** How it says what DeepSeek says in other words. @defaultValue as most hosts do */
  readonly dialect?: DialectOptions | undefined;
}

/**
 * Any host that speaks the OpenAI chat completions protocol: an aggregator, a gateway, a local server.
 *
 * @example
 * openaiCompatible({ name: "lab", baseURL: "http://127.0.0.1:8000/v1", model: "deepseek-v4-flash" });
 * @throws InvalidOptionsError when an option is out of range, or a key would travel over plain HTTP.
 */
export function openaiCompatible(options: OpenAICompatibleOptions): Provider {
  return compatibleHost(
    options,
    {
      abilities: { tools: true },
      ...options?.dialect,
      name: options?.name,
      baseURL: options?.baseURL,
      keyVariable: options?.keyVariable,
      models: NO_MODELS,
      keepAlives: options?.keepAlives ?? false,
    },
    { keepAlives: aBoolean, keyVariable: aString, dialect: aDialect() },
  );
}
