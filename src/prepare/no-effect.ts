import type { ChatRequest } from "../chat/chat-request.ts";
import { isThinking } from "../chat/thinking.ts";
import type { Tell } from "./rule.ts";

/** Taken without an error, and without effect: https://api-docs.deepseek.com/guides/thinking_mode, https://api-docs.deepseek.com/api/create-chat-completion */
const NEVER = ["frequency_penalty", "presence_penalty"];
const WHILE_THINKING = ["temperature"];
const WITHOUT_THINKING = ["top_p"];
/** OpenAI's, and not in DeepSeek's reference. */
const UNDOCUMENTED = ["n", "seed", "logit_bias", "parallel_tool_calls", "user"];

/** Tells which parameters do nothing. They are sent all the same: what does nothing today may do something tomorrow. */
export function tellNoEffect(request: ChatRequest, tell: Tell): ChatRequest {
  const thinks = isThinking(request);
  note(request, NEVER, "without effect at DeepSeek", tell);
  if (thinks) note(request, WHILE_THINKING, "without effect while the model thinks", tell);
  else note(request, WITHOUT_THINKING, "without effect unless the model thinks", tell);
  note(request, UNDOCUMENTED, "not documented by DeepSeek", tell);
  return request;
}

function note(request: ChatRequest, fields: readonly string[], why: string, tell: Tell): void {
  // Fields the types do not have are passed through, so they may be there.
  const given = fields.filter(
    (field) => ((request as object as Record<string, unknown>)[field] ?? undefined) !== undefined,
  );
  if (given.length > 0) tell("no-effect", `${given.join(", ")}: ${why}`);
}
