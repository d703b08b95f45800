import { getEventListeners } from "node:events";

/** Reasons a caller may abort with, by the name they have in a test's title. */
export const ABORT_REASONS: readonly (readonly [name: string, reason: unknown])[] = [
  ["a string", "enough"],
  ["an object", { why: "the user left" }],
  ["null", null],
  ["zero", 0],
  ["an Error", new Error("mine")],
  ["nothing", undefined],
];

/** How many listeners wait for the signal's abort at this moment. */
export function listenersOn(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

/** What a promise rejects with, whatever its type. */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`Expected a rejection, but it resolved with ${String(value)}.`);
    },
    (reason: unknown) => reason,
  );
}

/** What a function throws, whatever its type. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("Expected it to throw.");
}

/** Whether a promise is still pending after everything that can happen without time passing has happened. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const settled = { yet: false };
  const settle = () => {
    settled.yet = true;
  };
  promise.then(settle, settle);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  return !settled.yet;
}
