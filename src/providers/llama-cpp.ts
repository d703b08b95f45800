import { type LocalHostOptions, localHost, thinkTagsOf } from "./local-host.ts";
import type { Provider } from "./provider.ts";

/**
 * `llama-server` of llama.cpp, on this machine or another. It serves the model it was started with, whatever it is asked for.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), llamaCpp({ model: "local" })] });
 * @throws InvalidOptionsError when an option is out of range, or it has no model.
 */
export function llamaCpp(options: LocalHostOptions): Provider {
  return localHost("llamaCpp", options, {
    name: "llamaCpp",
    // Newer versions listen on 9931: https://github.com/ggml-org/llama.cpp/pull/26508
    baseURL: "http://127.0.0.1:8080/v1",
    // An empty comment, since b9478.
    keepAlives: true,
    abilities: { prefill: "flags" },
    thinkTags: thinkTagsOf,
    // Templates know one name of the switch or the other, and pass over what they do not know.
    thinking: {
      on: { chat_template_kwargs: { enable_thinking: true, thinking: true } },
      off: { chat_template_kwargs: { enable_thinking: false, thinking: false } },
      effort: "reasoning_effort",
      both: true,
    },
  });
}
