import type { Ending } from "../attempt-log.ts";
import type { CallLog } from "../call-log.ts";
import type { ErrorCode } from "../error-codes.ts";
import { judgeEnding, type Verdict } from "./attempt-verdict.ts";
import type { Trial } from "./circuit.ts";
import { NO_ROW, type Recorded } from "./failure-record.ts";

/** Learns how the requests went. */
export interface TrialJudge {
  headOf(trial: CircuitTrial): void;
  endOf(trial: CircuitTrial, verdict: Verdict, code: ErrorCode | undefined): void;
}

/** A request that was let through, as its circuit knows it. */
export class CircuitTrial implements Trial, Recorded {
  readonly isProbe: boolean;
  readonly log: CallLog | undefined;
  epoch: number;
  headAt: number | undefined;
  rowBefore = NO_ROW;
  readonly #judge: TrialJudge;
  #hasEnded = false;

  constructor(judge: TrialJudge, isProbe: boolean, epoch: number, log: CallLog | undefined) {
    this.#judge = judge;
    this.isProbe = isProbe;
    this.epoch = epoch;
    this.log = log;
  }

  head(): void {
    if (this.headAt === undefined && !this.#hasEnded) this.#judge.headOf(this);
  }

  readonly end = (ending: Ending): void => {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#judge.endOf(this, judgeEnding(ending), ending.error?.code);
  };
}
