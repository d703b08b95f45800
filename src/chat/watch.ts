import type { ResilientClientError } from "../errors.ts";
import type { ChatCompletionChunk } from "./chat-response.ts";
import type { GeneratedTokens } from "./gather-evidence.ts";

/**
 * Looks at an answer while it comes: told of each chunk that brings something generated, until the finish. What it returns ends the
 * attempt; that chunk is still shown. `generated`: estimates, up to and with this chunk.
 */
export type Watch = (chunk: ChatCompletionChunk, generated: GeneratedTokens) => ResilientClientError | undefined;

/** Both look; the first objection counts. */
export function watchBoth(one: Watch | undefined, other: Watch): Watch {
  return one ? (chunk, generated) => one(chunk, generated) ?? other(chunk, generated) : other;
}
