import type { Progress } from "../call.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { EmptyAnswerError, StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import { isJson, parseJson } from "../parse-json.ts";
import { whoIs } from "../server-words.ts";
import type { ChunkDecoder, ChunkSource } from "./chunk-source.ts";
import { detailsOf, type FailureContext } from "./failure-context.ts";
import { errorFromText } from "./http-errors.ts";
import type { BodyReader } from "./read-body.ts";
import { createTextReader, REPLACEMENT } from "./read-text.ts";

/** A JSON body longer than this is no chat completion: DeepSeek's longest answer is a few megabytes. */
const MAX_JSON_CHARS = 32 * 1024 * 1024;

/** Reads one JSON body. DeepSeek sends blank lines before it while the request waits in its queue. */
export function readJsonBody(
  body: BodyReader,
  decode: ChunkDecoder,
  context: FailureContext,
  progress: Progress,
): ChunkSource {
  const decoder = createTextReader();
  let text = "";
  let chunks: readonly ChatCompletionChunk[] = [];
  let position = 0;
  let atEnd = false;
  let looks = 3;
  const details = detailsOf(context);
  const who = whoIs(context);

  return {
    get size() {
      return body.size;
    },
    cancel: body.cancel,
    finish: body.finish,
    take() {
      if (atEnd && text !== "") {
        const json = parseBody(text);
        // What is lost of it may be the answer.
        if (decoder.isBroken && text.includes(REPLACEMENT))
          throw new UnexpectedResponseError(`${who} sent bytes that are no UTF-8.`, details);
        chunks = decode.completion(json);
        text = "";
      }
      return position < chunks.length ? chunks[position++] : undefined;
    },
    async read() {
      if (atEnd) return false;
      for (let bytes = await body.read(); bytes; bytes = await readOn(body, text)) {
        const piece = decoder.read(bytes);
        text = text === "" ? piece.trimStart() : text + piece;
        // A keep-alive.
        if (text === "") return true;
        progress.body();
        // Some hosts go on with blanks, or with nothing, and never end. The piece is looked at, and the body a few times
        // only: it may be large.
        if (looks > 0 && piece.trimEnd().endsWith("}")) {
          looks -= 1;
          if (isJson(text)) progress.finish(body.cancel);
        }
        if (text.length > MAX_JSON_CHARS)
          throw new UnexpectedResponseError(`${who} sent a body too large to be an answer.`, details);
      }
      text = (text + decoder.end()).trim();
      atEnd = true;
      if (text === "") throw emptyBody(context);
      return true;
    },
  };

  function parseBody(json: string): unknown {
    try {
      return parseJson(json);
    } catch {
      // One JSON value a line is a protocol of its own (Ollama's), and whole.
      const isOwnLine = isJson(json.slice(0, Math.max(0, json.indexOf("\n"))));
      // "[503] The queue is full" is no list that was cut.
      if (/^(?:\{|\[\s*(?:\{|$))/.test(json) && !isOwnLine)
        throw new StreamInterruptedError(`${who} broke off in the middle of its answer.`, details);
      throw errorFromText(json, "a body that is no JSON", context);
    }
  }
}

/** A connection that breaks after the last brace has taken nothing of the answer. */
async function readOn(body: BodyReader, text: string): Promise<Uint8Array | undefined> {
  try {
    return await body.read();
  } catch (error) {
    if (StreamInterruptedError.isInstance(error) && isJson(text)) return undefined;
    throw error;
  }
}

/** DeepSeek gives up a request that waited too long in its queue like this. */
export function emptyBody(context: FailureContext): EmptyAnswerError {
  const message = `${whoIs(context)} kept the connection open and then sent nothing.`;
  return new EmptyAnswerError(message, { ...detailsOf(context), kind: "empty_body" });
}
