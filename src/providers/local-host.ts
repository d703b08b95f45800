import type { Shape } from "../check-shape.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { type Dialect, NO_MODELS } from "./dialect.ts";
import type { Provider } from "./provider.ts";
import type { ThinkTags } from "./separate-thinking.ts";

/** Options of `lmStudio()` and `ollama()`. */
export interface LocalHostOptions extends CompatibleOptions {
  /** A key, only where something in front of it asks for one. @defaultValue none */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** Where it listens. @defaultValue LM Studio: `http://127.0.0.1:1234/v1`; Ollama: `http://127.0.0.1:11434/v1` */
  readonly baseURL?: string | undefined;
}

/** Models whose templates open the thinking themselves, so that only its end is marked. */
const THINKS_AT_ONCE = /deepseek-r1|r1-distill|qwq|thinking/i;

/** How a server marks thinking that leaves it in the text. */
export function thinkTagsOf(model: string): ThinkTags {
  return THINKS_AT_ONCE.test(model) ? "implicit" : "auto";
}

/** `own`: options that this host alone has. */
export function localHost(
  factory: string,
  options: LocalHostOptions,
  dialect: Omit<Dialect, "models">,
  own: Shape = {},
): Provider {
  const name = options?.name ?? dialect.name;
  const provider = compatibleHost(options, { ...dialect, name, models: NO_MODELS }, own);
  if (options.model || options.models) return provider;
  // DeepSeek's names mean nothing there, and the first fallback would fail for it.
  throw new InvalidOptionsError(`${name}: say which model answers, as in ${factory}({ model: "qwen3-8b" }).`);
}
