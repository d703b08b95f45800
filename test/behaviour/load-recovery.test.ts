import { expect, test } from "vitest";
import { createLoadWorld } from "../support/load-world.ts";

const troubles = ["outage", "busy", "black_hole", "rate_limited"] as const;
const cases = troubles.flatMap((kind) => [60_000, 240_000].map((untilMs) => ({ kind, untilMs })));

test.each(cases)(
  "30 s after $kind of $untilMs ms ended more than 95 % of the calls are at the primary again",
  async (trouble) => {
    const { ask, clock, hosts } = createLoadWorld([{ faults: [trouble], answerTokens: 3 }, {}]);
    const calls: ReturnType<typeof ask>[] = [];
    const startedAt = clock.now();
    while (clock.now() - startedAt < trouble.untilMs + 50_000) {
      calls.push(ask());
      await clock.advance(500);
    }
    const all = await clock.run(Promise.all(calls));
    expect(all.filter(({ error }) => error)).toEqual([]);
    expect(hosts[1]?.requests.length).toBeGreaterThan(80);
    const late = all.flatMap(({ report }) =>
      report && report.startedAt - startedAt >= trouble.untilMs + 30_000 ? report : [],
    );
    const home = late.filter(({ attempts }) => attempts.at(-1)?.provider === "a");
    expect(late.length).toBeGreaterThan(30);
    expect(home.length / late.length).toBeGreaterThan(0.95);
  },
);
