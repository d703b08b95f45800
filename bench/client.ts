// What each client in `peers/` can be asked to do, and what all of them ask for.

/** A way of asking once. Resolves with the whole text; with what it can be made of, if that is no part of the work. */
export type Ask = () => Promise<string | (() => string)>;

export interface Client {
  /** Its chunks, as they come. */
  readonly chunks?: Ask;
  /** Its text, piece by piece, where that is something else. */
  readonly text?: Ask;
  /** The stream handed on as bytes. */
  readonly bytes?: Ask;
  /** A whole answer, as the client gets one by itself. */
  readonly plain?: Ask;
  /** A whole answer as one JSON body, where that must be asked for. */
  readonly json?: Ask;
}

export type Connect = (baseURL: string) => Client;

export const API_KEY = "sk-bench";
export const MODEL = "deepseek-flash";
export const MESSAGES = [{ role: "user" as const, content: "What happens to an answer when the server is busy?" }];

/** Pieces of text in an answer, one an event. */
export const ANSWER_PIECES = { long: 5_000, paced: 200, small: 20 };
/** How often a paced stream gets an event. */
export const EVENT_EVERY_MS = 10;
/** Pieces of text that have come when a stream is held open. */
export const OPEN_PIECES = 10;

/** The text of a stream that was handed on as one JSON chunk a line. */
export function textOfLines(parts: readonly Uint8Array[]): string {
  const lines = Buffer.concat(parts).toString().trim().split("\n");
  return lines.map((line) => JSON.parse(line).choices[0]?.delta.content ?? "").join("");
}
