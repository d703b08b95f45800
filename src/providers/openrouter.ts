import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { DEEPSEEK_ALONE } from "./dialect.ts";
import { OPENROUTER_MODELS } from "./openrouter-models.ts";
import type { Provider } from "./provider.ts";

/** Options of `openrouter()`. */
export interface OpenRouterOptions extends CompatibleOptions {
  /** OpenRouter's key, or a function that fetches it. @defaultValue the environment variable `OPENROUTER_API_KEY`, read with each request */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** OpenRouter's address. @defaultValue `https://openrouter.ai/api/v1` */
  readonly baseURL?: string | undefined;
}

/**
 * OpenRouter, an aggregator that serves DeepSeek's models from many hosts. DeepSeek's model names and its switches for
 * thinking are translated. Without a key it is skipped.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), openrouter()] });
 * @throws InvalidOptionsError when an option is out of range, or the key would travel over plain HTTP.
 */
export function openrouter(options: OpenRouterOptions = {}): Provider {
  return compatibleHost(options, {
    name: options?.name ?? "openrouter",
    baseURL: "https://openrouter.ai/api/v1",
    keyVariable: "OPENROUTER_API_KEY",
    models: OPENROUTER_MODELS,
    // `: OPENROUTER PROCESSING`, before the answer and in it.
    keepAlives: true,
    requestIdHeader: "x-generation-id",
    // https://openrouter.ai/docs/use-cases/usage-accounting
    tellsCost: true,
    // "Assistant prefill" in its docs; what comes of it is up to the host behind it.
    abilities: { prefill: "message" },
    // `thinking` and `reasoning_effort` are one object there: https://openrouter.ai/docs/use-cases/reasoning-tokens
    thinking: {
      on: { reasoning: { enabled: true } },
      off: { reasoning: { enabled: false } },
      effort: "reasoning.effort",
      efforts: ["minimal", "low", "medium", "high", "xhigh"],
    },
    earlierThinking: "reasoning",
    leftOut: DEEPSEEK_ALONE,
    // Signed thinking, and what was read of a file: both spare the next turn work.
    ownAnswerFields: ["reasoning_details", "annotations"],
  });
}
