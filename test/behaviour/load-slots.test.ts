import { expect, test } from "vitest";
import { seededRandom } from "../../src/testing/index.ts";
import { createLoadWorld, PARAMS } from "../support/load-world.ts";

/** `SLOT_CALLS=1000000` for a long run: half an hour or more. */
const CALLS = Number(process.env["SLOT_CALLS"] ?? 3_000);
/** In one world: simulators remember every request. */
const AT_ONCE = 3_000;
const seeds = Array.from({ length: Math.ceil(CALLS / AT_ONCE) }, (_, index) => index + 7);

const faults = [
  { kind: "busy", rate: 0.1 },
  { kind: "rate_limited", rate: 0.05, concurrencyLimit: 6 },
  { kind: "cut", rate: 0.1 },
  { kind: "stall", rate: 0.02 },
  { kind: "outage", rate: 0.05 },
  { kind: "black_hole", rate: 0.02 },
  { kind: "queue", forMs: 3_000, rate: 0.1 },
  { kind: "empty", rate: 0.02 },
] as const;

const hostOptions = { faults, answerTokens: 4, capacity: { slots: 5, queue: 5 } };

const title = "after any mix of calls that end, break, race, are left or aborted, every slot is back: seed %i";
test.each(seeds)(
  title,
  async (seed) => {
    const random = seededRandom(seed);
    const { client, clock } = createLoadWorld(
      [hostOptions, hostOptions],
      {
        hedge: { afterMs: 1_000 },
        timeouts: { startMs: 20_000, headersMs: 3_000, contentMs: 2_000, wireMs: 2_000 },
        limits: { initial: 8, maxQueue: 30 },
      },
      { seed },
    );
    const pending = new Set<Promise<unknown>>();
    const begin = async () => {
      const abort = new AbortController();
      const way = Math.floor(random() * 6);
      const options = { signal: abort.signal, priority: random() < 0.5 ? "high" : "low" } as const;
      if (random() < 0.3) clock.after(random() * 4_000, () => abort.abort("enough"));
      if (way === 0) return client.chat.completions.create(PARAMS, options);
      const stream = client.chat.completions.stream(PARAMS, options);
      // Never read, and never looked at again.
      if (way === 1) return undefined;
      if (way === 2) return stream.finalChatCompletion();
      if (way === 3) clock.after(random() * 2_000, () => stream.abort());
      let left = Math.floor(random() * 4);
      for await (const _ of stream) {
        left -= 1;
        if (way >= 4 && left < 0) break;
      }
      return undefined;
    };
    for (let count = 0; count < AT_ONCE; count += 1) {
      const call: Promise<unknown> = begin().then(
        () => pending.delete(call),
        () => pending.delete(call),
      );
      pending.add(call);
      if (random() < 0.3) await clock.advance(random() * 400);
    }
    await clock.run(Promise.all([...pending]));
    // What the losers of the races still had to say.
    await clock.advance(60_000);
    const { providers, retryBudget } = client.health();
    expect(providers.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
    for (const { models } of providers) expect(models).toMatchObject([{ inFlight: 0, waiting: 0 }]);
    expect(providers.every(({ succeeded, failed }) => succeeded > 100 && failed > 100)).toBe(true);
    expect(retryBudget?.waiting).toBe(0);
    expect(clock.pending).toBe(0);
  },
  600_000,
);
