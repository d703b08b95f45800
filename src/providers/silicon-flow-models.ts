import type { HostModels } from "./dialect.ts";

/**
 * DeepSeek's models by SiliconFlow's names. Windows as of 2026-09, prices of siliconflow.com as of 2026-07:
 * https://github.com/langgenius/dify-official-plugins, https://github.com/anomalyco/models.dev
 */
export const SILICON_FLOW_MODELS: HostModels = {
  names: {
    "deepseek-flash": "deepseek-ai/DeepSeek-V4-Flash",
    "deepseek-v4-flash": "deepseek-ai/DeepSeek-V4-Flash",
    "deepseek-v4-pro": "deepseek-ai/DeepSeek-V4-Pro",
  },
  facts: {
    "deepseek-ai/DeepSeek-V4-Flash": {
      window: 1_048_576,
      price: { promptUsd: 0.14, cachedUsd: 0.028, completionUsd: 0.28 },
    },
    "deepseek-ai/DeepSeek-V4-Pro": {
      window: 1_048_576,
      price: { promptUsd: 1.74, cachedUsd: 0.145, completionUsd: 3.48 },
    },
  },
};

/** At the Chinese site they have the same names and windows, and prices in yuan, which do not stand here. */
export const SILICON_FLOW_IN_CHINA: HostModels = {
  names: SILICON_FLOW_MODELS.names,
  facts: {
    "deepseek-ai/DeepSeek-V4-Flash": { window: 1_048_576 },
    "deepseek-ai/DeepSeek-V4-Pro": { window: 1_048_576 },
  },
};
