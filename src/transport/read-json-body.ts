import type { Progress } from "../call.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { BusyError, EmptyAnswerError, StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import { isJson } from "../is-json.ts";
import type { ChunkDecoder, ChunkSource } from "./chunk-source.ts";
import type { FailureContext } from "./http-errors.ts";
import type { BodyReader } from "./read-body.ts";

/** A JSON body longer than this is no chat completion: DeepSeek's longest answer is a few megabytes. */
const MAX_JSON_CHARS = 32 * 1024 * 1024;

/** Reads one JSON body. DeepSeek sends blank lines before it while the request waits in its queue. */
export function readJsonBody(
  body: BodyReader,
  decode: ChunkDecoder,
  context: FailureContext,
  progress: Progress,
): ChunkSource {
  const decoder = new TextDecoder();
  let text = "";
  let chunks: readonly ChatCompletionChunk[] = [];
  let position = 0;
  let atEnd = false;
  let looks = 3;
  const { secrets: _, ...details } = context;
  const who = `${context.provider} (${context.model})`;

  return {
    get size() {
      return body.size;
    },
    cancel: body.cancel,
    finish: body.finish,
    take() {
      if (atEnd && text !== "") {
        chunks = decode.completion(parseBody(text));
        text = "";
      }
      return position < chunks.length ? chunks[position++] : undefined;
    },
    async read() {
      if (atEnd) return false;
      for (let bytes = await body.read(); bytes; bytes = await readOn(body, text)) {
        const piece = decoder.decode(bytes, { stream: true });
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
      text = (text + decoder.decode()).trim();
      atEnd = true;
      if (text === "") throw nothing(context);
      return true;
    },
  };

  function parseBody(json: string): unknown {
    try {
      return JSON.parse(json);
    } catch {
      if (/^[{[]/.test(json))
        throw new StreamInterruptedError(`${who} broke off in the middle of its answer.`, details);
      if (json.startsWith("<"))
        throw new BusyError(
          `${who} answered with a web page: a firewall or CDN stands in between, or the base URL is wrong.`,
          details,
        );
      throw new UnexpectedResponseError(`${who} sent a body that is no JSON.`, details);
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
function nothing({ secrets: _, ...details }: FailureContext): EmptyAnswerError {
  const message = `${details.provider} (${details.model}) kept the connection open and then sent nothing.`;
  return new EmptyAnswerError(message, { ...details, kind: "empty_body" });
}
