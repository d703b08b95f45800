import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { DEEPSEEK_ALONE } from "./dialect.ts";
import { POE_MODELS } from "./poe-models.ts";
import type { Provider } from "./provider.ts";

/** Options of `poe()`. */
export interface PoeOptions extends CompatibleOptions {
  /** Poe's key, or a function that fetches it. @defaultValue the environment variable `POE_API_KEY`, read with each request */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** Poe's address. @defaultValue `https://api.poe.com/v1` */
  readonly baseURL?: string | undefined;
}

/**
 * Poe, an aggregator of bots. What a bot takes beyond the usual is its own business: name its parameters in the request.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), poe({ model: "novita/deepseek-v3.2" })] });
 * @throws InvalidOptionsError when an option is out of range, or the key would travel over plain HTTP.
 */
export function poe(options: PoeOptions = {}): Provider {
  return compatibleHost(options, {
    name: options?.name ?? "poe",
    baseURL: "https://api.poe.com/v1",
    keyVariable: "POE_API_KEY",
    models: POE_MODELS,
    keepAlives: false,
    // https://creator.poe.com/docs/external-applications/openai-compatible-api: no `response_format`, and no word for thinking that all
    // bots know. Since 2026-04 what a bot does not declare is refused.
    abilities: { json: false },
    thinking: {},
    earlierThinking: "none",
    developerRole: false,
    tokenLimit: "max_tokens",
    leftOut: [
      "seed",
      "presence_penalty",
      "frequency_penalty",
      "logit_bias",
      "logprobs",
      "top_logprobs",
      "user",
      ...DEEPSEEK_ALONE,
      "store",
      "metadata",
      "service_tier",
    ],
    failures: {
      authentication_error: "authentication",
      insufficient_credits: "insufficient_balance",
      // It also says it of rights, so other hosts are asked.
      moderation_error: "permission",
      not_found_error: "unknown_model",
      unsupported_feature_for_model: "unable_model",
      timeout_error: "busy",
      overloaded_error: "busy",
      upstream_error: "busy",
      request_too_large: "context_length",
      rate_limit_error: "rate_limited",
    },
  });
}
