import { deepseekDialect } from "./deepseek-dialect.ts";
import type { Dialect } from "./dialect.ts";
import { createLmStudioDialect, type ThinkTag } from "./lm-studio-dialect.ts";
import { ollamaDialect } from "./ollama-dialect.ts";
import { openrouterDialect } from "./openrouter-dialect.ts";

/** Whose words the simulator can speak. */
export type DialectName = "deepseek" | "openrouter" | "lmStudio" | "ollama";

export function chooseDialect(name: DialectName, thinkTag: ThinkTag): Dialect {
  switch (name) {
    case "openrouter":
      return openrouterDialect;
    case "lmStudio":
      return createLmStudioDialect(thinkTag);
    case "ollama":
      return ollamaDialect;
    default:
      return deepseekDialect;
  }
}
