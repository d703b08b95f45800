/** What became known of a text with its last piece. */
export interface SplitText {
  text: string;
  thinking: string;
  /** It turned out that all text given out before was thinking too. */
  wasThinking: boolean;
}

/** Tells thinking between `<think>` tags from text, however the tags are split over pieces. */
export interface ThinkingSplitter {
  /** Whether everything from here on is text, so that nobody needs to look at it any more. */
  readonly isOver: boolean;
  /** Whether there may be something to give out at the end. */
  readonly isHolding: boolean;
  /** Takes a piece. `atEnd`: nothing can follow it; `finished` if the answer was called complete, `cut` if not. */
  split(piece: string, atEnd: false | "finished" | "cut"): SplitText;
  /** The host separates thinking by itself: text is text. */
  stop(): void;
}

interface State {
  where: "beginning" | "thinking" | "closed" | "text" | "over";
  /** Text that may be the beginning of a tag. */
  held: string;
  /** The end of the text before `held`: tells whether a tag closes. */
  line: string;
  hasText: boolean;
  /** Whether an opening tag came that no closing one belongs to yet. */
  isOpen: boolean;
  /** Thinking that nobody opened: text, if nobody closes it. */
  unopened: string;
}

const OPEN = "<think>";
const CLOSE = "</think>";
/** What stands before a tag that closes: the beginning of its line, or a text without a blank. In a sentence it is quoted. */
const CLOSES = /(?:\n[ \t]{0,24}|[^\s`'"“‘«(])$/;
/** No shorter than what `CLOSES` and an opening tag need, which may be split over pieces. */
const LINE_CHARS = 32;

/** `isImplicit`: the text begins with thinking, without an opening tag. */
export function createThinkingSplitter(isImplicit: boolean): ThinkingSplitter {
  const state: State = { where: "beginning", held: "", line: "\n", hasText: false, isOpen: false, unopened: "" };
  return {
    get isOver() {
      return state.where === "over" && state.held === "";
    },
    get isHolding() {
      return state.held !== "" || state.unopened !== "";
    },
    split(piece, atEnd) {
      const found: SplitText = { text: "", thinking: "", wasThinking: false };
      state.held += piece;
      if (state.where === "beginning") begin(state, isImplicit, atEnd !== false);
      if (state.where === "thinking") think(state, found, isImplicit, atEnd !== false);
      if (state.where === "text") speak(state, found, atEnd !== false);
      if (state.where === "closed") close(state);
      if (state.where === "over") found.text += takeAll(state);
      // Never closed, and called finished: it was the answer.
      if (state.where === "thinking" && atEnd === "finished" && state.unopened !== "") {
        found.text = state.unopened;
        state.unopened = "";
        state.where = "over";
      }
      state.hasText ||= found.text !== "";
      return found;
    },
    stop() {
      state.where = "over";
    },
  };
}

function begin(state: State, isImplicit: boolean, atEnd: boolean): void {
  const text = state.held.trimStart();
  if (!atEnd && OPEN.startsWith(text)) return;
  const isOpen = text.startsWith(OPEN);
  if (isOpen) state.held = text.slice(OPEN.length);
  state.isOpen = isOpen;
  state.where = isOpen || isImplicit ? "thinking" : "text";
}

function think(state: State, found: SplitText, isImplicit: boolean, atEnd: boolean): void {
  const at = state.held.indexOf(CLOSE);
  const end = at >= 0 ? at : state.held.length - (atEnd ? 0 : overlap(state.held));
  const thinking = state.held.slice(0, end);
  found.thinking += thinking;
  if (isImplicit && !state.isOpen) state.unopened += thinking;
  state.held = state.held.slice(at >= 0 ? end + CLOSE.length : end);
  if (at < 0) return;
  state.where = "closed";
  state.unopened = "";
}

function speak(state: State, found: SplitText, atEnd: boolean): void {
  for (;;) {
    const { held } = state;
    const at = held.indexOf(CLOSE);
    const end = at >= 0 ? at + CLOSE.length : held.length - (atEnd ? 0 : overlap(held));
    const seen = state.line + held.slice(0, at >= 0 ? at : end);
    state.isOpen ||= seen.includes(OPEN);
    if (at >= 0 && !state.isOpen && CLOSES.test(seen)) {
      // Closed, and never opened. A tag in a sentence is what the text is about, and so are both tags together.
      found.wasThinking = state.hasText;
      found.thinking += found.text + held.slice(0, at);
      found.text = "";
      state.held = held.slice(end);
      state.where = "closed";
      return;
    }
    found.text += held.slice(0, end);
    state.held = held.slice(end);
    state.line = at >= 0 ? "" : seen.slice(-LINE_CHARS);
    if (at < 0) return;
    state.isOpen = false;
  }
}

/** The blank lines after thinking belong to neither. */
function close(state: State): void {
  state.held = state.held.trimStart();
  if (state.held !== "") state.where = "over";
}

function takeAll(state: State): string {
  const { held } = state;
  state.held = "";
  return held;
}

/** How many characters at the end of the text may be the beginning of the closing tag. */
function overlap(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length -= 1) {
    if (CLOSE.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
