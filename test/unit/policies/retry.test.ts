import { expect, test } from "vitest";
import type { Reply, Send } from "../../../src/call.ts";
import { AuthenticationError, BusyError } from "../../../src/error-family.ts";
import type { ClientEvent } from "../../../src/events.ts";
import { retry } from "../../../src/policies/retry.ts";
import { RoundFailed } from "../../../src/policies/round-failed.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeCall, makeReply, textChunk } from "../../support/scripted.ts";

const busy = new BusyError("busy");
const failed = (readyAt = 0) => new RoundFailed(busy, { again: true, readyAt, waitsFor: "retry-after" });
const fixed = (ms: number) => ({ maxRounds: Number.POSITIVE_INFINITY, backoff: () => ms });

/** A `next` that fails with these, one a round, and then answers. */
function script(...errors: readonly unknown[]) {
  const left = [...errors];
  const rounds: number[] = [];
  const reply = makeReply([textChunk("hi")]);
  const next = async ({ round }: { round: number }): Promise<Reply> => {
    rounds.push(round);
    if (left.length > 0) throw left.shift();
    return reply;
  };
  return { next, rounds, reply };
}

test("rounds that failed everywhere are tried again, with the backoff between them", async () => {
  const clock = createVirtualClock();
  const events: ClientEvent[] = [];
  const { next, rounds, reply } = script(failed(), failed(), failed());
  const call = makeCall({ clock, onEvent: (event) => events.push(event) });
  const startedAt = clock.now();
  expect(await clock.run(retry(fixed(1_000))(call, next))).toBe(reply);
  expect(rounds).toEqual([0, 1, 2, 3]);
  expect(clock.now() - startedAt).toBe(3_000);
  expect(events.map(({ type }) => type)).toEqual(["wait", "wait", "wait"]);
  expect(call.log.report().waitedMs).toBe(3_000);
  expect(clock.pending).toBe(0);
});

test("a server's own time is a floor: the longer of it and the backoff is waited", async () => {
  const clock = createVirtualClock();
  const events: ClientEvent[] = [];
  const startedAt = clock.now();
  const { next } = script(failed(startedAt + 7_000), failed(startedAt + 7_100));
  const call = makeCall({ clock, random: () => 0, onEvent: (event) => events.push(event) });
  await clock.run(retry(fixed(1_000))(call, next));
  expect(clock.now() - startedAt).toBe(8_000);
  expect(events).toMatchObject([
    { type: "wait", forMs: 7_000, why: "retry-after" },
    { type: "wait", forMs: 1_000, why: "backoff" },
  ]);
});

test("a wait that does not fit before the first token is due is not begun: the call fails now and says when to come back", async () => {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const { next, rounds } = script(failed(startedAt + 60_000));
  const call = makeCall({ clock, startBy: startedAt + 50_000 });
  await expect(clock.run(retry(fixed(10))(call, next))).rejects.toMatchObject({
    code: "busy",
    retryAt: startedAt + 60_000,
    message: "busy It asks to be left alone for 60 s, longer than timeouts.startMs leaves.",
  });
  expect(rounds).toEqual([0]);
  expect(clock.now()).toBe(startedAt);
});

test("calls sent away together wait up to a tenth longer, each for itself, so that they do not return together", async () => {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const backAt = async (random: number) => {
    await retry(fixed(1))(makeCall({ clock, random: () => random }), script(failed(startedAt + 10_000)).next);
    return clock.now() - startedAt;
  };
  const back = await clock.run(Promise.all([0, 0.5, 0.99].map(backAt)));
  expect(back).toEqual([10_000, 10_500, 10_990]);
});

/** A `next` that notes a failed attempt before each failure, as `fallback` does, and then fails. */
function failing(call: ReturnType<typeof makeCall>, asks: readonly boolean[]) {
  const seen: { round: number; kind: unknown }[] = [];
  const left = [...asks];
  const next: Send = async ({ round, kind }) => {
    seen.push({ round, kind });
    if (left.shift()) {
      call.log.begin({ kind: "retry", provider: "a", model: "m", round }).end({ outcome: "failed", error: busy });
    }
    throw failed();
  };
  return { next, seen };
}

test("the backoff is told the rounds in which somebody was asked, the wait before it and the client's random source", async () => {
  const clock = createVirtualClock();
  const seen: unknown[] = [];
  const backoff = (wait: { round: number; previousMs: number; random: () => number }) => {
    seen.push([wait.round, wait.previousMs, wait.random()]);
    return wait.round * 10;
  };
  const call = makeCall({ clock });
  await clock
    .run(retry({ maxRounds: 3, backoff })(call, failing(call, [true, false, true, true]).next))
    .catch(() => {});
  expect(seen).toEqual([
    [1, 0, 0.5],
    [1, 10, 0.5],
    [2, 10, 0.5],
  ]);
});

