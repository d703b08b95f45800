import type { AttemptReport } from "../../src/report.ts";

/** What a report tells of an attempt that succeeded at once. */
export const attemptReport = (fields: Partial<AttemptReport> = {}): AttemptReport => ({
  index: 0,
  round: 0,
  kind: "first",
  provider: "a",
  model: "m",
  startedAt: 0,
  slotWaitMs: 0,
  outcome: "succeeded",
  wasted: false,
  estimated: false,
  ...fields,
});
