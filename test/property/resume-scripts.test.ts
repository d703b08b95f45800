import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryReading, readAndJudge } from "../support/read-scripted.ts";
import { arbitraryScript, completionsOver } from "../support/scripted-answers.ts";
import { arbitraryWorld, clientOver } from "../support/scripted-client.ts";

const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 5_000);

/** What came how often: shown where somebody asks for it. */
const tally: Record<string, number> = {};
const count = (outcome: string) => {
  tally[outcome] = (tally[outcome] ?? 0) + 1;
};

test("any script of broken answers, however it is read, ends with one whole answer or with the true beginning of one", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryScript, arbitraryReading, async (script, reading) => {
      const world = completionsOver(script);
      count(await readAndJudge(script, reading, world));
      await Promise.all(world.closed);
      for (const source of world.sources) expect(source.cancels + source.finishes).toBeGreaterThan(0);
      const { attempts, seams } = world.log.report();
      for (const attempt of attempts) expect(attempt.outcome).not.toBe("pending");
      const places = seams.map(({ atChar }) => atChar);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }),
    { numRuns: RUNS },
  );
});

test("so does it with a whole client, in time, with hostile chunks, aborted at any moment; and nothing is left open", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryScript, arbitraryReading, arbitraryWorld, async (script, reading, options) => {
      const world = clientOver(script, options);
      const controller = new AbortController();
      const startedAt = world.clock.now();
      const disarm = world.clock.after(options.abortAtMs ?? Number.POSITIVE_INFINITY, () => controller.abort("enough"));
      const outcome = await readAndJudge(script, reading, world, controller);
      count(outcome);
      // Nothing is wrong with the caller's own request.
      expect(outcome).not.toContain("invalid_request");
      disarm();
      expect(world.clock.now() - startedAt).toBeLessThanOrEqual(options.totalMs + 5_000);
      // The providers do not hear that they are left, before they have said their next word.
      await world.clock.advance(500_000);
      expect(world.open()).toBe(0);
      expect(world.clock.pending).toBe(0);
      for (const { inFlight } of world.client.health().providers) expect(inFlight).toBe(0);
      await world.client.close();
    }),
    { numRuns: RUNS },
  );
  if (process.env["SHOW_TALLY"]) console.log(tally);
});
