import type { SystemMessage } from "../chat/chat-request.ts";
import { InvalidOptionsError } from "../error-family.ts";

/**
 * The system message of the next turn; the same object as long as it says the same.
 *
 * @throws InvalidOptionsError when a function of the user's gives no text; and what it throws.
 */
export function nextSystem(
  system: string | (() => string) | undefined,
  last: SystemMessage | undefined,
): SystemMessage | undefined {
  if (system === undefined) return last;
  const text: unknown = typeof system === "function" ? system() : system;
  if (typeof text !== "string")
    throw new InvalidOptionsError(`conversation: system() must return a string, got a value of type ${typeof text}.`);
  if (text === (last?.content ?? "")) return last;
  return text === "" ? undefined : Object.freeze({ role: "system", content: text });
}

/** Notices when the requests of a conversation no longer begin alike, so that no cache knows them. */
export class PrefixWatch {
  readonly #warn: (message: string) => void;
  #inARow = 0;
  #hasWarned = false;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** Of each turn: what changed of what stood before. */
  note(changed: "system" | "cut" | undefined): void {
    this.#inARow = changed ? this.#inARow + 1 : 0;
    if (!changed || this.#inARow < TOO_OFTEN || this.#hasWarned) return;
    this.#hasWarned = true;
    this.#warn(
      `The beginning of this conversation changed in ${TOO_OFTEN} turns running, so that the server's cache knows none of it, and all of it is paid for in full each time. ${ADVICE[changed]}`,
    );
  }
}

const TOO_OFTEN = 3;
const ADVICE = {
  system:
    "The system message is another one each time: put what changes in it, such as a date, into the user's message.",
  cut: "It is cut in every turn: make context.cutTo smaller than triggerAt by more, pin less, make the system message or the inputs shorter, or context.windowTokens larger.",
} as const;
