import type { AssistantMessage, ChatMessage, ChatRequest, ContentPart, ToolCall } from "../chat/chat-request.ts";
import { InvalidRequestError } from "../error-family.ts";
import { type Fields, isFields } from "../parse-json.ts";
import type { SkipReason } from "../report.ts";

// Ollama's own route, POST /api/chat: https://github.com/ollama/ollama/blob/main/docs/api.md, and `ChatRequest` in its api/types.go.

/** What every request of one provider says. */
export interface OllamaDefaults {
  /** The window the model is to be run with; `undefined`: the server's own. */
  readonly contextWindow?: number | undefined;
  readonly keepAlive?: string | number | undefined;
}

const DATA_URL = /^data:[^,]*;base64,/i;
const FORMATS = ["text", "json_object", "json_schema"];

/** What of a request cannot be said there at all. It would have to be left out, so others are asked. */
export function unsaidByOllama({ response_format: format, messages }: ChatRequest): SkipReason | undefined {
  if (format && !FORMATS.includes(format.type)) return "json";
  const canSend = (part: ContentPart) =>
    part.type === "text" || (part.type === "image_url" && DATA_URL.test(part.image_url.url));
  return messages.every(({ content }) => !Array.isArray(content) || content.every(canSend)) ? undefined : "images";
}

/** Fields of chat completions that it has under another name, or not at all. */
const OTHERWISE =
  /^(?:messages|think|reasoning_effort|max_tokens|response_format|stop|temperature|top_p|frequency_penalty|presence_penalty|seed|tools|tool_choice|stream_options|options)$/;

/**
 * A request in the words of `POST /api/chat`, as its dialect has said it for chat completions. What only that has (`keep_alive`, `options`, `truncate`, `shift`) is sent as it is, and
 * wins.
 * @throws InvalidRequestError for earlier tool calls whose arguments are no JSON object.
 */
export function encodeForOllama(request: ChatRequest, { contextWindow, keepAlive }: OllamaDefaults): object {
  const { messages, tools } = request;
  const think = thinkOf(request);
  const format = formatOf(request);
  const own = Object.entries(request).filter(([key]) => !OTHERWISE.test(key));
  return {
    // Since 0.12.6. A prompt that is too long would lose its beginning without a word, and so would one that becomes it while the
    // answer is written: that ends with `length` instead.
    truncate: false,
    shift: false,
    ...(keepAlive !== undefined && { keep_alive: keepAlive }),
    ...Object.fromEntries(own),
    messages: messages.map((message, place) => toMessage(message, messages.slice(0, place), place)),
    ...(think !== undefined && { think }),
    ...(format !== undefined && { format }),
    ...(tools && { tools }),
    options: optionsOf(request, contextWindow),
  };
}

/** Whether, or how much, it is to think. Left out, the model does what it usually does. */
function thinkOf(request: ChatRequest & { readonly think?: unknown }): unknown {
  const last = request.messages.at(-1);
  // Behind text nothing is thought any more, and many templates refuse to go on with it while thinking is on.
  if (last?.role === "assistant" && last.content) return false;
  return request.think ?? request.reasoning_effort ?? undefined;
}

function formatOf({ response_format: format }: ChatRequest): unknown {
  if (format?.type === "json_schema") return format.json_schema?.schema ?? "json";
  return format?.type === "json_object" ? "json" : undefined;
}

/** What is not given is left to the model's own defaults. */
function optionsOf(request: ChatRequest, contextWindow: number | undefined): object {
  const { max_tokens: most, stop } = request;
  const { seed, options } = request as { readonly seed?: unknown; readonly options?: unknown };
  const given = {
    num_ctx: contextWindow,
    num_predict: most,
    stop: typeof stop === "string" ? [stop] : stop,
    temperature: request.temperature,
    top_p: request.top_p,
    frequency_penalty: request.frequency_penalty,
    presence_penalty: request.presence_penalty,
    seed,
  };
  const said = Object.entries(given).filter(([, value]) => value != null);
  return { ...Object.fromEntries(said), ...(isFields(options) && options) };
}

function toMessage(message: ChatMessage, before: readonly ChatMessage[], place: number): object {
  const { role, content } = message;
  const parts = Array.isArray(content) ? (content as readonly ContentPart[]) : undefined;
  const images = parts?.flatMap((part) => (part.type === "image_url" ? part.image_url.url.replace(DATA_URL, "") : []));
  const texts = parts?.flatMap((part) => (part.type === "text" ? part.text : []));
  const said = {
    role,
    content: texts?.join("\n") ?? content ?? "",
  };
  const pictured = images?.length ? { ...said, images } : said;
  if (message.role === "tool") return { ...pictured, ...nameOf(message.tool_call_id, before) };
  if (message.role !== "assistant") return pictured;
  const { reasoning: thinking, tool_calls: calls } = message as AssistantMessage & { readonly reasoning?: string };
  return {
    ...pictured,
    ...(thinking && { thinking }),
    ...(calls?.length && { tool_calls: calls.map((call) => toCall(call, place)) }),
  };
}

/** Before 0.12.10 it knew a result by the name of its tool alone, and most templates still do. */
function nameOf(id: string, before: readonly ChatMessage[]): object {
  const calls = before.flatMap((message) => (message.role === "assistant" ? (message.tool_calls ?? []) : []));
  const name = calls.findLast((call) => call.id === id)?.function.name;
  return { tool_call_id: id, ...(name !== undefined && { tool_name: name }) };
}

/** No arguments at all are an empty object. */
function toCall({ id, function: { name, arguments: text } }: ToolCall, place: number): object {
  const given = text.trim() === "" ? {} : parseArguments(text);
  if (given) return { id, function: { name, arguments: given } };
  const remedy = "Ollama's own route takes no others: correct them, or leave the call out.";
  throw new InvalidRequestError(
    `Invalid request: messages[${place}] has a tool call whose arguments are no JSON object. ${remedy}`,
  );
}

/** Not `parseJson`: nothing of it is copied, and it goes back as it came. */
function parseArguments(text: string): Fields | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isFields(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
