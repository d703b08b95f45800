/** When the end of a text counts as a loop. */
export interface RepetitionLimits {
  /** The repeated end has at least so many characters. */
  readonly afterChars: number;
  /** And says the same at least so often. */
  readonly repetitions: number;
  /** Of what is repeated: longer periods are not looked for. */
  readonly maxPeriodChars: number;
}

/** What a text says again and again at its end. */
interface Repetition {
  readonly periodChars: number;
  readonly times: number;
}

/**
 * Reads a text as it comes, in whatever pieces, and tells when its end says the same again and again. Blank space of other kinds
 * or lengths makes no difference; everything else must be equal, character by character.
 */
export interface RepetitionDetector {
  /** What it found, from then on. */
  add(text: string): Repetition | undefined;
}

/** Of so many blanks in a row one is kept, so that most differences between them are none. */
const BLANKS_KEPT_AS_ONE = 16;
const BLANK = 32;

export function createRepetitionDetector(limits: RepetitionLimits): RepetitionDetector {
  return new TailDetector(limits);
}

class TailDetector implements RepetitionDetector {
  readonly #limits: RepetitionLimits;
  /** A loop that is found must fit. */
  readonly #window: number;
  /** It looks after so many characters: at the same places, however the text was cut. */
  readonly #step: number;
  #tail = new Uint16Array(1024);
  #borders = new Uint32Array(1025);
  #size = 0;
  #untilLook: number;
  #blanks = 0;
  #found: Repetition | undefined;

  constructor(limits: RepetitionLimits) {
    const { afterChars, repetitions, maxPeriodChars } = limits;
    this.#limits = limits;
    this.#window = Math.max(afterChars, repetitions * maxPeriodChars);
    this.#step = Math.ceil(afterChars / 8);
    this.#untilLook = this.#step;
  }

  add(text: string): Repetition | undefined {
    for (let index = 0; index < text.length && !this.#found; index += 1) this.#note(text.charCodeAt(index));
    return this.#found;
  }

  #note(code: number): void {
    if (!isBlank(code)) this.#blanks = 0;
    else {
      this.#blanks += 1;
      // Endless blank space is what DeepSeek sends in JSON mode when no prompt asks for JSON.
      if (this.#blanks >= this.#limits.afterChars) this.#found = { periodChars: 1, times: this.#blanks };
      if (this.#blanks % BLANKS_KEPT_AS_ONE !== 1) return;
    }
    if (this.#size === this.#tail.length) this.#makeRoom();
    this.#tail[this.#size++] = this.#blanks > 0 ? BLANK : code;
    this.#untilLook -= 1;
    if (this.#untilLook > 0) return;
    this.#untilLook = this.#step;
    this.#found ??= this.#look();
  }

  /** Twice the window at most, so that it is seldom moved. */
  #makeRoom(): void {
    const kept = this.#tail.subarray(Math.max(0, this.#size - this.#window));
    if (this.#size < 2 * this.#window) {
      this.#tail = new Uint16Array(Math.min(2 * this.#size, 2 * this.#window));
      this.#borders = new Uint32Array(Math.min(this.#tail.length, this.#window) + 1);
    }
    // `set` copies within one array as if over another.
    this.#tail.set(kept);
    this.#size = kept.length;
  }

  /**
   * The prefix function of Knuth, Morris and Pratt, over the text from its end: for each length of that end its shortest period.
   * As this only grows with the length, most texts are done where it is longer than any that is looked for.
   */
  #look(): Repetition | undefined {
    const { afterChars, repetitions, maxPeriodChars } = this.#limits;
    const [tail, borders, last] = [this.#tail, this.#borders, this.#size - 1];
    const most = Math.min(this.#size, this.#window);
    let border = 0;
    for (let length = 2; length <= most; length += 1) {
      const code = tail[last - length + 1];
      while (border > 0 && code !== tail[last - border]) border = borders[border] as number;
      if (code === tail[last - border]) border += 1;
      borders[length] = border;
      const periodChars = length - border;
      if (periodChars > maxPeriodChars || periodChars * repetitions > most) return undefined;
      if (length < afterChars || length < periodChars * repetitions) continue;
      while (length < most && tail[last - length] === tail[last - length + periodChars]) length += 1;
      return { periodChars, times: Math.floor(length / periodChars) };
    }
    return undefined;
  }
}

/** The blanks of Latin and Chinese text, line ends and tabs. */
function isBlank(code: number): boolean {
  return code === BLANK || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x3000;
}