test("a round in which nobody could be asked does not count against maxRounds", async () => {
  const clock = createVirtualClock();
  const call = makeCall({ clock });
  const { next, seen } = failing(call, [false, true, false, true]);
  await expect(clock.run(retry({ maxRounds: 2, backoff: () => 5 })(call, next))).rejects.toBe(busy);
  expect(seen.map(({ round }) => round)).toEqual([0, 1, 2, 3]);
});

test("a new start of a broken answer goes on counting the rounds, and tells why it is made in the first of them only", async () => {
  const clock = createVirtualClock();
  const call = makeCall({ clock, round: 2, kind: "resume" });
  call.log.begin({ kind: "first", provider: "a", model: "m", round: 0 }).end({ outcome: "failed", error: busy });
  const { next, seen } = failing(call, [true, true, true]);
  await expect(clock.run(retry({ maxRounds: 3, backoff: () => 5 })(call, next))).rejects.toBe(busy);
  expect(seen).toEqual([
    { round: 2, kind: "resume" },
    { round: 3, kind: undefined },
  ]);
});

test("a wait that fits without its jitter fits", async () => {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const call = makeCall({ clock, random: () => 0.999, startBy: startedAt + 10_500 });
  await clock.run(retry(fixed(1))(call, script(failed(startedAt + 10_000)).next));
  // And leaves time to ask.
  expect(clock.now() - startedAt).toBe(10_250);
});

test("the limit that a wait does not fit into is named", async () => {
  const clock = createVirtualClock();
  const limit = clock.now() + 5_000;
  const call = makeCall({ clock, startBy: limit, deadlineAt: limit });
  await expect(clock.run(retry(fixed(1))(call, script(failed(clock.now() + 9_000)).next))).rejects.toMatchObject({
    message: "busy It asks to be left alone for 9 s, longer than timeouts.totalMs leaves.",
  });
});

test("without a time named by a server there is no retryAt: nobody knows when it will work", async () => {
  const clock = createVirtualClock();
  const call = makeCall({ clock });
  const thrown = await clock
    .run(retry({ maxRounds: 1, backoff: () => 5 })(call, failing(call, [true]).next))
    .catch((error: unknown) => error);
  expect(thrown).toBe(busy);
  expect(busy.retryAt).toBeUndefined();
});

test("the last round's failure is thrown when the rounds are used up", async () => {
  const clock = createVirtualClock();
  const call = makeCall({ clock });
  const { next, seen } = failing(call, [true, true, true]);
  await expect(clock.run(retry({ maxRounds: 2, backoff: () => 5 })(call, next))).rejects.toBe(busy);
  expect(seen.map(({ round }) => round)).toEqual([0, 1]);
});

test("a round that no other round can better is not repeated, and its own error is thrown unchanged", async () => {
  const clock = createVirtualClock();
  const wrongKey = new AuthenticationError("wrong key");
  const { next, rounds } = script(new RoundFailed(wrongKey, { again: false, readyAt: 0, waitsFor: "retry-after" }));
  await expect(clock.run(retry(fixed(1))(makeCall({ clock }), next))).rejects.toBe(wrongKey);
  expect(rounds).toEqual([0]);
});

test("a failure that is no round's failure ends the call: it is thrown unchanged", async () => {
  const bug = new TypeError("a mistake");
  await expect(retry(fixed(1))(makeCall(), script(bug).next)).rejects.toBe(bug);
});

test.each(["a string", 42, null, { any: "object" }, new Error("mine")])(
  "an abort in the wait rejects at once with its own reason: %o",
  async (reason) => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const { next, rounds } = script(failed(), failed());
    const startedAt = clock.now();
    clock.after(400, () => controller.abort(reason));
    const thrown = await clock.run(retry(fixed(60_000))(makeCall({ clock, signal: controller.signal }), next)).then(
      () => "answered",
      (error: unknown) => ({ error }),
    );
    expect(thrown).toEqual({ error: reason });
    expect(clock.now() - startedAt).toBe(400);
    expect(rounds).toEqual([0]);
    expect(clock.pending).toBe(0);
  },
);

test("a reply that comes in the moment of an abort is nobody's, and is cancelled", async () => {
  const controller = new AbortController();
  const reply = makeReply([textChunk("late")]);
  const next = async () => {
    controller.abort("enough");
    return reply;
  };
  await expect(retry(fixed(1))(makeCall({ signal: controller.signal }), next)).rejects.toBe("enough");
  expect(reply.cancelled).toBe(true);
});

test.each([Number.NaN, -1, "500"])("a backoff that returns %s is refused by name", async (forMs) => {
  await expect(retry(fixed(forMs as number))(makeCall(), script(failed()).next)).rejects.toMatchObject({
    code: "invalid_options",
    message: `retry.backoff must return milliseconds from 0, but returned ${forMs}.`,
  });
});
