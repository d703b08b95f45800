import { type LocalHostOptions, localHost } from "./local-host.ts";
import type { Provider } from "./provider.ts";

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
    keepAlives: false,
    // Prefill since 0.2.9, where the model's template permits it: https://github.com/ollama/ollama/issues/5890. It passes a
    // `tool_choice` over, and `max_completion_tokens` (openai/openai.go).
    abilities: { prefill: "message", forcedTools: false },
    tokenLimit: "max_tokens",
    // Its switch is the effort alone: https://github.com/ollama/ollama/blob/main/docs/api/openai-compatibility.mdx
    thinking: { off: { reasoning_effort: "none" }, effort: "reasoning_effort" },
    // It separates thinking by itself, where the model's template says how.
    earlierThinking: "reasoning",
  });
}
