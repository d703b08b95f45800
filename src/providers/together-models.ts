import type { HostModels } from "./dialect.ts";

/**
 * DeepSeek's models by Together's names, as of 2026-10: https://docs.together.ai/docs/deepseek-v4-quickstart. Of the smaller one no cached price was found.
 */
export const TOGETHER_MODELS: HostModels = {
  names: {
    "deepseek-flash": "deepseek-ai/DeepSeek-V4.1-Flash",
    "deepseek-v4-flash": "deepseek-ai/DeepSeek-V4.1-Flash",
    "deepseek-v4-pro": "deepseek-ai/DeepSeek-V4-Pro-0813",
  },
  facts: {
    "deepseek-ai/DeepSeek-V4.1-Flash": { price: { promptUsd: 0.3, completionUsd: 1.2 } },
    "deepseek-ai/DeepSeek-V4-Pro-0813": {
      window: 1_000_000,
      price: { promptUsd: 1.32, cachedUsd: 0.13, completionUsd: 3.96 },
    },
  },
};
