import type { AttemptReport, CostReport } from "../report.ts";
import { toPicodollars, toUsd } from "./price.ts";

/** Adds up what attempts cost: in whole numbers of any size, so that a million of them come to exactly what they are. */
export class CostSum {
  #useful = 0n;
  #wasted = 0n;
  #isKnown = false;
  #isEstimated = false;

  /** Of an attempt that has ended. */
  add({ costUsd, wasted, estimated, headMs }: AttemptReport): void {
    if (costUsd === undefined) {
      // Nobody knows what it cost, but that it cost something.
      this.#isEstimated ||= headMs !== undefined;
      return;
    }
    const amount = BigInt(toPicodollars(costUsd));
    if (wasted) this.#wasted += amount;
    else this.#useful += amount;
    this.#isKnown = true;
    this.#isEstimated ||= estimated;
  }

  /** Absent while nothing has a known cost. */
  get report(): CostReport | undefined {
    if (!this.#isKnown) return undefined;
    return { useful: toUsd(this.#useful), wasted: toUsd(this.#wasted), estimated: this.#isEstimated };
  }
}
