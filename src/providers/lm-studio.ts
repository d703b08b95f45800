import { type LocalHostOptions, localHost, thinkTagsOf } from "./local-host.ts";
import { LM_STUDIO } from "./local-models.ts";
import type { Provider } from "./provider.ts";

/**
 * LM Studio on this machine or another. Without `model`, the model is found in its own list, with the first call and while it runs:
 * one that is loaded, or one it loads when asked (just-in-time loading).
 *
 * @example
 * createResilientClient({ providers: [deepseek(), lmStudio()] });
 * createResilientClient({ providers: [deepseek(), lmStudio({ model: "qwen3-8b" })] });
 * @throws InvalidOptionsError when an option is out of range.
 */
export function lmStudio(options: LocalHostOptions = {}): Provider {
  return localHost(LM_STUDIO, options, {
    name: "lmStudio",
    thinkTags: thinkTagsOf,
    keepAlives: false,
    // It has one kind of JSON mode, with a schema. Whether a model thinks is its own business; some can be told how much.
    jsonMode: "json_schema",
    thinking: { effort: "reasoning_effort" },
  });
}
