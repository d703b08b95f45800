import { type LocalHostOptions, localHost, thinkTagsOf } from "./local-host.ts";
import { LLAMA_CPP } from "./local-models.ts";
import type { Provider } from "./provider.ts";

/**
 * `llama-server` of llama.cpp, on this machine or another. It serves the model it was started with, whatever it is asked for; without
 * `model`, that one's name and window are found in its own list.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), llamaCpp()] });
 * @throws InvalidOptionsError when an option is out of range.
 */
export function llamaCpp(options: LocalHostOptions = {}): Provider {
  return localHost(LLAMA_CPP, options, {
    name: "llamaCpp",
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
