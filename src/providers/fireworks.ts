import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { DEEPSEEK_ALONE } from "./dialect.ts";
import { FIREWORKS_MODELS } from "./fireworks-models.ts";
import type { Provider } from "./provider.ts";

/** Options of `fireworks()`. */
export interface FireworksOptions extends CompatibleOptions {
  /** Fireworks's key, or a function that fetches it. @defaultValue the environment variable `FIREWORKS_API_KEY`, read with each request */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** Fireworks's address. @defaultValue `https://api.fireworks.ai/inference/v1` */
  readonly baseURL?: string | undefined;
}

/**
 * Fireworks, which serves DeepSeek's models.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), fireworks()] });
 * @throws InvalidOptionsError when an option is out of range, or the key would travel over plain HTTP.
 */
export function fireworks(options: FireworksOptions = {}): Provider {
  return compatibleHost(options, {
    name: options?.name ?? "fireworks",
    baseURL: "https://api.fireworks.ai/inference/v1",
    keyVariable: "FIREWORKS_API_KEY",
    models: FIREWORKS_MODELS,
    keepAlives: false,
    // It refuses both at once: https://docs.fireworks.ai/guides/reasoning
    thinking: {
      on: { thinking: { type: "enabled" } },
      off: { reasoning_effort: "none" },
      effort: "reasoning_effort",
      efforts: ["low", "medium", "high", "xhigh", "max"],
    },
    // It would shorten the answer to what is left of the window, and say nothing of it.
    always: { context_length_exceeded_behavior: "error" },
    developerRole: false,
    tokenLimit: "max_tokens",
    leftOut: DEEPSEEK_ALONE,
    failures: {
      UNAUTHORIZED: "authentication",
      NOT_FOUND: "unknown_model",
      PRECONDITION_FAILED: "insufficient_balance",
      too_many_requests: "rate_limited",
    },
  });
}
