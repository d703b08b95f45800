import type { ChatRequest } from "../chat/chat-request.ts";
import { knownEffort, type LocalHostOptions, localHost } from "./local-host.ts";
import type { Provider } from "./provider.ts";
import { effortOf, withReasoningField } from "./reasoning-fields.ts";

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

/** Its switch is the effort alone: https://github.com/ollama/ollama/blob/main/docs/api/openai-compatibility.mdx */
function encodeForOllama(request: ChatRequest): ChatRequest {
  const { thinking: _, reasoning_effort: __, ...others } = withReasoningField(request);
  const effort = effortOf(request);
  const known = effort === "none" ? "none" : effort && knownEffort(effort);
  return known ? { ...others, reasoning_effort: known } : others;
}
