import type { ChatRequest } from "../chat/chat-request.ts";
import { forcesTool } from "../chat/forces-tool.ts";
import { isThinking } from "../chat/thinking.ts";
import { InvalidRequestError } from "../error-family.ts";
import { SWITCHED_OFF } from "./retired-models.ts";
import type { Tell } from "./rule.ts";

/** What becomes of a forced `tool_choice` while the model thinks. */
export type ForcedToolChoice = "refuse" | "disable_thinking";

/** What helps against a forced `tool_choice` that was refused. */
export const TOOL_CHOICE_REMEDY =
  'Send thinking: { type: "disabled" } with it, or permit that by the option forcedToolChoice: "disable_thinking"; or leave tool_choice out.';

/**
 * Whoever thinks may not be told which tool to ask for: refused here with the remedy, or thinking is switched off for this
 * request if the caller said so. Never weakened to `auto`: https://github.com/deepseek-ai/DeepSeek-V3/issues/1376
 * @throws InvalidRequestError
 */
export function resolveToolChoice(request: ChatRequest, tell: Tell, wish: ForcedToolChoice): ChatRequest {
  if (!forcesTool(request) || !isThinking(request)) return request;
  const { model, thinking, reasoning_effort: effort } = request;
  // A gateway that still has this name may have its model, which does not think.
  if (SWITCHED_OFF.get(model) === "disabled" && (thinking ?? effort ?? undefined) === undefined) return request;
  if (wish === "disable_thinking") return switchThinkingOff(request, tell);
  const what = request.tool_choice === "required" ? '"required"' : "with a named function";
  throw new InvalidRequestError(
    `Invalid request: tool_choice ${what} is refused by DeepSeek while the model thinks. ${TOOL_CHOICE_REMEDY}`,
  );
}

/** Thinking off, for a request that forces a tool; any other stays as it is. */
export function switchThinkingOff(request: ChatRequest, tell: Tell): ChatRequest {
  if (!forcesTool(request) || !isThinking(request)) return request;
  // An effort without thinking says two things at once.
  const { reasoning_effort: _, ...others } = request;
  tell("forced-tool-choice", "thinking was switched off, because tool_choice forces a tool");
  return { ...others, thinking: { type: "disabled" } };
}

/** Strict mode takes all functions of a request or none: https://api-docs.deepseek.com/guides/function_calling, "strict mode". */
export function dropPartialStrict(request: ChatRequest, tell: Tell): ChatRequest {
  const functions = request.tools?.filter(isFunction) ?? [];
  const strict = functions.filter((tool) => tool.function.strict).length;
  if (strict === 0 || strict === functions.length) return request;
  const tools = request.tools?.map((tool) => {
    if (!isFunction(tool) || !tool.function.strict) return tool;
    const { strict: _, ...fields } = tool.function;
    return { ...tool, function: fields };
  });
  tell(
    "strict-tools",
    `strict was left off: ${strict} of ${functions.length} functions have it, and it takes all of them`,
  );
  return { ...request, tools };
}

type Tool = NonNullable<ChatRequest["tools"]>[number];
type FunctionTool = Extract<Tool, { readonly type: "function" }>;

function isFunction(tool: Tool): tool is FunctionTool {
  return tool.type === "function";
}
