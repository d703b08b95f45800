/** Puts together what a server cut inside a character. */
export interface WholeCharacters {
  /** Whether half a character waits for its other half. */
  readonly isHolding: boolean;
  /** What of a piece, and of what was held, may be shown. `isLast`: a half that stays one is the server's own word. */
  add(piece: string, isLast: boolean): string;
}

/** A server may split a character between two chunks, as two halves of a surrogate pair: each alone is no text. */
export function createWholeCharacters(): WholeCharacters {
  let half = "";
  return {
    get isHolding() {
      return half !== "";
    },
    add(piece, isLast) {
      const text = half + piece;
      half = !isLast && endsInHalf(text) ? text.slice(-1) : "";
      return half ? text.slice(0, -1) : text;
    },
  };
}

/** Whether the last character is the first half of one. */
export function endsInHalf(text: string | null | undefined): boolean {
  if (!text) return false;
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}

/** The beginning of a text, without half a character at its end: servers refuse that. */
export function clip(text: string, chars: number): string {
  const clipped = text.slice(0, chars);
  return endsInHalf(clipped) ? clipped.slice(0, -1) : clipped;
}
