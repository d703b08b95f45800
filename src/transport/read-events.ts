import { createParser } from "eventsource-parser";
import { createTextReader, REPLACEMENT } from "./read-text.ts";

/** Longer than any honest event: DeepSeek's longest answer is a few megabytes in all. Short lines take 32 bytes each. */
const MAX_EVENT_CHARS = 8 * 1024 * 1024;

export interface EventReader {
  /** Takes the bytes of one network read, split wherever the network split them. */
  feed(bytes: Uint8Array): void;
  /** Tells that no more bytes come: an event without its closing blank line is handed on too. */
  end(): void;
}

export interface EventHandlers {
  /** `isError`: it is named `error`. `isBroken`: bytes of it are no UTF-8. */
  onData(data: string, isError: boolean, isBroken: boolean): void;
  /** A line that is no field of an event, before the first event: some gateway's own words. */
  onStray?(line: string): void;
  /** The server sent an event too large to be honest; nothing is handed on any more. */
  onOverflow(): void;
}

/** Turns bytes into the `data` of server-sent events. Comments and lines that are no field are passed over. */
export function createEventReader(handlers: EventHandlers): EventReader {
  const decoder = createTextReader();
  const findStray = createStrayFinder((line) => handlers.onStray?.(line));
  let hasEvents = false;
  let overflowed = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onEvent: ({ data, event }) => {
      hasEvents = true;
      handlers.onData(data, event === "error", decoder.isBroken && data.includes(REPLACEMENT));
    },
    onError: ({ type }) => {
      if (type !== "max-buffer-size-exceeded") return;
      overflowed = true;
      handlers.onOverflow();
    },
  });
  const feed = (text: string) => {
    if (overflowed) return;
    parser.feed(text);
    if (!hasEvents) findStray(text);
  };
  return {
    feed: (bytes) => feed(decoder.read(bytes)),
    end: () => feed(`${decoder.end()}\n\n`),
  };
}

/** The parser passes over a line that is no field without a word when it comes in pieces, or is not finished. */
function createStrayFinder(onStray: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split(/\r\n|[\r\n]/);
    rest = (lines.pop() ?? "").slice(0, MAX_STRAY_CHARS);
    for (const line of lines) if (line !== "" && !/^(?:data|event|id|retry)?(?::|$)/.test(line)) onStray(line);
  };
}

/** No honest message of a gateway is longer. */
const MAX_STRAY_CHARS = 4_000;
