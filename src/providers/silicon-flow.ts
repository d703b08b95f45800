import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { DEEPSEEK_ALONE } from "./dialect.ts";
import type { Provider } from "./provider.ts";
import { SILICON_FLOW_IN_CHINA, SILICON_FLOW_MODELS } from "./silicon-flow-models.ts";

/** Options of `siliconFlow()`. */
export interface SiliconFlowOptions extends CompatibleOptions {
  /** SiliconFlow's key, or a function that fetches it. @defaultValue the environment variable `SILICONFLOW_API_KEY`, read with each request */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** SiliconFlow's address, or that of its Chinese site. @defaultValue `https://api.siliconflow.com/v1` */
  readonly baseURL?: string | undefined;
}

/**
 * SiliconFlow. Its two sites have accounts and keys of their own: for the Chinese one give `https://api.siliconflow.cn/v1` and its key.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), siliconFlow()] });
 * @throws InvalidOptionsError when an option is out of range, or the key would travel over plain HTTP.
 */
export function siliconFlow(options: SiliconFlowOptions = {}): Provider {
  return compatibleHost(options, {
    name: options?.name ?? "siliconFlow",
    baseURL: "https://api.siliconflow.com/v1",
    keyVariable: "SILICONFLOW_API_KEY",
    models: isInChina(options?.baseURL) ? SILICON_FLOW_IN_CHINA : SILICON_FLOW_MODELS,
    // Comments come while it thinks, as its own client expects.
    keepAlives: true,
    requestIdHeader: "x-siliconcloud-trace-id",
    thinking: {
      on: { enable_thinking: true },
      off: { enable_thinking: false },
      effort: "reasoning_effort",
      efforts: ["high", "max"],
      both: true,
    },
    // Turns of the same role in a row were refused: https://github.com/langgenius/dify-official-plugins
    turns: "alternating",
    developerRole: false,
    tokenLimit: "max_tokens",
    leftOut: [
      "presence_penalty",
      "seed",
      "logprobs",
      "top_logprobs",
      "logit_bias",
      "parallel_tool_calls",
      "user",
      ...DEEPSEEK_ALONE,
    ],
    failures: {
      "20012": "unknown_model",
      "30001": "insufficient_balance",
      "30003": "unknown_model",
      "30014": "authentication",
      "50505": "busy",
      "50508": "busy",
      "50603": "busy",
    },
  });
}

function isInChina(baseURL: unknown): boolean {
  return typeof baseURL === "string" && URL.canParse(baseURL) && new URL(baseURL).hostname.endsWith(".cn");
}
