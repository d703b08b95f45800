import type { ChatRequest } from "../chat/chat-request.ts";
import { knownEffort, type LocalHostOptions, localHost } from "./local-host.ts";
import type { Provider } from "./provider.ts";
import { effortOf } from "./reasoning-fields.ts";

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

/** It has one kind of JSON mode, with a schema: any object. Thinking is the model's own business. */
function encodeForLMStudio(request: ChatRequest): ChatRequest {
  const { thinking: _, response_format: format, ...others } = request;
  const effort = effortOf(request);
  const named = effort === undefined ? {} : { reasoning_effort: knownEffort(effort) };
  const schema = { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } };
  const response = format?.type === "json_object" ? schema : format;
  return { ...others, ...named, ...(response && { response_format: response }) } as ChatRequest;
}
