import { createParser } from "eventsource-parser";
import { createTextReader, REPLACEMENT } from "./read-text.ts";

/** Longer than any honest event: DeepSeek's longest answer is a few megabytes in all. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;

export interface EventReader {
  /** Takes the bytes of one network read, split wherever the network split them. */
  feed(bytes: Uint8Array): void;
  /** Tells that no more bytes come: an event without its closing blank line is handed on too. */
  end(): void;
}

export interface EventHandlers {
  /** `isError`: it is named `error`. `isBroken`: bytes of it are no UTF-8. */
  onData(data: string, isError: boolean, isBroken: boolean): void;
  /** A line that is no field of an event: some gateway's own words. */
  onStray?(line: string): void;
  /** The server sent an event too large to be honest; nothing is handed on any more. */
  onOverflow(): void;
}

/** Turns bytes into the `data` of server-sent events. Comments and lines that are no field are passed over. */
export function createEventReader({ onData, onStray, onOverflow }: EventHandlers): EventReader {
  const decoder = createTextReader();
  let overflowed = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onEvent: ({ data, event }) => onData(data, event === "error", decoder.isBroken && data.includes(REPLACEMENT)),
    onError: ({ type, line }) => {
      if (type === "unknown-field" && line) onStray?.(line);
      if (type !== "max-buffer-size-exceeded") return;
      overflowed = true;
      onOverflow();
    },
  });
  return {
    feed(bytes) {
      if (!overflowed) parser.feed(decoder.read(bytes));
    },
    end() {
      if (overflowed) return;
      parser.feed(`${decoder.end()}\n\n`);
    },
  };
}
