import { expect, test } from "vitest";
import { createLoadWorld } from "../support/load-world.ts";

const busy = [{ kind: "busy", rate: 0.3 }] as const;

/** One user who asks `calls` times, one after the other. */
async function askAlone(seed: number, calls: number) {
  const { call, eventsOf } = createLoadWorld([{ faults: busy, answerTokens: 3 }], {}, { seed: seed * 7919 });
  for (let count = 0; count < calls; count += 1) expect((await call()).error).toBeUndefined();
  return {
    waitsForBudget: eventsOf("wait").filter(({ why }) => why === "budget").length,
    hasOpened: eventsOf("breaker").length > 0,
  };
}

test.each([
  { runs: 1_000, calls: 1 },
  { runs: 110, calls: 6 },
])(
  "a lone client with 30 % busy never waits for the budget, and its breaker opens in under 1 % of $runs runs of $calls",
  async ({ runs, calls }) => {
    let [opened, waited] = [0, 0];
    for (let seed = 1; seed <= runs; seed += 1) {
      const { waitsForBudget, hasOpened } = await askAlone(seed, calls);
      waited += waitsForBudget;
      if (hasOpened) opened += 1;
    }
    expect(waited).toBe(0);
    expect(opened / runs).toBeLessThan(0.01);
  },
  60_000,
);
