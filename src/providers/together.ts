import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { DEEPSEEK_ALONE } from "./dialect.ts";
import type { Provider } from "./provider.ts";
import { TOGETHER_MODELS } from "./together-models.ts";

/** Options of `together()`. */
export interface TogetherOptions extends CompatibleOptions {
  /** Together's key, or a function that fetches it. @defaultValue the environment variable `TOGETHER_API_KEY`, read with each request */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** Together's address. @defaultValue `https://api.together.ai/v1` */
  readonly baseURL?: string | undefined;
}

/**
 * Together, which serves DeepSeek's models.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), together()] });
 * @throws InvalidOptionsError when an option is out of range, or the key would travel over plain HTTP.
 */
export function together(options: TogetherOptions = {}): Provider {
  return compatibleHost(options, {
    name: options?.name ?? "together",
    baseURL: "https://api.together.ai/v1",
    keyVariable: "TOGETHER_API_KEY",
    models: TOGETHER_MODELS,
    keepAlives: false,
    // What it thought comes as `reasoning`, and goes back as `reasoning_content`: https://docs.together.ai/docs/deepseek-v4-quickstart
    thinking: {
      on: { reasoning: { enabled: true } },
      off: { reasoning: { enabled: false } },
      effort: "reasoning_effort",
      efforts: ["high", "max"],
      both: true,
    },
    developerRole: false,
    tokenLimit: "max_tokens",
    // Its `logprobs` is a number.
    leftOut: ["logprobs", "top_logprobs", "parallel_tool_calls", "user", ...DEEPSEEK_ALONE],
    finishReasons: { eos: "stop" },
    failures: {
      invalid_api_key: "authentication",
      // Also said of models it lists, and of those that need an endpoint of one's own.
      model_not_available: "unknown_model",
      dynamic_request_limited: "rate_limited",
      dynamic_token_limited: "rate_limited",
    },
  });
}
