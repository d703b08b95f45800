import { InvalidOptionsError } from "../error-family.ts";
import { type CompatibleOptions, compatibleHost, type Dialect } from "./compatible-host.ts";
import type { Provider } from "./provider.ts";

/** Options of `lmStudio()` and `ollama()`. */
export interface LocalHostOptions extends CompatibleOptions {
  /** A key, only where something in front of it asks for one. @defaultValue none */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** Where it listens. @defaultValue LM Studio: `http://127.0.0.1:1234/v1`; Ollama: `http://127.0.0.1:11434/v1` */
  readonly baseURL?: string | undefined;
}

export function localHost(
  factory: string,
  options: LocalHostOptions,
  dialect: Pick<Dialect, "name" | "baseURL" | "thinkTags" | "encode" | "prefill" | "dropsEmptyThinking">,
): Provider {
  const name = options?.name ?? dialect.name;
  const provider = compatibleHost(options, {
    ...dialect,
    name,
    models: {},
    keepAlives: false,
    requestIdHeader: "x-request-id",
  });
  if (options.model || options.models) return provider;
  // DeepSeek's names mean nothing there, and the first fallback would fail for it.
  throw new InvalidOptionsError(`${name}: say which model answers, as in ${factory}({ model: "qwen3-8b" }).`);
}

/** Local hosts know `low`, `medium` and `high`. */
export function knownEffort(effort: string): string | undefined {
  if (effort === "none" || effort === "default") return undefined;
  return effort === "xhigh" || effort === "ultra" ? "high" : effort === "minimal" ? "low" : effort;
}
