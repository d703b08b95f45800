import type { ChatCompletionChunk } from "../chat/chat-response.ts";

/** Where chunks come from: a response's body, or a custom provider. `open-reply` judges what it says. */
export interface ChunkSource {
  /** The next chunk of what was read. Throws a typed error when it is none. */
  take(): ChatCompletionChunk | undefined;
  /** Reads once. `false`: nothing more will come. Rejects with a typed error, or with the signal's reason. */
  read(): Promise<boolean>;
  /** Ends it early and closes the connection. */
  cancel(): void;
  /** Gives the connection back after the last chunk, so that it can serve the next call. */
  finish(): Promise<void>;
}
