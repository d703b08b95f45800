// What docs/overload.md says is held, for other seeds than those it shows.
import { expect, test } from "vitest";
import { naive, ours } from "../../bench/overload/clients.ts";
import { goodput, type Outage, recoveryMs } from "../../bench/overload/figures.ts";
import { runClosed, runOpen } from "../../bench/overload/loads.ts";
import type { Run } from "../../bench/overload/stage.ts";

const requestsPerCall = ({ requests, calls }: Run) => requests.length / calls.length;
const areRight = ({ calls }: Run) => calls.every(({ result }) => result === "right");

const how = { isReal: false, queue: 0, seed: 11 };

test("one process that asks twice too much: nearly all of the capacity, few requests, no call lost", async () => {
  const run = await runOpen(ours(), how);
  expect(goodput(run, 0, 5_000)).toBeGreaterThanOrEqual(0.95);
  expect(requestsPerCall(run)).toBeLessThanOrEqual(1.3);
  expect(areRight(run)).toBe(true);
}, 60_000);

test("200 processes and an outage: at most two requests a call and half of a naive client's, and back within 15 s", async () => {
  const outage: Outage = { fromMs: 10_000, untilMs: 30_000, endMs: 60_000 };
  const run = await runClosed(ours(), outage, how);
  expect(requestsPerCall(run)).toBeLessThanOrEqual(2);
  expect(requestsPerCall(run)).toBeLessThanOrEqual(requestsPerCall(await runClosed(naive, outage, how)) / 2);
  expect(recoveryMs(run, outage)).toBeLessThanOrEqual(15_000);
  expect(areRight(run)).toBe(true);
}, 60_000);
