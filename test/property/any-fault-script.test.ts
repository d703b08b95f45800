import fc from "fast-check";
import { expect, test } from "vitest";
import { createResilientClient } from "../../src/index.ts";
import { createSimulator, createVirtualClock, type ScriptStep, seededRandom } from "../../src/testing/index.ts";
import { callAndJudge, clientOver } from "../support/any-scenario.ts";
import { arbitraryScenario } from "../support/arbitrary-trouble.ts";

/** Answers take time, as they do in life. */
const timing = { headersMs: 40, headMs: 300, tokenMs: 25 };

const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 400);

const scenario = arbitraryScenario({ maxHosts: 3, abortWithinMs: 100_000 });

/** Troubles that pass by themselves within the time a call has. */
const passing: fc.Arbitrary<ScriptStep> = fc.oneof(
  fc.constantFrom<ScriptStep>("ok", "busy", "rate_limited", "outage"),
  fc.record({ kind: fc.constant("queue" as const), forMs: fc.integer({ min: 1, max: 30_000 }) }),
);

test("whatever passes within the time a call has ends with a whole answer, on both wires", async () => {
  const wires = fc.constantFrom("stream" as const, "json" as const);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1e6 }),
      fc.array(passing, { maxLength: 5 }),
      wires,
      fc.boolean(),
      async (seed, script, wire, isStream) => {
        const clock = createVirtualClock();
        const simulator = createSimulator({ clock, seed, script, timing });
        const client = createResilientClient({
          apiKey: "sk-x",
          clock,
          fetch: simulator.fetch,
          random: seededRandom(seed),
          wire,
        });
        const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
        const call = isStream
          ? client.chat.completions.stream(params).finalChatCompletion()
          : client.chat.completions.create(params);
        const { choices, usage } = await clock.run(call);
        const asked = simulator.requests.at(-1)?.answer;
        expect(choices[0]?.message).toMatchObject({ content: asked?.content, reasoning_content: asked?.reasoning });
        expect(usage?.completion_tokens).toBe(simulator.requests.at(-1)?.tokens);
      },
    ),
    { numRuns: RUNS },
  );
});

test("any script of faults over any providers gives a whole answer, or a typed error with a true prefix, in bounded time", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ seed, hosts, wire, isStream, isNative, abortAtMs }) => {
      const clock = createVirtualClock();
      const simulators = hosts.map((options, index) =>
        createSimulator({ clock, seed: seed + index, timing, ...options }),
      );
      const dialects = hosts.map(({ dialect = "deepseek" }) => dialect);
      const random = seededRandom(seed);
      const timeouts = { totalMs: 1_000_000 };
      const client = clientOver(simulators, dialects, { isNative, clock, random, wire, timeouts });
      const controller = new AbortController();
      const startedAt = clock.now();
      const disarm = clock.after(abortAtMs ?? Number.POSITIVE_INFINITY, () => controller.abort("enough"));
      await clock.run(callAndJudge({ client, simulators, isStream, options: { signal: controller.signal } }));
      expect(clock.now() - startedAt).toBeLessThanOrEqual(1_000_000 + 5_000);
      disarm();
      await clock.advance(5_000);
      expect(clock.pending).toBe(0);
      for (const simulator of simulators) expect(simulator.stats.inFlight).toBe(0);
      for (const provider of client.health().providers) expect(provider.inFlight).toBe(0);
    }),
    { numRuns: RUNS },
  );
});
