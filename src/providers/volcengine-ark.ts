import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { DEEPSEEK_ALONE } from "./dialect.ts";
import type { Provider } from "./provider.ts";
import { VOLCENGINE_ARK_MODELS } from "./volcengine-ark-models.ts";

/** Options of `volcengineArk()`. */
export interface VolcengineArkOptions extends CompatibleOptions {
  /** Ark's key, or a function that fetches it. @defaultValue the environment variable `ARK_API_KEY`, read with each request */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** Ark's address, or its twin's. @defaultValue `https://ark.cn-beijing.volces.com/api/v3` */
  readonly baseURL?: string | undefined;
}

/**
 * Ark of Volcengine. A model may also be the id of an endpoint (`ep-…`). Its international twin is `https://ark.ap-southeast.bytepluses.com/api/v3`.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), volcengineArk()] });
 * @throws InvalidOptionsError when an option is out of range, or the key would travel over plain HTTP.
 */
export function volcengineArk(options: VolcengineArkOptions = {}): Provider {
  return compatibleHost(options, {
    name: options?.name ?? "volcengineArk",
    baseURL: "https://ark.cn-beijing.volces.com/api/v3",
    keyVariable: "ARK_API_KEY",
    models: VOLCENGINE_ARK_MODELS,
    keepAlives: false,
    thinking: {
      on: { thinking: { type: "enabled" } },
      off: { thinking: { type: "disabled" } },
      effort: "reasoning_effort",
      efforts: ["minimal", "low", "medium", "high", "max"],
      both: true,
    },
    // A schema is refused by some of its models, and passed over by others.
    jsonMode: "json_object",
    developerRole: false,
    tokenLimit: "max_tokens",
    leftOut: DEEPSEEK_ALONE,
    // https://www.volcengine.com/docs/82379/1299023
    failures: {
      AuthenticationError: "authentication",
      AccountOverdueError: "insufficient_balance",
      // Limits that do not pass by waiting.
      QuotaExceeded: "insufficient_balance",
      SetLimitExceeded: "insufficient_balance",
      AccessDenied: "permission",
      InvalidEndpointOrModel: "unknown_model",
      InvalidEndpoint: "unknown_model",
      // Its own words tell how to open it for the account.
      ModelNotOpen: "unable_model",
      UnsupportedModel: "unable_model",
      // Under 429: it has no room, whoever asks.
      ServerOverloaded: "busy",
      SensitiveContentDetected: "content_filter",
      InputTextSensitiveContentDetected: "content_filter",
      InternalServiceError: "busy",
    },
  });
}
