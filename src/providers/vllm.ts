import { type LocalHostOptions, localHost, thinkTagsOf } from "./local-host.ts";
import { VLLM } from "./local-models.ts";
import type { Provider } from "./provider.ts";

/**
 * A server of vLLM, on this machine or another. Without `model`, the model and its window are found in its own list.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), vllm()] });
 * createResilientClient({ providers: [deepseek(), vllm({ model: "deepseek-ai/DeepSeek-V4-Flash" })] });
 * @throws InvalidOptionsError when an option is out of range.
 */
export function vllm(options: LocalHostOptions = {}): Provider {
  return localHost(VLLM, options, {
    name: "vllm",
    keepAlives: false,
    abilities: { prefill: "flags" },
    thinkTags: thinkTagsOf,
    // DeepSeek's own template thinks only when told so, and calls it `thinking`; others call it `enable_thinking`:
    // https://github.com/vllm-project/vllm/issues/41834
    thinking: {
      on: { chat_template_kwargs: { thinking: true, enable_thinking: true } },
      off: { chat_template_kwargs: { thinking: false, enable_thinking: false } },
      effort: "reasoning_effort",
      efforts: ["minimal", "low", "medium", "high", "xhigh", "max"],
      both: true,
    },
    // The server gave the request up.
    finishReasons: { abort: "insufficient_system_resource" },
  });
}
