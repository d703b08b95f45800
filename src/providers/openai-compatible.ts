import { type CompatibleOptions, compatibleHost, UNKNOWN_HOST } from "./compatible-host.ts";
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
      name: options?.name,
      baseURL: options?.baseURL,
      models: {},
      keepAlives: options?.keepAlives ?? false,
      requestIdHeader: "x-request-id",
      thinkTags: () => "auto",
      encode: (request) => request,
    },
    UNKNOWN_HOST,
  );
}
