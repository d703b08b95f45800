import type { Call, Continues, Reply, Send } from "../call.ts";
import { StreamInterruptedError } from "../error-family.ts";
import { ResilientClientError, restateError } from "../errors.ts";
import { endsTheCall, type Permissions } from "./ends-the-call.ts";
import { priorityNumber } from "./priority.ts";

/** Before `high`, whose calls may have waited longer, and behind whatever is meant to be higher. */
const GOES_ON = priorityNumber("high") + 0.001;

interface AskSettings extends Permissions {
  /** All ways together have the time of a first token. */
  readonly startMs: number;
}

/** Where there is no limit, the first of several ways has the time of one whole stay in DeepSeek's queue (600 s) and more. */
const PATIENCE_MS = 900_000;

/** Tries the ways an answer may go on, in turn. Each leaves the later ones their share of the time. */
export async function askToGoOn(
  ways: readonly Continues[],
  call: Call,
  next: Send,
  settings: AskSettings,
): Promise<Reply> {
  const { clock, deadlineAt, log, signal } = call;
  const endsAt = Math.min(clock.now() + settings.startMs, deadlineAt);
  let failure: unknown;
  for (const [index, continues] of ways.entries()) {
    // It may have been aborted while what broke off was given back.
    signal.throwIfAborted();
    const now = clock.now();
    const left = ways.length - index;
    const startBy = now + Math.min((endsAt - now) / left, left > 1 ? PATIENCE_MS : Number.POSITIVE_INFINITY);
    // The rounds go on where they were: who was kept for later comes, and waits grow.
    const round = (log.attempts.at(-1)?.round ?? 0) + 1;
    try {
      // Before those who have not begun: its consumer waits in the middle of a sentence.
      const priority = Math.max(call.priority, GOES_ON);
      return await next({ ...call, startBy, round, kind: "resume", priority, continues });
    } catch (error) {
      failure = error;
      if (signal.aborted || !ResilientClientError.isInstance(error)) break;
      // Whoever refuses to go on with it says nothing about a new start.
      if (!isRefusal(error, call) && endsTheCall(error, call, deadlineAt, settings)) break;
    }
  }
  throw signal.aborted ? failure : withPlace(failure, ways, call);
}

function isRefusal(error: ResilientClientError, { log }: Call): boolean {
  return [...log.refusals.values()].includes(error);
}

function withPlace(failure: unknown, [first]: readonly Continues[], call: Call): unknown {
  if (!ResilientClientError.isInstance(failure)) return failure;
  const error = withoutText(failure);
  if (!first || first.content === "") return error;
  const where = `The answer had broken off after ${first.content.length} characters, and nobody went on with it.`;
  const message = `${error.message} ${where}`;
  const { provider, model } = error;
  // The caller's own request is no bad one for that.
  if (isRefusal(failure, call)) return new StreamInterruptedError(message, { provider, model, cause: error });
  return restateError(error, message, {});
}

/** Of another run than the one that was shown, or behind a gap, no text may stand in what had arrived. */
export function withoutText<E extends ResilientClientError>(error: E): E {
  if (!error.partial) return error;
  const { refusal } = error.partial;
  const partial = { content: "", reasoning_content: "", ...(refusal && { refusal }) };
  return restateError(error, error.message, { partial });
}
