/** What DeepSeek calls its usual model now. */
export const CURRENT_MODEL = "deepseek-flash";

/** Names that were switched off on 2026-07-24, 15:59 UTC, and whether their model thought: https://api-docs.deepseek.com/updates */
export const SWITCHED_OFF: ReadonlyMap<string, "enabled" | "disabled"> = new Map([
  ["deepseek-chat", "disabled"],
  ["deepseek-reasoner", "enabled"],
]);

/** Names of before 2026-09-10, still taken, served and billed as `deepseek-flash`: https://api-docs.deepseek.com/quick_start/pricing */
export const STILL_SERVED: ReadonlySet<string> = new Set(["deepseek-v4-flash", "deepseek-v4-flash-vision-exp"]);

/** The name a model has now at DeepSeek's own address. */
export function currentModel(requested: string): string {
  return SWITCHED_OFF.has(requested) ? CURRENT_MODEL : requested;
}
