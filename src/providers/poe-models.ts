import type { HostModels } from "./dialect.ts";

/**
 * DeepSeek's models by the names of bots at Poe, as of 2026-07: https://github.com/anomalyco/models.dev. Bots come and go, and each is somebody
 * else's server; it is paid in points, so prices in dollars are near the truth at best.
 */
export const POE_MODELS: HostModels = {
  names: {
    "deepseek-flash": "empiriolabs/deepseek-v4-flash-el",
    "deepseek-v4-flash": "empiriolabs/deepseek-v4-flash-el",
    "deepseek-v4-pro": "empiriolabs/deepseek-v4-pro-el",
  },
  facts: {
    "empiriolabs/deepseek-v4-flash-el": { window: 1_000_000, price: { promptUsd: 0.14, completionUsd: 0.28 } },
    "empiriolabs/deepseek-v4-pro-el": { window: 1_000_000, price: { promptUsd: 1.67, completionUsd: 3.33 } },
  },
};
