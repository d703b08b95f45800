// What a file of `peers/` is: a way to ask for each of its exports. And what all of them ask for.

/** Asks once; `receive` gets the answer, in as many parts as it comes. */
export type Ask = (receive: (part: string | Uint8Array) => void) => Promise<void>;

export type Connect = (baseURL: string) => Ask;

/** A file has those that its client can do. */
export interface Ways {
  /** Its chunks, as they come. */
  readonly chunks: Connect;
  /** Its text, piece by piece, where that is something else. */
  readonly text: Connect;
  /** The stream handed on as bytes: one JSON chunk a line. */
  readonly bytes: Connect;
  /** A whole answer, as the client gets one by itself. */
  readonly plain: Connect;
  /** A whole answer as one JSON body, where that must be asked for. */
  readonly json: Connect;
}

export const API_KEY = "sk-bench";
export const MODEL = "deepseek-flash";
export const MESSAGES = [{ role: "user" as const, content: "What happens to an answer when the server is busy?" }];

/** Pieces of text in an answer, one an event. */
export const ANSWER_PIECES = { long: 5_000, paced: 200, small: 20 };
/** How often a paced stream gets an event. */
export const EVENT_EVERY_MS = 10;
/** Pieces of text that have come when a stream is held open. */
export const OPEN_PIECES = 10;
