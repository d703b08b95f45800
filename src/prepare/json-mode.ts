import { addInstruction } from "../chat/add-instruction.ts";
import type { ChatMessage, ChatRequest } from "../chat/chat-request.ts";
import { InvalidRequestError } from "../error-family.ts";
import type { Tell } from "./rule.ts";

type Format = ChatRequest["response_format"];

const SHORT = "Answer with one JSON object and nothing else.";
const WITH_SCHEMA = "Answer with one JSON object and nothing else. It must be valid against this JSON Schema:";

/**
 * There is no `json_schema` in chat, so a schema goes into the prompt; and without the word "json" in the prompt JSON mode is
 * refused, or answers with blanks up to the limit: https://api-docs.deepseek.com/guides/json_mode,
 * https://github.com/llm-exe/llm-exe/issues/662, https://github.com/vercel/ai/issues/7913
 *
 * `format`: that of the whole answer. A request that goes on with a part of it has none, and the same prompt.
 */
export function useJsonMode(request: ChatRequest, tell: Tell, format: Format = request.response_format): ChatRequest {
  const isSchema = format?.type === "json_schema";
  if (!isSchema && format?.type !== "json_object") return request;
  const schema = isSchema ? format.json_schema?.schema : undefined;
  const instruction = schema ? `${WITH_SCHEMA}\n${asJson(schema)}` : SHORT;
  const messages =
    schema || !saysJson(request.messages) ? addInstruction(request.messages, instruction) : request.messages;
  const changesFormat = request.response_format?.type === "json_schema";
  if (messages === request.messages && !changesFormat) return request;
  if (changesFormat) tell("json-mode", "response_format json_schema became json_object, with the schema in the prompt");
  else tell("json-mode", 'JSON mode needs the word "json" in the prompt: a sentence was added to the system message');
  return { ...request, messages, ...(changesFormat && { response_format: { type: "json_object" } as const }) };
}

/** Up to the first question, which stays what it is: a word that comes later would change the prompt in the middle of a conversation. */
function saysJson(messages: readonly ChatMessage[]): boolean {
  const first = messages.findIndex(({ role }) => role === "user");
  return (first < 0 ? messages : messages.slice(0, first + 1)).some(({ content }) => {
    if (typeof content === "string") return /json/i.test(content);
    return content?.some((part) => part.type === "text" && /json/i.test(part.text)) ?? false;
  });
}

function asJson(schema: unknown): string {
  try {
    return JSON.stringify(schema);
  } catch (error) {
    const why = (error as Error | null)?.name;
    throw new InvalidRequestError(`Invalid request: the schema of response_format cannot be written as JSON (${why}).`);
  }
}
