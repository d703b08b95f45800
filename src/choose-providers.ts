import type { CallOptions, ClientOptions } from "./client-options.ts";
import { InvalidOptionsError } from "./error-family.ts";
import { deepseek } from "./providers/deepseek.ts";
import type { Provider } from "./providers/provider.ts";

/**
 * The providers of a client, in order.
 * @throws InvalidOptionsError when two have the same name, or a key would stand open in a browser.
 */
export function chooseProviders(options: ClientOptions): readonly Provider[] {
  const { apiKey, baseURL, providers = [deepseek({ apiKey, baseURL })], dangerouslyAllowBrowser } = options;
  if (options.providers && (apiKey ?? baseURL) !== undefined) {
    throw new InvalidOptionsError(
      "createResilientClient: give apiKey and baseURL to the provider they belong to, as in providers: [deepseek({ apiKey })].",
    );
  }
  const names = providers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice)
    throw new InvalidOptionsError(`createResilientClient: two providers are called "${twice}"; give one another name.`);
  if (isBrowser() && !dangerouslyAllowBrowser && providers.some(({ usesKey }) => usesKey)) {
    throw new InvalidOptionsError(
      "createResilientClient: an API key in a browser can be read by everybody. Call your own server instead, or set dangerouslyAllowBrowser: true.",
    );
  }
  return providers;
}

/** @throws InvalidOptionsError when the options name a provider the client does not have. */
export function checkProviderNames(options: CallOptions, providers: readonly Provider[]): void {
  const known = providers.map(({ name }) => name);
  const unknown = options.providers?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new InvalidOptionsError(`options: there is no provider "${unknown}"; this client has ${known.join(", ")}.`);
  }
}

/** A page, or a worker of a page; not the workers of servers, which have the same functions but another name. */
function isBrowser(): boolean {
  const { window, importScripts, navigator } = globalThis as {
    window?: { document?: unknown };
    importScripts?: unknown;
    navigator?: { userAgent?: string };
  };
  return window?.document !== undefined || (importScripts !== undefined && /^Mozilla/.test(navigator?.userAgent ?? ""));
}
