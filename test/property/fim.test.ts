import fc from "fast-check";
import { expect, test } from "vitest";
import { createResilientClient, ResilientClientError } from "../../src/index.ts";
import { createSimulator, createVirtualClock, type ScriptStep, seededRandom } from "../../src/testing/index.ts";

const numRuns = Math.min(Number(process.env["PROPERTY_RUNS"] ?? 300), 5_000);
const place = fc.record({ afterTokens: fc.integer({ min: 1, max: 60 }) });
const arbitraryStep: fc.Arbitrary<ScriptStep> = fc.oneof(
  fc.constantFrom<ScriptStep>("ok", "busy", "outage", "web_page", "plain_text", "rate_limited"),
  fc
    .tuple(fc.constantFrom("cut", "end", "stall", "finish", "in_stream_error"), place)
    .map(([kind, where]) => ({ kind, ...where }) as ScriptStep),
  fc.integer({ min: 1, max: 4_000 }).map((afterBytes): ScriptStep => ({ kind: "cut", afterBytes })),
  fc.constant<ScriptStep>({ kind: "malformed", what: "bytes" }),
);
const arbitraryGap = fc.record({
  prompt: fc.string({ unit: "grapheme", maxLength: 40 }),
  suffix: fc.option(fc.string({ unit: "grapheme", maxLength: 20 }), { nil: undefined }),
});

test("whatever breaks, a gap gets one whole text with its own suffix, or an error with a true beginning", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbitraryStep, { maxLength: 6 }),
      arbitraryGap,
      fc.constantFrom("stream", "json"),
      fc.boolean(),
      fc.nat(),
      async (script, gap, wire, isRead, seed) => {
        const clock = createVirtualClock();
        const timing = { headersMs: 40, headMs: 300, tokenMs: 25 };
        const simulator = createSimulator({ clock, script, seed: seed % 1_000, answerTokens: 50, timing });
        const client = createResilientClient({
          apiKey: "sk-any",
          clock,
          fetch: simulator.fetch,
          random: seededRandom(seed),
          wire: wire as "stream" | "json",
        });
        const stream = client.completions.stream({ model: "deepseek-flash", ...gap });
        let text = "";
        const read = async () => {
          if (isRead) for await (const piece of stream.textStream()) text += piece;
          const { choices } = await stream.finalCompletion();
          if (isRead) expect(choices[0]?.text).toBe(text);
          text = choices[0]?.text ?? "";
        };
        const error = await clock.run(
          read().then(
            () => undefined,
            (thrown: unknown) => thrown,
          ),
        );
        for (const { body } of simulator.requests) {
          expect(body["suffix"]).toBe(gap.suffix);
          expect(String(body["prompt"]).startsWith(gap.prompt)).toBe(true);
        }
        if (error === undefined) expect(simulator.isWholeAnswer(text)).toBe(true);
        else {
          expect(ResilientClientError.isInstance(error)).toBe(true);
          const { content: partial } = stream.partial;
          if (isRead) expect(partial).toBe(text);
          const wholes = simulator.requests.map(({ answer }) => answer?.content ?? "");
          expect(partial === "" || wholes.some((whole) => whole.startsWith(partial))).toBe(true);
        }
        await clock.advance(5_000);
        expect([clock.pending, simulator.stats.inFlight]).toEqual([0, 0]);
      },
    ),
    { numRuns },
  );
});
