import type { ChatRequest } from "../chat/chat-request.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { InvalidRequestError, UnexpectedResponseError } from "../error-family.ts";
import { errorFromField, type FailureContext } from "../transport/http-errors.ts";
import type { ChunkDecoder } from "../transport/read-response.ts";

type Fields = Readonly<Record<string, unknown>>;

const ERROR_FIELDS = ["message", "detail", "code", "status"] as const;

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

/** Reads the chunks of DeepSeek and of everybody who speaks the same format. */
export function createDecoder(context: FailureContext): ChunkDecoder {
  const unexpected = (what: string) => {
    const { secrets: _, ...details } = context;
    return new UnexpectedResponseError(`${context.provider} (${context.model}) sent ${what}.`, details);
  };
  return {
    chunk(json) {
      if (!isFields(json)) throw unexpected("an event that is no chat completion chunk");
      if (json["error"]) throw errorFromField(json["error"], context);
      const { choices } = json;
      if (Array.isArray(choices) && choices.length === 0) return asChunk(json);
      const first = Array.isArray(choices) ? choices[0] : undefined;
      if (!isFields(first)) throw unexpected("an event without choices");
      if (first["error"]) throw errorFromField(first["error"], context);
      return isSound(first) ? asChunk(json) : asChunk({ ...json, choices: [soundChoice(first, first["delta"])] });
    },
    completion(json) {
      if (!isFields(json)) throw unexpected("a body that is no chat completion");
      if (json["error"]) throw errorFromField(json["error"], context);
      const first = Array.isArray(json["choices"]) ? json["choices"][0] : undefined;
      // An error without an `error` field, as some hosts send it under HTTP 200.
      if (!isFields(first) && ERROR_FIELDS.some((field) => json[field])) throw errorFromField(json, context);
      if (!isFields(first)) throw unexpected("a body without choices");
      if (first["error"]) throw errorFromField(first["error"], context);
      const { message, ...choice } = first;
      const chunk = { ...json, object: "chat.completion.chunk" };
      return [asChunk({ ...chunk, choices: [soundChoice(choice, withIndexes(message))] })];
    },
  };
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
    (finish == null || typeof finish === "string")
  );
}

/** The choice with whatever is of the wrong type left out. Some hosts send a finish chunk without `delta`. */
function soundChoice(choice: Fields, source: unknown): Fields {
  const delta = isFields(source) ? source : {};
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const { content, reasoning_content: reasoning, tool_calls: calls, ...rest } = delta;
  return {
    ...choice,
    index: 0,
    delta: {
      ...rest,
      content: text(content),
      reasoning_content: text(reasoning),
      tool_calls: Array.isArray(calls) ? calls : undefined,
    },
    finish_reason: text(choice["finish_reason"]) ?? null,
  };
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
