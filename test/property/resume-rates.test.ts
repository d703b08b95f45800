import { expect, test } from "vitest";
import type { Fault } from "../../src/testing/index.ts";
import { judgeCall, type Reading, type Tally, trialWorld } from "../support/resume-trial.ts";

const CALLS = Number(process.env["RESUME_CALLS"] ?? 2_000);
const READINGS: readonly Reading[] = ["create", "text", "chunks", "parts"];

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

async function runCalls(faults: readonly (readonly Fault[])[], calls: number): Promise<Tally> {
  const tally: Tally = { right: 0, failed: new Map(), reports: [] };
  // A world for some calls: the simulator remembers every answer it gave.
  for (let done = 0; done < calls; done += 20) {
    const world = trialWorld(faults, 1 + done);
    for (let index = done; index < Math.min(calls, done + 20); index += 1)
      await judgeCall(world, READINGS[index % READINGS.length] as Reading, tally);
    expect(world.clock.pending).toBe(0);
  }
  return tally;
}

test.each(Object.entries(FAULTS))(
  "%s, one request in five: every call is right or says truly why not",
  async (name, fault) => {
    const startedAt = performance.now();
    const tally = await runCalls([[fault]], CALLS);
    expect(tally.right / CALLS).toBeGreaterThanOrEqual(0.999);
  },
);

test("all of them mixed, with a second provider that can only start again", async () => {
  const mixed = Object.values(FAULTS).map((fault) => ({ ...fault, rate: RATE / Object.keys(FAULTS).length }));
  const tally = await runCalls([mixed, mixed], CALLS);
  expect(tally.right / CALLS).toBeGreaterThanOrEqual(0.995);
});
