import { toPicodollars } from "../money/price.ts";
import { SlidingCount } from "./sliding-count.ts";

/**
 * What may be spent, what was, and what those under way have come to so far. Amounts are whole picodollars. Local and synchronous:
 * between a look at `total` and `open`, nobody else spends.
 */
export interface CostAccount {
  /** What may be spent. */
  readonly max: number;
  /** What was spent, and is held for those under way. */
  total(now: number): number;
  /** Holds an amount for an attempt that begins. */
  open(amount: number): CostLine;
  /** When an amount will fit in, if nobody else spends meanwhile; `undefined`: not by waiting alone. */
  fitsAt(amount: number, now: number): number | undefined;
}

/** One attempt's place in an account. */
interface CostLine {
  /** It has come to that by now. */
  hold(amount: number): void;
  /** It has ended, and cost that; only the first call counts. */
  settle(amount: number, now: number): void;
}

/** What a call goes by that may not cost what it likes. */
export interface CallCosts {
  /** The call's own limit. */
  readonly call: CostAccount | undefined;
  /** That of all calls of the client. */
  readonly window: CostWindow | undefined;
  /** Who was too expensive for it, and until when. */
  readonly refused: Map<string, number>;
  /** Whose price is not known, which was told. */
  readonly unknown: Set<string>;
}

/** The limit of all calls of a client. */
export interface CostWindow {
  readonly account: CostAccount;
  /** How long answers are lately, in tokens. */
  answerTokens: number;
}

/** A sliding window is counted in so many parts: of a day, each is 24 minutes. */
const BUCKETS = 60;

/** `windowMs`: how long what was spent counts; `Infinity`: as long as the account lives. */
export function createCostAccount(maxUsd: number, windowMs: number): CostAccount {
  const max = toPicodollars(maxUsd);
  const recent = Number.isFinite(windowMs) ? new SlidingCount(windowMs, BUCKETS) : undefined;
  let spent = 0;
  let held = 0;
  // Up to a bucket more than the window has, so that no window ever holds too much.
  const total = (now: number, later = 0) => (recent ? recent.overlapping(now, later) : spent) + held;
  return {
    max,
    total: (now) => total(now),
    open(amount) {
      let own = amount;
      let isOpen = true;
      held += own;
      return {
        hold(newAmount) {
          if (!isOpen) return;
          held += newAmount - own;
          own = newAmount;
        },
        settle(amountSpent, now) {
          if (!isOpen) return;
          isOpen = false;
          held -= own;
          if (recent) recent.add(now, amountSpent);
          else spent += amountSpent;
        },
      };
    },
    fitsAt(amount, now) {
      for (let later = 1; recent && later <= BUCKETS + 1; later += 1)
        if (total(now, later) + amount <= max) return Math.ceil(recent.beginning(now, later));
      return undefined;
    },
  };
}
