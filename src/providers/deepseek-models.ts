// Facts that change several times a year; an unknown model is sent without these limits.
// https://api-docs.deepseek.com/quick_start/pricing, as of 2026-11-15.

export interface ModelFacts {
  /** Context window in tokens. */
  readonly window: number;
  readonly images: boolean;
}

const MODELS: ReadonlyMap<string, ModelFacts> = new Map([
  ["deepseek-flash", { window: 1_048_576, images: true }],
  ["deepseek-v4-flash", { window: 1_048_576, images: true }],
  ["deepseek-v4-pro", { window: 1_048_576, images: false }],
]);

export function deepseekModel(model: string): ModelFacts | undefined {
  return MODELS.get(model);
}
