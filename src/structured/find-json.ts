import { JsonValueReader } from "./json-value-reader.ts";

/** What stands in the text of an answer. */
export type FoundJson =
  | {
      readonly kind: "value";
      readonly value: object;
      /** Whether words follow it. */
      readonly hasTail: boolean;
    }
  /** Nothing but whitespace. */
  | { readonly kind: "blank" }
  /** No JSON object. */
  | { readonly kind: "none" }
  /** More than one value: nobody knows which of them is meant. */
  | { readonly kind: "several" }
  /** It begins, and does not end. */
  | { readonly kind: "open" }
  /** Not JSON, from this character on. */
  | { readonly kind: "broken"; readonly atChar: number; readonly expected: string };

/**
 * Finds the one JSON object of a text that comes in pieces, whatever stands around it. Brackets without a bracket or a quote between
 * them are words: `[1]`, `{name}`. Every other bracket must begin JSON: whoever looked into what is broken could find a part of it
 * and take it for the whole.
 */
export class JsonFinder {
  #reader: JsonValueReader | undefined;
  #problem: Exclude<FoundJson, { kind: "value" }> | undefined;
  /** From a bracket on that may be words. */
  #maybe = "";
  #isBlank = true;
  #hasTail = false;
  /** Characters of the pieces before. */
  #before = 0;

  /** The object while it is read; `undefined` before it begins. */
  get reader(): JsonValueReader | undefined {
    return this.#reader;
  }

  feed(piece: string): void {
    if (this.#isBlank) this.#isBlank = !/\S/.test(piece);
    for (let at = 0; at < piece.length && !this.#problem; ) {
      if (this.#reader?.state === "open") at = this.#readValue(this.#reader, piece, at);
      else at = this.#maybe === "" ? this.#skipWords(piece, at) : this.#readMaybe(piece, at);
    }
    this.#before += piece.length;
  }

  /** What was found; nothing more comes. */
  end(): FoundJson {
    if (this.#problem) return this.#problem;
    if (this.#maybe !== "" || this.#reader?.state === "open") return { kind: "open" };
    const value = this.#reader?.snapshot();
    if (value === undefined) return { kind: this.#isBlank ? "blank" : "none" };
    if (typeof value !== "object" || value === null || Array.isArray(value)) return { kind: "none" };
    return { kind: "value", value, hasTail: this.#hasTail };
  }

  #skipWords(piece: string, from: number): number {
    const at = findAny("[{", piece, from);
    // What closes a fence are no words.
    if (this.#reader && /[^\s`]/.test(piece.slice(from, at))) this.#hasTail = true;
    this.#maybe = piece.charAt(at);
    return at + 1;
  }

  #readMaybe(piece: string, from: number): number {
    const at = findAny("[]{}\"'", piece, from);
    this.#maybe += piece.slice(from, at);
    if (at === piece.length) return at;
    const isBrace = this.#maybe.startsWith("{");
    const isClosed = piece.charAt(at) === (isBrace ? "}" : "]");
    const isEmptyObject = isBrace && this.#maybe.trim() === "{";
    if (!isClosed || isEmptyObject) return this.#beginValue(at);
    this.#maybe = "";
    if (this.#reader) this.#hasTail = true;
    return at + 1;
  }

  #beginValue(at: number): number {
    const begun = this.#maybe;
    this.#maybe = "";
    if (this.#reader) this.#problem = { kind: "several" };
    else {
      this.#reader = new JsonValueReader();
      this.#noteBreak(this.#reader, at - begun.length + this.#reader.feed(begun, 0));
    }
    return at;
  }

  #readValue(reader: JsonValueReader, piece: string, from: number): number {
    const at = reader.feed(piece, from);
    this.#noteBreak(reader, at);
    return at;
  }

  #noteBreak({ state, expected }: JsonValueReader, at: number): void {
    if (state === "broken") this.#problem = { kind: "broken", atChar: this.#before + at, expected };
  }
}

/** The place of the first of these characters, or the end. */
function findAny(characters: string, text: string, from: number): number {
  let at = from;
  while (at < text.length && !characters.includes(text.charAt(at))) at += 1;
  return at;
}

/** The same for a text that is there. */
export function findJson(text: string): FoundJson {
  const finder = new JsonFinder();
  finder.feed(text);
  return finder.end();
}
