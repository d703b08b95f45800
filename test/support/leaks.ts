import { afterEach, beforeEach, expect } from "vitest";

// Whatever a test opened must be closed when it ends: timers and sockets, however the calls in it went.
let before: Record<string, number> = {};
const rejections: unknown[] = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));

const cleanups: (() => Promise<void> | void)[] = [];

/** Has something closed when the test ends, before the look at what it left open. */
export function cleanUp(close: () => Promise<void> | void): void {
  cleanups.push(close);
}

beforeEach(() => {
  before = countOpen();
});

afterEach(async () => {
  for (const close of cleanups.splice(0)) await close();
  const until = performance.now() + 1_500;
  let left = leftOpen();
  // A closed socket takes a moment to be gone; idle keep-alive sockets of Node's fetch are not ours to close.
  while (left.length > 0 && performance.now() < until) {
    await new Promise((resolve) => setImmediate(resolve));
    left = leftOpen();
  }
  expect(left, "left open by this test").toEqual([]);
  expect(rejections.splice(0), "unhandled rejections").toEqual([]);
});

function leftOpen(): string[] {
  const after = countOpen();
  return Object.keys(after).filter((kind) => (after[kind] ?? 0) > (before[kind] ?? 0));
}

function countOpen(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind === "Immediate" || kind === "PipeWrap") continue;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
