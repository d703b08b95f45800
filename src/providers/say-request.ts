import type { AttemptCall } from "../call.ts";
import { limitOf } from "../chat/answer-tokens.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import { useJsonMode } from "../prepare/json-mode.ts";
import { renameDeveloper } from "../prepare/mend-messages.ts";
import type { Tell } from "../prepare/rule.ts";
import type { Dialect } from "./dialect.ts";
import { answerFieldsBut, sayHistory } from "./say-history.ts";
import { sayThinking } from "./say-thinking.ts";

/** Says a request of DeepSeek's in a host's own words. Nothing is weakened silently: what it has no words for is told. */
export function createSayRequest(dialect: Dialect): (call: AttemptCall) => ChatRequest {
  const leftOut = new Set(dialect.leftOut);
  const answerFields = answerFieldsBut(dialect.ownAnswerFields);
  return ({ request: given, responseFormat, provider, log, continued }) => {
    const tell: Tell = (rule, message) => log.change(rule, `${provider}: ${message}`);
    const rules: ((said: ChatRequest) => ChatRequest)[] = [
      (said) => sayThinking(said, dialect.thinking, tell),
      (said) => sayHistory(said, dialect, answerFields, tell),
      (said) => (dialect.developerRole === false ? renameDeveloper(said, tell) : said),
      (said) => sayFormat(said, responseFormat, dialect.jsonMode, tell),
      (said) => (dialect.tokenLimit === "max_tokens" ? sayLimit(said, tell) : said),
      (said) => sayTools(said, leftOut),
      (said) => leaveOut(said, leftOut, tell),
    ];
    // Behind text nothing is thought any more, and many templates refuse to go on with it while thinking is on.
    const isOff = continued === "prefill" && dialect.thinking?.off !== undefined;
    const request = isOff ? { ...given, thinking: { type: "disabled" } as const } : given;
    const said = rules.reduce((before, rule) => rule(before), request);
    return dialect.always ? { ...dialect.always, ...said } : said;
  };
}

const ANY_OBJECT = { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } } as const;

/**
 * `format`: that of the whole answer; a request that goes on with a part of it has none, and the same prompt. JSON mode without the word
 * in the prompt is refused by some, and answered with blanks up to the limit by others, whoever serves the model.
 */
function sayFormat(
  request: ChatRequest,
  format: ChatRequest["response_format"],
  mode: Dialect["jsonMode"],
  tell: Tell,
): ChatRequest {
  if (mode === "json_schema")
    return request.response_format?.type === "json_object" ? { ...request, response_format: ANY_OBJECT } : request;
  return mode === "json_object" || format?.type === "json_object" ? useJsonMode(request, tell, format) : request;
}

/** By the one name the host knows: under the other, it would pass the limit over. */
function sayLimit(request: ChatRequest, tell: Tell): ChatRequest {
  const { max_completion_tokens: most, max_tokens: _, ...others } = request;
  if (most === undefined) return request;
  const limit = limitOf(request);
  if (most !== null) tell("max-completion-tokens", "max_completion_tokens is sent as max_tokens, which is known there");
  return limit === undefined ? others : { ...others, max_tokens: limit };
}

/** A choice among no tools says nothing, and vLLM refuses it. Where the choice is passed over, `none` is to have no tools. */
function sayTools(request: ChatRequest, leftOut: ReadonlySet<string>): ChatRequest {
  const { tool_choice: choice, ...others } = request;
  if (choice !== "auto" && choice !== "none") return request;
  if (!request.tools?.length) return others;
  if (!leftOut.has("tool_choice")) return request;
  const { tools: _, ...bare } = others;
  return choice === "none" ? bare : others;
}

function leaveOut(request: ChatRequest, names: ReadonlySet<string>, tell: Tell): ChatRequest {
  const fields = Object.entries(request);
  const unknown = fields.filter(([name]) => names.has(name));
  if (unknown.length === 0) return request;
  const meant = unknown.filter(([, value]) => value != null).map(([name]) => name);
  if (meant.length > 0) tell("host-parameters", `${meant.join(", ")} left out: not known there`);
  return Object.fromEntries(fields.filter(([name]) => !names.has(name))) as unknown as ChatRequest;
}
