import { expect, test } from "vitest";
import type { Fault } from "../../src/testing/index.ts";
import { judgeCall, type Reading, type Tally, trialWorld } from "../support/resume-trial.ts";

const CALLS = Number(process.env["RESUME_CALLS"] ?? 400);
const READINGS: readonly Reading[] = ["create", "text", "chunks", "parts"];

const TIME_LIMIT = 120_000;

/** One in five requests suffers so. */
const RATE = 0.2;
const FAULTS: Readonly<Record<string, Fault>> = {
  "cut at any byte": { kind: "cut", rate: RATE },
  "stalled without a byte": { kind: "stall", rate: RATE },
  "stalled with keep-alives": { kind: "stall", keepAlives: true, rate: RATE },
  "ended in order, too early": { kind: "end", rate: RATE },
  "ended early, with a [DONE]": { kind: "end", done: true, rate: RATE },
  insufficient_system_resource: { kind: "finish", rate: RATE },
  "an error in the stream": { kind: "in_stream_error", rate: RATE },
};

async function runCalls(faults: readonly (readonly Fault[])[], calls: number) {
  const tally: Tally = { right: 0, failed: new Map(), neededTokens: 0 };
  let sentTokens = 0;
  // A world for some calls: the simulator remembers every answer it gave.
  for (let done = 0; done < calls; done += 20) {
    const world = trialWorld(faults, 1 + done);
    for (let index = done; index < Math.min(calls, done + 20); index += 1)
      await judgeCall(world, READINGS[index % READINGS.length] as Reading, tally);
    expect(world.clock.pending).toBe(0);
    for (const { stats } of world.simulators) sentTokens += stats.tokensMade;
  }
  return { ...tally, wastedShare: (sentTokens - tally.neededTokens) / tally.neededTokens };
}

test.each(Object.entries(FAULTS))(
  "%s, one request in five: every call is right or says truly why not",
  async (_, fault) => {
    const { right, wastedShare } = await runCalls([[fault]], CALLS);
    expect(right / CALLS).toBeGreaterThanOrEqual(0.999);
    // What is generated again, beside what was on its way when the connection broke.
    expect(wastedShare).toBeLessThanOrEqual(0.05);
  },
  TIME_LIMIT,
);

test(
  "all of them mixed, with a second provider that can only start again",
  async () => {
    const mixed = Object.values(FAULTS).map((fault) => ({ ...fault, rate: RATE / Object.keys(FAULTS).length }));
    const { right } = await runCalls([mixed, mixed], CALLS);
    expect(right / CALLS).toBeGreaterThanOrEqual(0.995);
  },
  TIME_LIMIT,
);
