import type { HostModels } from "./dialect.ts";

/**
 * DeepSeek's models by Fireworks' names, as of 2026-09: https://docs.fireworks.ai/serverless/pricing. A dot of a version is a `p` there.
 */
export const FIREWORKS_MODELS: HostModels = {
  names: {
    "deepseek-flash": "accounts/fireworks/models/deepseek-v4p1-flash",
    "deepseek-v4-flash": "accounts/fireworks/models/deepseek-v4p1-flash",
    "deepseek-v4-pro": "accounts/fireworks/models/deepseek-v4-pro-0813",
  },
  facts: {
    "accounts/fireworks/models/deepseek-v4p1-flash": {
      window: 1_048_576,
      images: true,
      price: { promptUsd: 0.22, cachedUsd: 0.007, completionUsd: 0.66 },
    },
    "accounts/fireworks/models/deepseek-v4-pro-0813": {
      window: 1_048_576,
      price: { promptUsd: 1.32, cachedUsd: 0.044, completionUsd: 3.96 },
    },
  },
};
