import type { ChatRequest } from "../chat/chat-request.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { type CompatibleOptions, compatibleHost, type Dialect } from "./compatible-host.ts";
import type { Provider } from "./provider.ts";
import { effortOf, withReasoningField } from "./reasoning-fields.ts";

/** Options of `lmStudio()` and `ollama()`. */
export interface LocalHostOptions extends CompatibleOptions {
  /** A key, only where something in front of it asks for one. @defaultValue none */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** Where it listens. @defaultValue LM Studio: `http://127.0.0.1:1234/v1`; Ollama: `http://127.0.0.1:11434/v1` */
  readonly baseURL?: string | undefined;
}

/** Models whose templates open the thinking themselves, so that only its end is marked. */
const THINKS_AT_ONCE = /deepseek-r1|r1-distill|qwq|thinking/i;

/**
 * LM Studio on this machine or another. Say which of its models stands in for DeepSeek's.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), lmStudio({ model: "qwen3-8b" })] });
 * @throws InvalidOptionsError when an option is out of range, or it has no model.
 */
export function lmStudio(options: LocalHostOptions): Provider {
  return localHost("lmStudio", options, {
    name: "lmStudio",
    baseURL: "http://127.0.0.1:1234/v1",
    thinkTags: (model) => (THINKS_AT_ONCE.test(model) ? "implicit" : "auto"),
    encode: encodeForLMStudio,
  });
}

/**
 * Ollama on this machine or another. Say which of its models stands in for DeepSeek's.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), ollama({ model: "deepseek-r1:14b" })] });
 * @throws InvalidOptionsError when an option is out of range, or it has no model.
 */
export function ollama(options: LocalHostOptions): Provider {
  return localHost("ollama", options, {
    name: "ollama",
    baseURL: "http://127.0.0.1:11434/v1",
    // It separates thinking by itself, where the model's template says how.
    thinkTags: () => "auto",
    // Since 0.2.9, where the model's template permits it: https://github.com/ollama/ollama/issues/5890
    prefill: "message",
    dropsEmptyThinking: true,
    encode: encodeForOllama,
  });
}

function localHost(
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

/** It has one kind of JSON mode, with a schema: any object. Thinking is the model's own business. */
function encodeForLMStudio(request: ChatRequest): ChatRequest {
  const { thinking: _, response_format: format, ...others } = request;
  const effort = effortOf(request);
  const named = effort === undefined ? {} : { reasoning_effort: knownEffort(effort) };
  const schema = { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } };
  const response = format?.type === "json_object" ? schema : format;
  return { ...others, ...named, ...(response && { response_format: response }) } as ChatRequest;
}

/** Its switch is the effort alone: https://github.com/ollama/ollama/blob/main/docs/api/openai-compatibility.mdx */
function encodeForOllama(request: ChatRequest): ChatRequest {
  const { thinking: _, reasoning_effort: __, ...others } = withReasoningField(request);
  const effort = effortOf(request);
  const known = effort === "none" ? "none" : effort && knownEffort(effort);
  return known ? { ...others, reasoning_effort: known } : others;
}

/** Local hosts know `low`, `medium` and `high`. */
function knownEffort(effort: string): string | undefined {
  if (effort === "none" || effort === "default") return undefined;
  return effort === "xhigh" || effort === "ultra" ? "high" : effort === "minimal" ? "low" : effort;
}
