import fc from "fast-check";
import { expect, test } from "vitest";
import { createResilientClient, deepseek, type Report } from "../../src/index.ts";
import { createSimulator, createVirtualClock, seededRandom } from "../../src/testing/index.ts";
import { clientOver } from "../support/any-scenario.ts";
import { arbitraryScenario } from "../support/arbitrary-trouble.ts";
import { addUp, expectUsage, fetchWithUsage } from "../support/money-world.ts";

const timing = { headersMs: 40, headMs: 300, tokenMs: 25 };
const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 150);
const scenario = arbitraryScenario({ maxHosts: 3, abortWithinMs: 100_000 });
const PARAMS = { model: "deepseek-flash", messages: [{ role: "user", content: "Hello, who waits?" }] } as const;

test("whatever goes wrong, a report is the sum of its attempts, and usage() the sum of all reports", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(scenario, { minLength: 1, maxLength: 4 }),
      fc.option(fc.double({ min: 1e-6, max: 1e-3, noNaN: true }), { nil: undefined }),
      async (scenarios, maxCostUsd) => {
        const clock = createVirtualClock();
        const [first] = scenarios;
        const hosts = first?.hosts ?? [];
        const simulators = hosts.map((options, index) =>
          createSimulator({ clock, seed: index + 1, timing, ...options }),
        );
        const dialects = hosts.map(({ dialect = "deepseek" }) => dialect);
        const client = clientOver(simulators, dialects, {
          clock,
          random: seededRandom(1),
          timeouts: { totalMs: 500_000 },
        });
        const reports: (() => Report)[] = [];
        for (const { wire, isStream, abortAtMs } of scenarios) {
          const controller = new AbortController();
          const disarm = clock.after(abortAtMs ?? Number.POSITIVE_INFINITY, () => controller.abort("enough"));
          const stream = client.chat.completions.stream(PARAMS, { wire, maxCostUsd, signal: controller.signal });
          reports.push(() => stream.report);
          const read = async () => {
            if (isStream) for await (const _ of stream);
            else await stream.finalChatCompletion();
          };
          await clock.run(read().catch(() => {}));
          disarm();
        }
        await clock.advance(10_000);
        const done = reports.map((report) => report());
        for (const report of done) {
          const { costUsd } = addUp(report.attempts) as { costUsd?: Report["costUsd"] };
          expect(report.costUsd).toEqual(costUsd);
        }
        expectUsage(client.usage(), done);
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: RUNS },
  );
});

test("whatever a server counts, costs are numbers from 0, and sums of them", async () => {
  const count = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.constantFrom(null, undefined, "5", Number.NaN, -1, 1e308, Number.POSITIVE_INFINITY, {}, []),
  );
  const usage = fc.record({
    prompt_tokens: fc.oneof(count, fc.constant(10)),
    completion_tokens: fc.oneof(count, fc.constant(10)),
    total_tokens: count,
    prompt_cache_hit_tokens: count,
    prompt_tokens_details: fc.oneof(fc.record({ cached_tokens: count }), count),
    completion_tokens_details: fc.oneof(fc.record({ reasoning_tokens: count }), count),
    cost: count,
    is_byok: fc.boolean(),
    cost_details: fc.oneof(fc.record({ upstream_inference_cost: count }), count),
  });
  const price = fc.option(
    fc.record({
      promptUsd: fc.double({ min: 0, max: 1e6, noNaN: true }),
      completionUsd: fc.double({ min: 0, max: 1e6, noNaN: true }),
    }),
    { nil: undefined },
  );
  await fc.assert(
    fc.asyncProperty(usage, price, async (told, given) => {
      const clock = createVirtualClock();
      const providers = [deepseek({ apiKey: "k", price: given })];
      const fetch = fetchWithUsage(told as object);
      const client = createResilientClient({ providers, fetch, clock, wire: "json", maxCostUsd: 1e9 });
      const { report } = await clock.run(client.chat.completions.create(PARAMS).withReport());
      for (const amount of [report.costUsd?.useful, report.costUsd?.wasted, report.attempts[0]?.costUsd]) {
        expect(amount).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(amount)).toBe(true);
      }
      expectUsage(client.usage(), [report]);
    }),
    { numRuns: RUNS * 2 },
  );
});
