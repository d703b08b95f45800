import type { HostModels } from "./dialect.ts";

/**
 * A deployment has whatever name it was given; these are the catalogue's, which are proposed when it is made. As of 2026-10:
 * https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/models-sold-directly-by-azure
 */
export const AZURE_MODELS: HostModels = {
  names: {
    "deepseek-flash": "DeepSeek-V4-Flash",
    "deepseek-v4-flash": "DeepSeek-V4-Flash",
    "deepseek-v4-pro": "DeepSeek-V4-Pro",
  },
  facts: {
    "DeepSeek-V4-Flash": { window: 1_000_000 },
    "DeepSeek-V4-Pro": { window: 1_000_000 },
  },
};
