import type { HostModels } from "./dialect.ts";

/**
 * DeepSeek's models by Ark's names, as of 2026-08: https://github.com/anomalyco/models.dev/pull/5560. An account has to open each of them first. Prices are in
 * yuan, so they do not stand here.
 */
export const VOLCENGINE_ARK_MODELS: HostModels = {
  names: {
    "deepseek-flash": "deepseek-v4-flash-ga-260731",
    "deepseek-v4-flash": "deepseek-v4-flash-ga-260731",
    "deepseek-v4-pro": "deepseek-v4-pro-ga-260813",
  },
  facts: {
    "deepseek-v4-flash-ga-260731": { window: 1_000_000 },
    "deepseek-v4-pro-ga-260813": { window: 1_000_000 },
  },
};
