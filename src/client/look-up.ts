import type { CallOptions } from "../client-options.ts";
import type { CallPromise } from "./call-promise.ts";
import { collect, track } from "./collect-answer.ts";
import type { Session } from "./session.ts";

/** Options of `models.list()` and `balance()`: those of a call that mean something without an answer. */
export type LookUpOptions = Pick<
  CallOptions,
  "signal" | "providers" | "profile" | "timeouts" | "retry" | "priority" | "headers" | "onEvent"
>;

/** What was looked up. It comes as a field of an answer without text, and was checked when it was read. */
export function lookUp<T>(start: () => Session): CallPromise<T> {
  return track(async (note) => {
    const { choices } = await collect(note(start()));
    const message: object | undefined = choices[0]?.message;
    // Checked by `endpoints/look-ups.ts`.
    return (message as { readonly found: T }).found;
  });
}
