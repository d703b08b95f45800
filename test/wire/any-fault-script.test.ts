import fc from "fast-check";
import { expect, test } from "vitest";
import { createResilientClient } from "../../src/index.ts";
import { createSimulator } from "../../src/testing/index.ts";
import { callAndJudge, providerFor } from "../support/any-scenario.ts";
import { arbitraryScenario } from "../support/arbitrary-trouble.ts";

const RUNS = Number(process.env["WIRE_RUNS"] ?? 150);
/** So many at once: most of the time is spent waiting for limits to run out. */
const AT_ONCE = 10;

const scenario = arbitraryScenario({ maxHosts: 2, abortWithinMs: 200 });

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Real sockets and a real clock: everything that waits is made short. */
const timeouts = {
  headersMs: 400,
  queueMs: 600,
  wireMs: 300,
  contentMs: 400,
  finishMs: 50,
  startMs: 10_000,
  totalMs: 20_000,
};

async function play({ seed, hosts, wire, isStream, isNative, abortAtMs }: Scenario): Promise<string> {
  await using simulators = new AsyncDisposableStack();
  const made = hosts.map((options, index) =>
    simulators.use(createSimulator({ seed: seed + index, timing: { keepAliveMs: 20 }, ...options })),
  );
  const servers = await Promise.all(made.map((simulator) => simulator.listen()));
  await using client = createResilientClient({
    wire,
    timeouts,
    retry: { maxRounds: 4, backoff: () => 5 },
    providers: servers.map(({ url }, index) =>
      providerFor(hosts[index]?.dialect ?? "deepseek", `p${index}`, url, isNative),
    ),
  });
  const controller = new AbortController();
  const timer = abortAtMs === null ? undefined : setTimeout(() => controller.abort("enough"), abortAtMs);
  const startedAt = performance.now();
  const options = { signal: controller.signal };
  const outcome = await callAndJudge({ client, simulators: made, isStream, options }).finally(() =>
    clearTimeout(timer),
  );
  expect(performance.now() - startedAt).toBeLessThan(timeouts.totalMs + 20_000);
  // The rest of a complete answer may still be read.
  await client.close();
  for (const { inFlight } of client.health().providers) expect(inFlight).toBe(0);
  return outcome;
}

test("over real HTTP, too, any script of faults gives a whole answer, or a typed error with a true prefix, in bounded time", {
  timeout: 1_200_000,
}, async () => {
  const cases = fc.sample(scenario, { numRuns: RUNS, seed: Number(process.env["WIRE_SEED"] ?? 20_261_124) });
  const outcomes = new Map<string, number>();
  for (let from = 0; from < cases.length; from += AT_ONCE) {
    const some = cases.slice(from, from + AT_ONCE);
    const played = await Promise.all(
      some.map((one) =>
        play(one).catch((error: unknown) => {
          throw new Error(`${JSON.stringify(one)}: ${String(error)}`, { cause: error });
        }),
      ),
    );
    for (const outcome of played) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // Of so many, some are answered, and some fail in different ways: otherwise nothing was tried.
  expect(outcomes.get("answered") ?? 0).toBeGreaterThan(cases.length / 5);
  expect(outcomes.size, JSON.stringify([...outcomes])).toBeGreaterThan(5);
});
