import { MARKUP } from "./detect-markup.ts";

/** What may become markup with the text that follows; as long as that at most. */
const BEGINNING = /<(?: ?[｜|‖][\w▁ ｜|‖]{0,28}| )?$/;

/**
 * Keeps a tool call that leaks as text from being shown, and what may become one. Whoever has seen nothing of it can be given another answer
 * instead. Where it turns out to be text after all, it is shown with the finish.
 */
export class MarkupHolder {
  #held = "";
  #isLeaking = false;
  /** The last character shown: a quote makes what follows a quote. */
  #last = " ";

  /** What of the text may be shown now. `isLast`: nothing more comes. */
  add(text: string, isLast: boolean): string {
    if (this.#held === "" && !text.includes("<")) {
      this.#last = text.at(-1) ?? this.#last;
      return text;
    }
    const all = this.#held + text;
    const until = isLast ? all.length : this.#placeIn(all);
    this.#held = all.slice(until);
    this.#last = all[until - 1] ?? this.#last;
    return all.slice(0, until);
  }

  /** What was held is no text of the answer. */
  takeHeld(): string {
    const held = this.#held;
    [this.#held, this.#isLeaking, this.#last] = ["", false, " "];
    return held;
  }

  #placeIn(all: string): number {
    if (this.#isLeaking) return 0;
    const found = MARKUP.exec(this.#last + all);
    this.#isLeaking = found !== null;
    // It was found with the character before it.
    if (found) return found.index;
    return BEGINNING.exec(all)?.index ?? all.length;
  }
}
