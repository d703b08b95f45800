import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { findText } from "../chat/find-text.ts";
import type { Fields } from "../parse-json.ts";

/** What stands around the text in the JSON of a chunk, and of all chunks like it. */
interface Frame {
  readonly like: ChatCompletionChunk;
  readonly field: "content" | "reasoning_content";
  readonly prefix: string;
  readonly suffix: string;
}

/** No server needs to write this; where one does, there is no frame. */
const SENTINEL = "\u0000the text\u0000";
const WRITTEN = JSON.stringify(SENTINEL);

/**
 * Writes the chunks of one answer as `JSON.stringify` does, in a fraction of the time: they differ in one text, so the
 * rest is written once.
 */
export function createChunkWriter(): (chunk: ChatCompletionChunk) => string {
  let frame: Frame | undefined;
  return (chunk) => {
    const text = frame && readText(chunk, frame);
    if (frame && text !== undefined) return frame.prefix + JSON.stringify(text) + frame.suffix;
    frame = frameOf(chunk);
    return JSON.stringify(chunk);
  };
}

/** The text of a chunk that is like the framed one in everything else. */
function readText(chunk: ChatCompletionChunk, { like, field }: Frame): string | undefined {
  const [choice, likeChoice] = [chunk.choices[0], like.choices[0]];
  const text: unknown = choice?.delta[field];
  const isLike =
    choice &&
    likeChoice &&
    chunk.choices.length === 1 &&
    isSame(chunk, like, "choices") &&
    isSame(choice, likeChoice, "delta") &&
    isSame(choice.delta, likeChoice.delta, field);
  return isLike && typeof text === "string" ? text : undefined;
}

/** Whether two objects have the same fields with the same simple values, but for one. Runs for every chunk. */
function isSame(one: object, other: object, but: string): boolean {
  let fields = 0;
  for (const key in one) {
    if (key !== but && (one as Fields)[key] !== (other as Fields)[key]) return false;
    fields += 1;
  }
  for (const _ in other) fields -= 1;
  return fields === 0;
}

function frameOf(chunk: ChatCompletionChunk): Frame | undefined {
  const found = findText(chunk);
  if (!found) return undefined;
  const json = JSON.stringify(found.make(SENTINEL));
  const at = json.indexOf(WRITTEN);
  if (at !== json.lastIndexOf(WRITTEN)) return undefined;
  const { field } = found;
  return { like: chunk, field, prefix: json.slice(0, at), suffix: json.slice(at + WRITTEN.length) };
}
