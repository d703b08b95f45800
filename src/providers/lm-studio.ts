import { type LocalHostOptions, localHost, thinkTagsOf } from "./local-host.ts";
import type { Provider } from "./provider.ts";

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
    thinkTags: thinkTagsOf,
    keepAlives: false,
    // It has one kind of JSON mode, with a schema. Whether a model thinks is its own business; some can be told how much.
    jsonMode: "json_schema",
    thinking: { effort: "reasoning_effort" },
  });
}
