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
  return new CountingReader();
}

class CountingReader implements TextReader {
  isBroken = false;
  readonly #decoder = new TextDecoder();
  /** The last two bytes of the reads before: the character's own three may be split. */
  #last = 0;
  #lastButOne = 0;

  read(bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (!this.isBroken && text.includes(REPLACEMENT)) {
      const seen = [this.#lastButOne, this.#last, ...bytes];
      this.isBroken = text.split(REPLACEMENT).length - 1 > countGenuine(seen);
    }
    const { length } = bytes;
    if (length > 0) {
      this.#lastButOne = length > 1 ? (bytes[length - 2] as number) : this.#last;
      this.#last = bytes[length - 1] as number;
    }
    return text;
  }

  end(): string {
    const text = this.#decoder.decode();
    this.isBroken ||= text !== "";
    return text;
  }
}

/** How often the three bytes of the replacement character itself stand in there. */
function countGenuine(bytes: readonly number[]): number {
  return bytes.filter((byte, index) => byte === 0xef && bytes[index + 1] === 0xbf && bytes[index + 2] === 0xbd).length;
}
