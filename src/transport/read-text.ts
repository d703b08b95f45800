/** Stands for bytes that are no UTF-8; also a character of its own, which a model may well have written. */
export const REPLACEMENT = "\ufffd";

/** Turns the bytes of a body into text, wherever the network split them. */
export interface TextReader {
  /** Whether bytes came that are no UTF-8: from now on a replacement character may stand for a lost one. */
  readonly isBroken: boolean;
  read(bytes: Uint8Array): string;
  /** No more bytes come: what is missing of a character does not either. */
  end(): string;
}

/**
 * `TextDecoder` replaces broken bytes without a word, or, when told to throw, loses what was read with them. So
 * replacement characters are counted: more of them in the text than in the bytes were made here.
 */
export function createTextReader(): TextReader {
  const decoder = new TextDecoder();
  let isBroken = false;
  /** The last two bytes of the reads before: the character's own three may be split. */
  let [last, lastButOne] = [0, 0];
  return {
    get isBroken() {
      return isBroken;
    },
    read(bytes) {
      const text = decoder.decode(bytes, { stream: true });
      if (!isBroken && text.includes(REPLACEMENT)) {
        isBroken = text.split(REPLACEMENT).length - 1 > countGenuine([lastButOne, last, ...bytes]);
      }
      const { length } = bytes;
      if (length > 0) {
        lastButOne = length > 1 ? (bytes[length - 2] as number) : last;
        last = bytes[length - 1] as number;
      }
      return text;
    },
    end() {
      const text = decoder.decode();
      isBroken ||= text !== "";
      return text;
    },
  };
}

/** How often the three bytes of the replacement character itself stand in there. */
function countGenuine(bytes: readonly number[]): number {
  return bytes.filter((byte, index) => byte === 0xef && bytes[index + 1] === 0xbf && bytes[index + 2] === 0xbd).length;
}
