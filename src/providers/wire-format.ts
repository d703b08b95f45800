import type { ChatRequest } from "../chat/chat-request.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { InvalidRequestError, UnexpectedResponseError } from "../error-family.ts";
import type { ChunkDecoder } from "../transport/chunk-source.ts";
import { errorFromField, type FailureContext } from "../transport/http-errors.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The body to send. `asksForUsage`: the host counts tokens in a stream only when asked to. */
export function encodeRequest(
  request: ChatRequest,
  model: string,
  wire: "stream" | "json",
  asksForUsage: boolean,
): string {
  const { stream_options: given, ...fields } = request as ChatRequest & { readonly stream_options?: unknown };
  const streamOptions = given ?? (asksForUsage ? { include_usage: true } : undefined);
  const stream = wire === "json" ? { stream: false } : { stream: true, stream_options: streamOptions };
  try {
    return JSON.stringify({ ...fields, model, ...stream });
  } catch (error) {
    // A BigInt or a cycle, in a field that is passed through unseen.
    throw new InvalidRequestError(`Invalid request: it cannot be written as JSON (${(error as Error).name}).`);
  }
}

/**
 * Reads the chunks of DeepSeek and of everybody who speaks the same format. What cannot be understood is an error, never
 * left out: an answer with a hole in it is worse than none.
 */
export function createDecoder(context: FailureContext): ChunkDecoder {
  const unexpected = (what: string) => {
    const { secrets: _, ...details } = context;
    return new UnexpectedResponseError(`${context.provider} (${context.model}) sent ${what}.`, details);
  };
  const readChoice = (json: Fields): Fields | undefined => {
    if (json["error"]) throw errorFromField(json["error"], context);
    const choice = ownChoice(json["choices"]);
    if (choice === null) throw unexpected("choices that are none");
    if (choice?.["error"]) throw errorFromField(choice["error"], context);
    // An error without an `error` field, as some hosts send it.
    if (!choice && isErrorItself(json)) throw errorFromField(json, context);
    return choice;
  };
  const sound = (choice: Fields, source: unknown): Fields => {
    const { finish_reason: finish } = choice;
    // Some hosts send a finish chunk without any delta.
    const delta = isFields(source) || source == null ? soundDelta(source ?? {}) : undefined;
    if (!delta) throw unexpected("a piece of the answer that is no text and no tool call");
    if (typeof finish !== "string" && finish != null) throw unexpected("a finish reason that is no word");
    return { ...choice, index: 0, delta, finish_reason: finish ?? null };
  };
  return {
    chunk(json) {
      if (!isFields(json)) throw unexpected("an event that is no chat completion chunk");
      const choice = readChoice(json);
      const { choices, usage } = json;
      const isAlone = Array.isArray(choices) && choices.length === (choice ? 1 : 0);
      if (isAlone && (!choice || isSound(choice)) && (usage == null || isUsage(usage))) return asChunk(json);
      // Pings, other choices than the one asked for, and counts beside no choice at all.
      const own = choice ? [sound(choice, choice["delta"])] : [];
      return asChunk({ ...json, choices: own, usage: isUsage(usage) ? usage : null });
    },
    completion(json) {
      if (!isFields(json)) throw unexpected("a body that is no chat completion");
      const given = readChoice(json);
      if (!given) throw unexpected("a body without choices");
      const { message, ...choice } = given;
      const usage = isUsage(json["usage"]) ? json["usage"] : null;
      const chunk = { ...json, object: "chat.completion.chunk", usage };
      return [asChunk({ ...chunk, choices: [sound(choice, withIndexes(message))] })];
    },
  };
}

/** The answer that was asked for; nobody asks for more than one. `null` when they are no choices at all. */
function ownChoice(choices: unknown): Fields | undefined | null {
  if (choices === undefined || choices === null) return undefined;
  if (!Array.isArray(choices) || !choices.every(isFields)) return null;
  return choices.find(({ index }) => (index ?? 0) === 0);
}

function isErrorItself({ message, detail, code }: Fields): boolean {
  return typeof message === "string" || detail != null || (typeof code === "number" && code >= 400);
}

/** The few fields the client itself reads; everything else is the consumer's. Checked by hand: it runs for every chunk. */
function isSound(choice: Fields): boolean {
  const { delta, finish_reason: finish } = choice;
  if (!isFields(delta)) return false;
  const { content, reasoning_content: reasoning, tool_calls: calls } = delta;
  return (
    (typeof content === "string" || content == null) &&
    (typeof reasoning === "string" || reasoning == null) &&
    (calls == null || Array.isArray(calls)) &&
    (finish == null || typeof finish === "string") &&
    delta["reasoning"] == null
  );
}

/**
 * A delta in DeepSeek's form: text in parts joined, thinking under one name (others call it `reasoning`). `undefined` when
 * something of it cannot be understood.
 */
function soundDelta({ reasoning: otherName, ...delta }: Fields): Fields | undefined {
  const { tool_calls: calls, reasoning_content: given } = delta;
  const content = asText(delta["content"]);
  const reasoning = asText(given == null ? otherName : given);
  if (content === undefined || reasoning === undefined || (calls != null && !Array.isArray(calls))) return undefined;
  const text = Object.hasOwn(delta, "content") && { content };
  return { ...delta, ...text, ...(reasoning !== null && { reasoning_content: reasoning }) };
}

function asText(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) return typeof value === "string" ? value : undefined;
  const parts: unknown[] = value.map((part) => (isFields(part) && part["type"] === "text" ? part["text"] : undefined));
  return parts.every((part) => typeof part === "string") ? parts.join("") : undefined;
}

function isUsage(usage: unknown): boolean {
  if (!isFields(usage)) return false;
  return typeof usage["prompt_tokens"] === "number" || typeof usage["completion_tokens"] === "number";
}

/** Tool calls of a whole message, as the pieces of a stream are numbered. */
function withIndexes(message: unknown): unknown {
  if (!isFields(message) || !Array.isArray(message["tool_calls"])) return message;
  return {
    ...message,
    tool_calls: message["tool_calls"].map((call, index) => (isFields(call) ? { ...call, index } : call)),
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Its `choices` were checked right before; the other fields are passed through as the server sent them. */
function asChunk(json: Fields): ChatCompletionChunk {
  return json as unknown as ChatCompletionChunk;
}
