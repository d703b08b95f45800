import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { DEEPSEEK_ALONE } from "./dialect.ts";
import { PERPLEXITY_MODELS } from "./perplexity-models.ts";
import type { Provider } from "./provider.ts";

/** Options of `perplexity()`. */
export interface PerplexityOptions extends CompatibleOptions {
  /** Perplexity's key, or a function that fetches it. @defaultValue the environment variable `PERPLEXITY_API_KEY`, read with each request */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** Perplexity's address. @defaultValue `https://api.perplexity.ai` */
  readonly baseURL?: string | undefined;
}

/**
 * Perplexity, whose models search the web before they answer, and stand in for DeepSeek's.
 *
 * Perplexity has ended its own chat completions on 2026-09-27, and refuses them since (`permission`); this is for gateways that
 * still speak its dialect: give their `baseURL`.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), perplexity({ baseURL: "https://gateway.example/perplexity" })] });
 * @throws InvalidOptionsError when an option is out of range, or the key would travel over plain HTTP.
 */
export function perplexity(options: PerplexityOptions = {}): Provider {
  return compatibleHost(options, {
    name: options?.name ?? "perplexity",
    baseURL: "https://api.perplexity.ai",
    keyVariable: "PERPLEXITY_API_KEY",
    models: PERPLEXITY_MODELS,
    // It sends nothing while it waits, and counts with every chunk.
    keepAlives: false,
    usage: "unasked",
    abilities: { tools: false, forcedTools: false, models: false },
    // How much it searches and thinks; there is no way to switch it off.
    thinking: { effort: "reasoning_effort", efforts: ["minimal", "low", "medium", "high"] },
    earlierThinking: "none",
    jsonMode: "json_schema",
    // "After the (optional) system message(s), user and assistant roles should be alternating."
    turns: "alternating",
    developerRole: false,
    tokenLimit: "max_tokens",
    leftOut: [
      "stop",
      "seed",
      "n",
      "logprobs",
      "top_logprobs",
      "logit_bias",
      "parallel_tool_calls",
      "user",
      ...DEEPSEEK_ALONE,
    ],
    failures: {
      invalid_api_key: "authentication",
      invalid_model: "unknown_model",
      chat_completions_not_available: "permission",
      agent_api_migration_required: "permission",
    },
  });
}
