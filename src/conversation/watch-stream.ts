import type { ChatCompletion } from "../chat/chat-response.ts";
import type { ChatStream } from "../client/chat-stream.ts";
import type { PartialAnswer } from "../errors.ts";
import type { Report } from "../report.ts";

/** A look at a stream that neither reads it nor keeps it: one that its reader dropped is collected, and ends. */
export interface StreamWatch {
  /** The whole answer, or the reason why there is none. Never settles while nobody wants the stream. */
  readonly settled: Promise<ChatCompletion>;
  /** Whether somebody has begun to wait for it; one that is only made has not asked anybody anything. */
  isWanted(): boolean;
  /** What arrived so far. */
  partial(): PartialAnswer;
  report(): Report;
  /** Ends it; a later reader is told `reason`. */
  abort(reason: unknown): void;
}

/** Holds what the stream is made of, and not the stream. */
export function watchStream(stream: ChatStream): StreamWatch {
  const { session, given, final } = stream.inside();
  // Aborted while nobody was waiting, or dropped: the stream itself tells nobody before it is read on.
  session.closed.then(() => session.throwIfAborted()).catch(final.reject);
  return {
    settled: final.promise,
    isWanted: () => given.isWanted,
    partial: () => given.partial(),
    report: () => session.report(),
    abort: (reason) => session.abort(reason),
  };
}
