import type { Check } from "../check-shape.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { AZURE_MODELS } from "./azure-models.ts";
import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { DEEPSEEK_ALONE } from "./dialect.ts";
import type { Provider } from "./provider.ts";

/** Options of `azure()`. */
export interface AzureOptions extends CompatibleOptions {
  /** The name of the resource in Azure AI Foundry, as in `https://<resource>.services.ai.azure.com`. It or `baseURL` is needed. */
  readonly resource?: string | undefined;
  /** Azure's key, or a function that fetches a key or a token of Entra. @defaultValue the environment variable `AZURE_OPENAI_API_KEY`, read with each request */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** The address of the resource's v1 API. @defaultValue `https://<resource>.services.ai.azure.com/openai/v1` */
  readonly baseURL?: string | undefined;
}

/**
 * DeepSeek's models in Azure AI Foundry. There `model` is the name of a deployment: where it is not the catalogue's, say so.
 *
 * @example
 * azure({ resource: "my-resource", models: { "deepseek-flash": "my-flash-deployment" } });
 * @throws InvalidOptionsError when an option is out of range, neither `resource` nor `baseURL` is given, or the key would travel over plain HTTP.
 */
export function azure(options: AzureOptions): Provider {
  const { resource, name = "azure", baseURL } = options ?? {};
  const provider = compatibleHost(
    options ?? {},
    {
      name,
      baseURL: `https://${resource}.services.ai.azure.com/openai/v1`,
      keyVariable: "AZURE_OPENAI_API_KEY",
      models: AZURE_MODELS,
      keepAlives: false,
      requestIdHeader: "apim-request-id",
      // Its catalogue's models, not the deployments there are.
      abilities: { models: false },
      // No switch and no effort is documented: it thinks.
      thinking: {},
      // "Text, JSON" is what its page says of formats.
      jsonMode: "json_object",
      leftOut: DEEPSEEK_ALONE,
      failures: {
        DeploymentNotFound: "unknown_model",
        unknown_model: "unknown_model",
        RateLimitReached: "rate_limited",
        content_filter: "content_filter",
      },
    },
    { resource: aResource },
  );
  // Behind the check of the options, which names one that is misspelt.
  if (!resource && !baseURL)
    throw new InvalidOptionsError(`${name}: say which resource, as in azure({ resource: "my-resource" }).`);
  return provider;
}

const aResource: Check = (value, label) => {
  if (typeof value !== "string" || !/^[a-z0-9][a-z0-9-]{0,62}$/i.test(value))
    throw new InvalidOptionsError(`${label} must be a name of letters, digits and "-".`);
};
