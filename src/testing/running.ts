import type { Clock } from "../async/clock.ts";
import type { Played, Stage } from "./exchange.ts";
import type { Fault } from "./faults.ts";

/** The requests that are being answered: an outage breaks them when it begins. */
export interface Running {
  /** Which outages are to come. */
  foresee(faults: readonly Fault[]): void;
  /** An answer begins: it may be played until its client has left, or an outage breaks it. */
  begin(
    stage: Stage,
    left: AbortSignal,
  ): {
    readonly until: AbortSignal;
    /** It is over; gives how it really ended. */
    end(played: Played): Played;
  };
}

interface Exchanging {
  readonly breakOff: () => void;
  /** Ends the timers of the outages it would live to see. */
  forget: () => void;
}

/** `random`: which streams an outage spares; a source of its own, so that it changes nothing else. */
export function createRunning(clock: Clock, random: () => number): Running {
  const startedAt = clock.now();
  const exchanges = new Set<Exchanging>();
  let faults: readonly Fault[] = [];

  // A timer for each stream, gone with it: a simulator with nothing to do keeps no process alive.
  const foreseeFor = (exchanging: Exchanging) => {
    exchanging.forget();
    const cancels = faults.flatMap(({ kind, fromMs, rate = 1 }) => {
      const inMs = (fromMs ?? -1) - (clock.now() - startedAt);
      if (kind !== "outage" || fromMs === undefined || inMs < 0) return [];
      return [clock.after(inMs, () => (rate >= 1 || random() < rate) && exchanging.breakOff())];
    });
    exchanging.forget = () => {
      for (const cancel of cancels) cancel();
    };
  };

  return {
    foresee(next) {
      faults = next;
      for (const exchanging of exchanges) foreseeFor(exchanging);
    },
    begin(stage, left) {
      const until = new AbortController();
      const onLeft = () => until.abort(left.reason);
      if (left.aborted) onLeft();
      left.addEventListener("abort", onLeft, { once: true });
      let isBroken = false;
      const exchanging: Exchanging = {
        breakOff() {
          isBroken = true;
          stage.cut();
          until.abort();
        },
        forget: () => {},
      };
      exchanges.add(exchanging);
      foreseeFor(exchanging);
      return {
        until: until.signal,
        end(played) {
          exchanging.forget();
          exchanges.delete(exchanging);
          left.removeEventListener("abort", onLeft);
          return isBroken ? "cut" : played;
        },
      };
    },
  };
}
