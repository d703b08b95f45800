import { createParser } from "eventsource-parser";

/** Longer than any honest event: DeepSeek's longest answer is a few megabytes in all. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;

export interface EventReader {
  /** Takes the bytes of one network read, split wherever the network split them. */
  feed(bytes: Uint8Array): void;
  /** Tells that no more bytes come: an event without its closing blank line is handed on too. */
  end(): void;
}

export interface EventHandlers {
  onData(data: string): void;
  /** The server sent an event too large to be honest; nothing is handed on any more. */
  onOverflow(): void;
}

/** Turns bytes into the `data` of server-sent events. Comments and lines that are no field are passed over. */
export function createEventReader({ onData, onOverflow }: EventHandlers): EventReader {
  const decoder = new TextDecoder();
  let overflowed = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onEvent: ({ data }) => onData(data),
    onError: ({ type }) => {
      if (type !== "max-buffer-size-exceeded") return;
      overflowed = true;
      onOverflow();
    },
  });
  return {
    feed(bytes) {
      if (!overflowed) parser.feed(decoder.decode(bytes, { stream: true }));
    },
    end() {
      if (overflowed) return;
      parser.feed(`${decoder.decode()}\n\n`);
    },
  };
}
