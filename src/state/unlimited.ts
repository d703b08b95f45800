import { QueueFullError } from "../error-family.ts";
import type { Circuit, Trial } from "./circuit.ts";
import type { Slots } from "./slots.ts";

const TRIAL: Trial = { isProbe: false, head() {}, end() {} };

/** A circuit that never opens: `breaker: false`. */
export const ALWAYS_CLOSED: Circuit = {
  state: "closed",
  cause: undefined,
  lastCode: undefined,
  mayAsk: () => "yes",
  readyAt: () => 0,
  begin: () => TRIAL,
  reset() {},
  adopt() {},
  health: () => ({ state: "closed" }),
};

/** As many slots as anybody wants: `limits: false`. They are counted all the same. */
export function createUnlimitedSlots(): Slots {
  let inFlight = 0;
  const give = () => {
    inFlight += 1;
    let isOut = true;
    const release = () => {
      if (isOut) inFlight -= 1;
      isOut = false;
    };
    return { waitedMs: 0, release };
  };
  return {
    limit: Number.POSITIVE_INFINITY,
    get inFlight() {
      return inFlight;
    },
    waiting: 0,
    tryAcquire: give,
    acquire: async () => give(),
    expectedWaitMs: () => 0,
    full: (why) => new QueueFullError(why),
    adopt() {},
    health: () => ({ limit: Number.POSITIVE_INFINITY, inFlight, waiting: 0 }),
  };
}
