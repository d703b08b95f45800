import type { Ending } from "../attempt-log.ts";
import { GuardError, TimeoutError, UnexpectedResponseError } from "../error-family.ts";
import { type ErrorDetails, type PartialAnswer, ResilientClientError, restateError } from "../errors.ts";
import { safeCause } from "./safe-cause.ts";

/** DeepSeek's longest answer has 393,216 tokens: a few megabytes of text. */
const MAX_CHARACTERS = 32 * 1024 * 1024;
/** Every token comes in some 300 bytes of JSON. */
const MAX_BYTES = 256 * 1024 * 1024;
/** One JSON body comes whole before its first token is known. */
const MAX_BYTES_BEFORE_HEAD = 64 * 1024 * 1024;
/** They are kept until the first token. Some hosts send them as keep-alives: at one a second, these are 18 hours. */
const MAX_CHUNKS_BEFORE_HEAD = 65_536;
const MAX_BYTES_AFTER_FINISH = 4 * 1024 * 1024;
/** Without text there may be so much, and with it so much more a character: the log probabilities of a token are 3 kB. */
const MAX_BYTES_WITHOUT_TEXT = 16 * 1024 * 1024;
const MAX_BYTES_A_CHARACTER = 4096;

/** What is kept in memory of an answer: chunks before its first token and after its finish, and the text of a plain call. */
interface Kept {
  readonly bytes: number;
  readonly bytesAtFinish: number | undefined;
  readonly hasHead: boolean;
  /** Chunks read and not taken. */
  readonly chunks: number;
  readonly characters: number;
}

/**
 * Whether to read on: no server needs as much after the finish of its answer.
 * @throws UnexpectedResponseError when it is more than any answer holds.
 */
export function mayReadOn(
  { bytes, bytesAtFinish, hasHead, chunks, characters }: Kept,
  who: string,
  details: ErrorDetails,
): boolean {
  if (bytesAtFinish !== undefined) return bytes - bytesAtFinish <= MAX_BYTES_AFTER_FINISH;
  const mostBytes = hasHead ? MAX_BYTES : MAX_BYTES_BEFORE_HEAD;
  const isAnswer = hasHead
    ? bytes <= MAX_BYTES_WITHOUT_TEXT + characters * MAX_BYTES_A_CHARACTER
    : chunks <= MAX_CHUNKS_BEFORE_HEAD;
  if (characters <= MAX_CHARACTERS && bytes <= mostBytes && isAnswer) return true;
  throw new UnexpectedResponseError(`${who} sent more than any answer holds.`, details);
}

/** What reading an answer threw, as an error of the family. Data too deep or too long makes the machine itself throw. */
export function asReadingError(thrown: unknown, who: string, details: ErrorDetails): ResilientClientError {
  if (ResilientClientError.isInstance(thrown)) return thrown;
  const cause = safeCause(thrown, { secrets: [] });
  return new UnexpectedResponseError(`${who} sent an answer that cannot be read.`, { ...details, cause });
}

/** An error that knows of the answer only what arrived and was not shown: the rest is known where it is consumed. */
export function withPartial(error: ResilientClientError, unshown: PartialAnswer): ResilientClientError {
  const isNone = unshown.content === "" && unshown.reasoning_content === "" && !unshown.refusal;
  return isNone && !error.partial ? error : restateError(error, error.message, { partial: unshown });
}

/** How an answer ends that is left for that: what a time limit or a guard ends is the provider's failure, and not its caller's wish. */
export function endingFor(reason: unknown): Ending {
  const isFailure = TimeoutError.isInstance(reason) || GuardError.isInstance(reason);
  return isFailure ? { outcome: "failed", error: reason } : { outcome: "cancelled" };
}

/** Why an answer is left: the call's own reason, or that nobody wants it any more. */
export function reasonToLeave(signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : new DOMException("The answer was left.", "AbortError");
}
