import { systemClock } from "../async/clock.ts";
import { createWaitingLine } from "../async/waiting-line.ts";
import { InvalidRequestError } from "../error-family.ts";

/** The right to change a conversation. */
export interface Turn {
  /** Asked when somebody else wants it: whether it is given up. A stream that nobody has opened is, and ends with that. */
  yields: () => boolean;
}

/** One has the turn at a time; the others get it in the order they came. */
export interface TurnLine {
  /** The turn, now. @throws InvalidRequestError while somebody has it or waits for it. */
  take(who: string): Turn;
  /** The turn, when all before are over. Rejects with the signal's reason. */
  wait(who: string, signal: AbortSignal | undefined): Promise<Turn>;
  /** Gives it back. Of a turn that was given up, nothing. */
  end(turn: Turn): void;
  has(turn: Turn): boolean;
}

/** `whenBusy`: whether anybody may wait. */
export function createTurnLine(whenBusy: "queue" | "refuse"): TurnLine {
  const line = createWaitingLine<Turn>(systemClock);
  let holder: Turn | undefined;
  const hand = () => {
    holder = { yields: () => false };
    return holder;
  };
  const isFree = () => line.size === 0 && (!holder || holder.yields());
  const take = (who: string) => {
    if (isFree()) return hand();
    throw new InvalidRequestError(
      `${who}: a turn of this conversation is running. Wait for its end or abort it first, or ask a fork() of it.`,
    );
  };
  return {
    take,
    async wait(who, signal = new AbortController().signal) {
      if (whenBusy === "refuse" || isFree()) return take(who);
      // Nobody waits only so long, so somebody's turn is what comes.
      return (await line.join({ priority: 0, signal, maxWaitMs: Number.POSITIVE_INFINITY })) as Turn;
    },
    end(turn) {
      if (holder !== turn) return;
      holder = undefined;
      if (line.size > 0) line.next(hand());
    },
    has: (turn) => holder === turn,
  };
}
