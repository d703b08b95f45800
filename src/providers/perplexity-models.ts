import type { HostModels } from "./dialect.ts";

/**
 * The models that stand in for DeepSeek's, which Perplexity does not serve: they search the web before they answer. As of 2026-07,
 * https://github.com/anomalyco/models.dev; prices have a fee for each search besides, so they do not stand here.
 */
export const PERPLEXITY_MODELS: HostModels = {
  names: {
    "deepseek-flash": "sonar",
    "deepseek-v4-flash": "sonar",
    "deepseek-v4-pro": "sonar-reasoning-pro",
  },
  facts: {
    sonar: { window: 128_000 },
    "sonar-pro": { window: 200_000, images: true },
    "sonar-reasoning-pro": { window: 128_000 },
    "sonar-deep-research": { window: 128_000 },
  },
};
