import type { ChatCompletionChunk } from "../chat/chat-response.ts";

/** Where chunks come from: a response's body, or a custom provider. `open-reply` judges what it says. */
export interface ChunkSource {
  /** Bytes read so far; 0 where there are none. */
  readonly size: number;
  /** Whether text it gave may still turn out to be something else. */
  readonly isUnsettled?: boolean | undefined;
  /** The next chunk of what was read. Throws a typed error when it is none. */
  take(): ChatCompletionChunk | undefined;
  /** Reads once. `false`: nothing more will come. Rejects with a typed error, or with the signal's reason. */
  read(): Promise<boolean>;
  /** Ends it early and closes the connection. */
  cancel(): void;
  /** Gives the connection back after the last chunk, so that it can serve the next call. */
  finish(): Promise<void>;
}

/** How a provider's JSON becomes chunks. Throws a typed error for what is none. */
export interface ChunkDecoder {
  /** Whether text it gave may still turn out to be something else. */
  readonly isUnsettled?: boolean | undefined;
  /** One event of a stream. */
  chunk(json: unknown): ChatCompletionChunk;
  /** A whole body: the chunks that make the same completion. */
  completion(json: unknown): readonly ChatCompletionChunk[];
}
