import { expect, test } from "vitest";
import type { Call } from "../../../src/call.ts";
import { deadline, requireTime } from "../../../src/policies/deadline.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeCall, makeReply } from "../../support/scripted.ts";

const never = Number.POSITIVE_INFINITY;

async function limitsOf(startMs: number, totalMs: number) {
  const clock = createVirtualClock();
  let seen: Call | undefined;
  await deadline({ startMs, totalMs })(makeCall({ clock }), async (call) => {
    seen = call;
    return makeReply([]);
  });
  return { startBy: (seen?.startBy ?? 0) - clock.now(), deadlineAt: (seen?.deadlineAt ?? 0) - clock.now() };
}

test("sets once when the first token and when everything is due, the first never after the second", async () => {
  expect(await limitsOf(2_000, 9_000)).toEqual({ startBy: 2_000, deadlineAt: 9_000 });
  expect(await limitsOf(9_000, 2_000)).toEqual({ startBy: 2_000, deadlineAt: 2_000 });
  expect(await limitsOf(never, never)).toEqual({ startBy: never, deadlineAt: never });
});

test("nobody is asked once the time is over, and the error names the limit that ran out", async () => {
  const clock = createVirtualClock();
  const now = clock.now();
  expect(() => requireTime(makeCall({ clock, startBy: now + 1 }))).not.toThrow();
  expect(() => requireTime(makeCall({ clock, startBy: now, deadlineAt: now + 5 }))).toThrow(
    expect.objectContaining({
      code: "timeout",
      phase: "start",
      message: "The time for the first token (timeouts.startMs) is over.",
    }),
  );
  expect(() => requireTime(makeCall({ clock, startBy: now, deadlineAt: now }))).toThrow(
    expect.objectContaining({ phase: "total", message: "The time for the whole call (timeouts.totalMs) is over." }),
  );
});
