import type { HostModels } from "./dialect.ts";

/**
 * DeepSeek's models by OpenRouter's names, as of 2026-09. They change several times a year; `models` overrides them. Prices do
 * not stand here: each of the hosts behind it has its own, and every answer says what it cost.
 */
export const OPENROUTER_MODELS: HostModels = {
  names: {
    "deepseek-flash": "deepseek/deepseek-v4.1-flash",
    "deepseek-v4-flash": "deepseek/deepseek-v4.1-flash",
    "deepseek-v4-pro": "deepseek/deepseek-v4-pro",
  },
};
