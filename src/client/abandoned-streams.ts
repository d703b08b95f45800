import type { Session } from "./session.ts";

/** An open stream that was dropped unread would hold its connection for ever: the garbage collector ends it. */
export const abandoned =
  typeof FinalizationRegistry === "function"
    ? new FinalizationRegistry<Session>((session) =>
        session.abort(new DOMException("The stream was dropped.", "AbortError")),
      )
    : undefined;
