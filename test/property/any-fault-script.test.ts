import fc from "fast-check";
import { expect, test } from "vitest";
import { createResilientClient, openaiCompatible, ResilientClientError } from "../../src/index.ts";
import {
  createSimulator,
  createVirtualClock,
  type ScriptStep,
  type Simulator,
  seededRandom,
} from "../../src/testing/index.ts";

const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 400);

const trouble: fc.Arbitrary<ScriptStep> = fc.oneof(
  { weight: 3, arbitrary: fc.constant("ok" as const) },
  fc.constantFrom<ScriptStep>("busy", "rate_limited", "cut", "stall", "black_hole", "outage"),
  fc.record({ kind: fc.constant("queue" as const), forMs: fc.constantFrom(1, 5_000, 50_000, 700_000) }),
  fc.record({ kind: fc.constant("cut" as const), afterBytes: fc.integer({ min: 0, max: 9_000 }) }),
  fc.record({
    kind: fc.constant("stall" as const),
    afterTokens: fc.integer({ min: 0, max: 30 }),
    keepAlives: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom("busy" as const, "rate_limited" as const),
    retryAfterMs: fc.integer({ min: 0, max: 200_000 }),
    form: fc.constantFrom("ms" as const, "seconds" as const, "date" as const),
  }),
);

const scenario = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  scripts: fc.array(fc.array(trouble, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
  wire: fc.constantFrom("stream" as const, "json" as const),
  isStream: fc.boolean(),
  abortAtMs: fc.option(fc.integer({ min: 0, max: 100_000 }), { freq: 5 }),
});

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
        const simulator = createSimulator({ clock, seed, script, timing: { headersMs: 40, headMs: 300, tokenMs: 25 } });
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
    fc.asyncProperty(scenario, async ({ seed, scripts, wire, isStream, abortAtMs }) => {
      const clock = createVirtualClock();
      const simulators = scripts.map((script, index) =>
        createSimulator({ clock, seed: seed + index, script, timing: { headersMs: 40, headMs: 300, tokenMs: 25 } }),
      );
      const client = createResilientClient({
        clock,
        random: seededRandom(seed),
        fetch: (input, init) => hostOf(simulators, String(input)).fetch(input, init),
        // The list has at least one entry: one for each script.
        providers: simulators.map((_, index) =>
          openaiCompatible({
            name: `p${index}`,
            baseURL: `https://p${index}.test`,
            apiKey: "sk-secret-key",
            keepAlives: true,
          }),
        ) as never,
        wire,
        timeouts: { totalMs: 1_000_000 },
      });
      const controller = new AbortController();
      const startedAt = clock.now();
      const disarm = clock.after(abortAtMs ?? Number.POSITIVE_INFINITY, () => controller.abort("enough"));
      const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
      let seen = "";
      const call = async () => {
        const options = { signal: controller.signal };
        if (!isStream) return client.chat.completions.create(params, options);
        const stream = client.chat.completions.stream(params, options);
        for await (const text of stream.textStream()) seen += text;
        return stream.finalChatCompletion();
      };
      try {
        const { choices } = await clock.run(call());
        const text = choices[0]?.message.content ?? "";
        expect(simulators.some((simulator) => simulator.isWholeAnswer(text))).toBe(true);
        if (isStream) expect(seen).toBe(text);
      } catch (error) {
        if (error === "enough") expect(controller.signal.aborted).toBe(true);
        else {
          if (!ResilientClientError.isInstance(error)) throw error;
          const partial = error.partial?.content ?? "";
          expect(isPrefix(simulators, partial), JSON.stringify(partial)).toBe(true);
          expect(isPrefix(simulators, seen)).toBe(true);
          if (isStream) expect(partial.startsWith(seen)).toBe(true);
        }
      }
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

function hostOf(simulators: readonly Simulator[], url: string): Simulator {
  return simulators[Number(new URL(url).hostname.slice(1, 2))] as Simulator;
}

function isPrefix(simulators: readonly Simulator[], text: string): boolean {
  const answers = simulators.flatMap((simulator) => simulator.requests.map(({ answer }) => answer?.content ?? ""));
  return text === "" || answers.some((answer) => answer.startsWith(text));
}
