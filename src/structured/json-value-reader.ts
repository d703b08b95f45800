import { endsInHalf } from "../chat/whole-characters.ts";
import { GrowingValue } from "./growing-value.ts";
import { DEEPEST, EXPECTED, isSpace, isWordCharacter, meaningOfEscape, meaningOfWord } from "./json-tokens.ts";

const BACKSLASH = 92;

/**
 * Reads one object or array, in pieces split anywhere, each character once. What cannot mean anything else is read as what it
 * means: a comma before a closing bracket, line breaks within a text, texts in single quotes, Python's words. Comments are not:
 * they may stand for what was left out.
 */
export class JsonValueReader {
  readonly #value = new GrowingValue();
  #state: "open" | "whole" | "broken" = "open";
  #expects: keyof typeof EXPECTED = "value";
  /** What ends the text. */
  #quote = "";
  #isKey = false;
  /** Of the text, the number or the word so far. */
  #text = "";
  /** What came of it behind a backslash. */
  #escape = "";
  /** Whether the text ends in half a character, which is not shown. Remembered: to look at its end would put together all of it. */
  #isHalf = false;
  #isChanged = false;

  get state(): "open" | "whole" | "broken" {
    return this.#state;
  }

  /** What should have stood where it broke. */
  get expected(): string {
    return EXPECTED[this.#expects];
  }

  /** Whether there is more to see than in the last snapshot. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** What it costs to read on after a snapshot. */
  get weight(): number {
    return this.#value.weight;
  }

  /** The value so far: texts as far as they came, numbers and words when they are complete. It is not changed later. */
  snapshot(): unknown {
    this.#isChanged = false;
    const isInText = (this.#expects === "string" || this.#expects === "escape") && !this.#isKey;
    if (isInText) this.#value.grow(this.#isHalf ? this.#text.slice(0, -1) : this.#text);
    return this.#value.snapshot();
  }

  /** Reads on from a place in the piece; returns the place where the value ended or broke, or the end of the piece. */
  feed(piece: string, from: number): number {
    let at = from;
    while (at < piece.length && this.#state === "open") at = this.#read(piece, at);
    return at;
  }

  #read(piece: string, at: number): number {
    switch (this.#expects) {
      case "string":
        return this.#readText(piece, at);
      case "escape":
        return this.#readEscape(piece.charAt(at), at);
      case "word":
        return this.#readWord(piece, at);
      default:
        return isSpace(piece.charCodeAt(at)) || this.#readToken(piece.charAt(at)) ? at + 1 : at;
    }
  }

  /** `false`: broken. */
  #readToken(token: string): boolean {
    const { isInArray } = this.#value;
    switch (this.#expects) {
      case "value":
        return token === "]" && isInArray ? this.#close() : this.#beginValue(token);
      case "key":
        return token === "}" ? this.#close() : this.#beginText(token, true);
      case "colon":
        return token === ":" ? this.#go("value") : this.#break();
      default:
        if (token === ",") return this.#go(isInArray ? "value" : "key");
        return token === (isInArray ? "]" : "}") ? this.#close() : this.#break();
    }
  }

  #beginValue(token: string): boolean {
    if (token === "{" || token === "[") {
      if (this.#value.depth >= DEEPEST) return this.#break("depth");
      this.#value.open(token === "[");
      this.#isChanged = true;
      return this.#go(token === "[" ? "value" : "key");
    }
    if (!isWordCharacter(token.charCodeAt(0))) return this.#beginText(token, false);
    this.#text = token;
    return this.#go("word");
  }

  #beginText(token: string, isKey: boolean): boolean {
    if (token !== '"' && token !== "'") return this.#break();
    this.#quote = token;
    this.#isKey = isKey;
    this.#isHalf = false;
    this.#text = "";
    if (!isKey) this.#begin("");
    return this.#go("string");
  }

  #readText(piece: string, from: number): number {
    const quote = this.#quote.charCodeAt(0);
    let at = from;
    let code = 0;
    for (; at < piece.length; at += 1) {
      code = piece.charCodeAt(at);
      if (code === BACKSLASH || code === quote) break;
    }
    this.#addText(piece.slice(from, at));
    if (at === piece.length) return at;
    if (code === BACKSLASH) this.#go("escape");
    else this.#endText();
    return at + 1;
  }

  #readEscape(character: string, at: number): number {
    this.#escape += character;
    const meant = meaningOfEscape(this.#escape, this.#quote);
    if (meant === undefined) return this.#breakAt(at);
    if (meant === "") return at + 1;
    this.#escape = "";
    this.#addText(meant);
    this.#go("string");
    return at + 1;
  }

  #readWord(piece: string, from: number): number {
    let at = from;
    while (at < piece.length && isWordCharacter(piece.charCodeAt(at))) at += 1;
    this.#text += piece.slice(from, at);
    if (at === piece.length) return at;
    const meant = meaningOfWord(this.#text);
    if (!meant) return this.#breakAt(at);
    this.#begin(meant.value);
    this.#go("comma");
    return at;
  }

  #begin(value: unknown): void {
    this.#value.begin(value);
    this.#isChanged = true;
  }

  #addText(text: string): void {
    if (text === "") return;
    this.#text += text;
    this.#isHalf = endsInHalf(text);
    if (!this.#isKey && !(this.#isHalf && text.length === 1)) this.#isChanged = true;
  }

  #endText(): void {
    if (this.#isKey) this.#value.key(this.#text);
    else this.#value.grow(this.#text);
    if (!this.#isKey && this.#isHalf) this.#isChanged = true;
    this.#go(this.#isKey ? "colon" : "comma");
  }

  #close(): boolean {
    this.#value.close();
    if (this.#value.depth === 0) this.#state = "whole";
    return this.#go("comma");
  }

  #go(expects: keyof typeof EXPECTED): true {
    this.#expects = expects;
    return true;
  }

  #break(expected = this.#expects): false {
    this.#expects = expected;
    this.#state = "broken";
    return false;
  }

  #breakAt(at: number): number {
    this.#break();
    return at;
  }
}
