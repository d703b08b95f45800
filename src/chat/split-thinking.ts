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
  /** The end of the text before `held`: tells whether a tag stands on a line of its own. */
  line: string;
  hasText: boolean;
  /** Thinking that nobody opened: text, if nobody closes it. */
  unopened: string;
}

const OPEN = "<think>";
const CLOSE = "</think>";
/** More indentation than this is no tag on a line of its own. */
const MAX_INDENT = 32;

/** `isImplicit`: the text begins with thinking, without an opening tag. */
export function createThinkingSplitter(isImplicit: boolean): ThinkingSplitter {
  const state: State = { where: "beginning", held: "", line: "\n", hasText: false, unopened: "" };
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
      if (state.where === "thinking" && atEnd === "finished" && state.unopened !== "") found.text = state.unopened;
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
  state.where = isOpen || isImplicit ? "thinking" : "text";
}

function think(state: State, found: SplitText, isImplicit: boolean, atEnd: boolean): void {
  const at = state.held.indexOf(CLOSE);
  const end = at >= 0 ? at : state.held.length - (atEnd ? 0 : overlap(state.held));
  const thinking = state.held.slice(0, end);
  found.thinking += thinking;
  if (isImplicit) state.unopened += thinking;
  state.held = state.held.slice(at >= 0 ? end + CLOSE.length : end);
  if (at < 0) return;
  state.where = "closed";
  state.unopened = "";
}

function speak(state: State, found: SplitText, atEnd: boolean): void {
  for (;;) {
    const { held } = state;
    const at = held.indexOf(CLOSE);
    if (at >= 0 && /\n[ \t]*$/.test(state.line + held.slice(0, at))) {
      // Closed on a line of its own, and never opened. A tag in the middle of a sentence is what the text is about.
      found.wasThinking = state.hasText;
      found.thinking += found.text + held.slice(0, at);
      found.text = "";
      state.held = held.slice(at + CLOSE.length);
      state.where = "closed";
      return;
    }
    const end = at >= 0 ? at + CLOSE.length : held.length - (atEnd ? 0 : overlap(held));
    found.text += held.slice(0, end);
    state.line = (state.line + held.slice(Math.max(0, end - MAX_INDENT), end)).slice(-MAX_INDENT);
    state.held = held.slice(end);
    if (at < 0) return;
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
