import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { InvalidRequestError, UnexpectedResponseError } from "../error-family.ts";
import { type Fields, isFields } from "../parse-json.ts";
import { whoIs } from "../server-words.ts";
import type { ChunkDecoder } from "../transport/chunk-source.ts";
import { detailsOf, type FailureContext } from "../transport/failure-context.ts";
import { errorFromField } from "../transport/http-errors.ts";

/** The body to send. `asksForUsage`: the host counts tokens in a stream only when asked to. */
export function encodeRequest(request: object, model: string, wire: "stream" | "json", asksForUsage: boolean): string {
  const { stream_options: given, ...fields } = request as { readonly stream_options?: unknown };
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
    return new UnexpectedResponseError(`${whoIs(context)} sent ${what}.`, detailsOf(context));
  };
  /** The answer that was asked for is the one that came first; nobody asks for more than one. */
  let own: number | undefined;
  const ownChoice = (choices: unknown): Fields | undefined => {
    if (choices === undefined || choices === null) return undefined;
    // Nearly every chunk: looked at without anything made for it.
    if (Array.isArray(choices) && choices.length === 1 && own !== undefined) {
      const only: unknown = choices[0];
      if (isFields(only) && only["index"] === own) return only;
    }
    if (!Array.isArray(choices) || !choices.every(isFields)) throw unexpected("choices that are none");
    const places = choices.map(({ index }) => (index == null ? (own ?? 0) : asPlace(index)));
    if (!places.every((place) => Number.isInteger(place) && place >= 0)) throw unexpected("choices that are none");
    own ??= places.length > 0 ? Math.min(...places) : undefined;
    return choices[places.indexOf(own ?? 0)];
  };
  const readChoice = (json: Fields, isError: (json: Fields) => boolean): Fields | undefined => {
    if (json["error"]) throw errorFromField(json["error"], context);
    const choice = ownChoice(json["choices"]);
    if (choice?.["error"]) throw errorFromField(choice["error"], context);
    // An error without an `error` field, as some hosts send it.
    if (!choice && json["choices"] == null && isError(json)) throw errorFromField(json, context);
    return choice;
  };
  const sound = (choice: Fields, source: unknown): Fields => {
    const { finish_reason: finish } = choice;
    // Some hosts send a finish chunk without any delta.
    if (isFields(source) && source["error"]) throw errorFromField(source["error"], context);
    const delta = isFields(source) || source == null ? soundDelta(source ?? {}) : undefined;
    if (!delta) throw unexpected("a piece of the answer that is no text and no tool call");
    if (typeof finish !== "string" && finish != null) throw unexpected("a finish reason that is no word");
    return { ...choice, index: 0, delta, finish_reason: finish ?? null };
  };
  return {
    chunk(json) {
      if (!isFields(json)) throw unexpected("an event that is no chat completion chunk");
      const choice = readChoice(json, isErrorEvent);
      const { choices, usage } = json;
      const isAlone = Array.isArray(choices) && choices.length === (choice ? 1 : 0);
      if (isAlone && (!choice || isSound(choice)) && (usage == null || isUsage(usage))) return asChunk(json);
      // Pings, other choices than the one asked for, and counts beside no choice at all.
      const kept = choice ? [sound(choice, choice["delta"] ?? choice["message"])] : [];
      return asChunk({ ...json, choices: kept, usage: isUsage(usage) ? usage : null });
    },
    completion(json) {
      if (!isFields(json)) throw unexpected("a body that is no chat completion");
      const given = readChoice(json, isErrorBody);
      if (!given) throw unexpected("a body without choices");
      const { message, ...choice } = given;
      const usage = isUsage(json["usage"]) ? json["usage"] : null;
      const chunk = { ...json, object: "chat.completion.chunk", usage };
      return [asChunk({ ...chunk, choices: [sound(choice, withIndexes(message))] })];
    },
  };
}

/** Where an answer was due, any message is an error. */
function isErrorBody(json: Fields): boolean {
  return isErrorEvent(json) || isSaid(json["message"]) || isSaid(json["detail"]);
}

/** Among events there are pings and progress with messages too. */
function isErrorEvent({ message, detail, code, status, type }: Fields): boolean {
  const isStatus = (value: unknown) => typeof value === "number" && value >= 400 && value < 600;
  const isNamed = typeof type === "string" && type.includes("error");
  return isStatus(code) || isStatus(status) || ((isSaid(message) || isSaid(detail)) && isNamed);
}

function isSaid(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** The few fields the client itself reads; everything else is the consumer's. Checked by hand: it runs for every chunk. */
function isSound(choice: Fields): boolean {
  const { delta, finish_reason: finish } = choice;
  if (!isFields(delta)) return false;
  const { content, reasoning_content: reasoning, tool_calls: calls, refusal } = delta;
  return (
    (typeof content === "string" || content == null) &&
    (typeof reasoning === "string" || reasoning == null) &&
    (calls == null || Array.isArray(calls)) &&
    (finish == null || typeof finish === "string") &&
    (typeof refusal === "string" || refusal == null) &&
    delta["reasoning"] == null &&
    delta["error"] == null
  );
}

/**
 * A delta in DeepSeek's form: parts joined, thinking under one name (others call it `reasoning`, or send it as parts).
 * `undefined` when something of it cannot be understood.
 */
function soundDelta({ reasoning: otherName, ...delta }: Fields): Fields | undefined {
  const { content: given, tool_calls: calls, reasoning_content: thought, refusal } = delta;
  const parts = Array.isArray(given) ? given : undefined;
  const content = parts ? joinParts(parts.filter((part) => !isThought(part))) : given;
  const thinking = parts?.some(isThought) ? joinParts(parts.filter(isThought)) : undefined;
  const reasoning = thought ?? thinking ?? (isSaid(otherName) ? otherName : undefined);
  const isText = (value: unknown) => typeof value === "string" || value == null;
  if (!isText(content) || !isText(reasoning) || !isText(refusal) || (calls != null && !Array.isArray(calls)))
    return undefined;
  const text = Object.hasOwn(delta, "content") && { content };
  return { ...delta, ...text, ...(reasoning != null && { reasoning_content: reasoning }) };
}

function isThought(part: unknown): boolean {
  return isFields(part) && part["type"] === "thinking";
}

/** The text of parts; what is no text stays what it is, and is refused as such. */
function joinParts(parts: readonly unknown[]): unknown {
  const texts: unknown[] = parts.map((part) => {
    if (!isFields(part)) return undefined;
    const inner = part["type"] === "text" ? part["text"] : isThought(part) ? part["thinking"] : part;
    return Array.isArray(inner) ? joinParts(inner) : inner;
  });
  return texts.every((text) => typeof text === "string") ? texts.join("") : parts;
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

/** Its `choices` were checked right before; the other fields are passed through as the server sent them. */
function asChunk(json: Fields): ChatCompletionChunk {
  return json as unknown as ChatCompletionChunk;
}

/** An index some hosts write as text. */
function asPlace(index: unknown): number {
  return typeof index === "number" || typeof index === "string" ? Number(index) : Number.NaN;
}
