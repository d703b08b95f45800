import { deepseek, type OpenAICompatibleOptions, openaiCompatible, type Provider } from "../../src/index.ts";

export const KEY = "sk-gateway-test-0123456789";

type Options = Partial<OpenAICompatibleOptions>;

/** The ways a request can take through a Portkey gateway. `host` is who is behind it. */
export interface Routes {
  /** What the gateway believes to be OpenAI. */
  openai(host: string, options?: Options): Provider;
  /** What the gateway knows as DeepSeek; `strict`: its finish reasons are made OpenAI's, as they are unless told otherwise. */
  deepseek(host: string, options?: Options & { readonly strict?: boolean }): Provider;
  /** Past everything the gateway knows. */
  proxy(host: string): Provider;
  /** The gateway fails over by itself; each target has a key of its own. */
  fallback(targets: readonly { readonly custom_host: string; readonly api_key: string }[]): Provider;
}

export function routesThrough(gateway: string): Routes {
  const baseURL = `${gateway}/v1`;
  const common = { name: "portkey", apiKey: KEY, baseURL, dialect: { requestIdHeader: "x-ds-trace-id" } };
  const headersOf = (provider: string, host: string) => ({
    "x-portkey-provider": provider,
    "x-portkey-custom-host": host,
  });
  return {
    openai: (host, options) => openaiCompatible({ ...common, headers: headersOf("openai", host), ...options }),
    deepseek(host, { strict = false, ...options } = {}) {
      const headers = { ...headersOf("deepseek", host), "x-portkey-strict-open-ai-compliance": String(strict) };
      return openaiCompatible({ ...common, headers, ...options });
    },
    proxy: (host) =>
      deepseek({ name: "portkey", apiKey: KEY, baseURL: `${baseURL}/proxy`, headers: headersOf("deepseek", host) }),
    fallback(targets) {
      const config = { strategy: { mode: "fallback" }, targets: targets.map((t) => ({ provider: "openai", ...t })) };
      return openaiCompatible({ name: "portkey", baseURL, headers: { "x-portkey-config": JSON.stringify(config) } });
    },
  };
}
