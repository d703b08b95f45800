import { expect, test } from "vitest";
import type { Call, Reply } from "../../../src/call.ts";
import { checkShape } from "../../../src/check-shape.ts";
import { hedgeDelay, hedgeShape, raceLanes } from "../../../src/policies/hedge.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeCall, makeReply, textChunk } from "../../support/scripted.ts";
import { makeState } from "../../support/states.ts";

const model = makeState("a", createVirtualClock()).forModel("m");

test("the delay: the earlier of the two, `p95` once it is known, or never", () => {
  expect(hedgeDelay({ queuedAfterMs: 60_000, afterMs: false }, model)).toBe(60_000);
  expect(hedgeDelay({ queuedAfterMs: 60_000, afterMs: 500 }, model)).toBe(500);
  expect(hedgeDelay({ queuedAfterMs: false, afterMs: false }, model)).toBe(Number.POSITIVE_INFINITY);
  expect(hedgeDelay({ queuedAfterMs: false, afterMs: "p95" }, model)).toBe(Number.POSITIVE_INFINITY);
  expect(hedgeDelay({ queuedAfterMs: 60_000, afterMs: "p95" }, { ...model, p95HeadMs: 700 })).toBe(700);
});

test.each([{ queuedAfterMs: 0 }, { queuedAfterMs: "p95" }, { afterMs: true }, { afterMs: 0.5 }])(
  "%o is no hedge",
  (given) => {
    expect(() => checkShape(given, "hedge", hedgeShape())).toThrow(/milliseconds from 1/);
  },
);

type Lane = { readonly afterMs: number; readonly gives: Reply | undefined | Error };

/** A race of lanes that each ask one provider and get what the script says. */
function race(lanes: readonly Lane[], { delayMs = 100, signal = new AbortController().signal } = {}) {
  const clock = createVirtualClock();
  const begun: { readonly atMs: number; readonly call: Call }[] = [];
  const startedAt = clock.now();
  const left = [...lanes];
  const reply = raceLanes(
    makeCall({ clock, signal, kind: "first" }),
    (call, onAsk) =>
      new Promise((resolve, reject) => {
        begun.push({ atMs: clock.now() - startedAt, call });
        const lane = left.shift();
        onAsk(delayMs);
        if (!lane) return resolve(undefined);
        const disarm = clock.after(lane.afterMs, () =>
          lane.gives instanceof Error ? reject(lane.gives) : resolve(lane.gives),
        );
        call.signal.addEventListener("abort", () => {
          disarm();
          reject(call.signal.reason);
        });
      }),
    () => left.length > 0,
  );
  return { clock, begun, reply };
}

const answer = (text: string) => makeReply([textChunk(text)]);

test("a lane that answers in time is the only one", async () => {
  const a = answer("a");
  const { clock, begun, reply } = race([
    { afterMs: 90, gives: a },
    { afterMs: 1, gives: answer("b") },
  ]);
  expect(await clock.run(reply)).toBe(a);
  expect(begun.length).toBe(1);
  expect(clock.pending).toBe(0);
  a.cancel();
});

test("another lane begins as a hedge; the first reply wins, and the others are ended", async () => {
  const b = answer("b");
  const { clock, begun, reply } = race([
    { afterMs: 1_000, gives: answer("a") },
    { afterMs: 50, gives: b },
  ]);
  expect(await clock.run(reply)).toBe(b);
  expect(begun.map(({ atMs, call }) => [atMs, call.kind, call.signal.aborted])).toEqual([
    [0, "first", true],
    [100, "hedge", false],
  ]);
  expect(b.cancelled).toBe(false);
  expect(clock.pending).toBe(0);
  b.cancel();
});

test("a lane that failed waits for the others, whichever it was", async () => {
  const a = answer("a");
  const refused = new Error("refused");
  const hedgeFails = race([
    { afterMs: 300, gives: a },
    { afterMs: 10, gives: refused },
  ]);
  expect(await hedgeFails.clock.run(hedgeFails.reply)).toBe(a);
  const firstFails = race([
    { afterMs: 150, gives: refused },
    { afterMs: 200, gives: a },
  ]);
  expect(await firstFails.clock.run(firstFails.reply)).toBe(a);
  a.cancel();
});

test("when all came to their end without a reply, the first failure is told; without one, nothing", async () => {
  const refused = new Error("refused");
  const one = race([
    { afterMs: 300, gives: undefined },
    { afterMs: 10, gives: refused },
  ]);
  await expect(one.clock.run(one.reply)).rejects.toBe(refused);
  const none = race([
    { afterMs: 300, gives: undefined },
    { afterMs: 10, gives: undefined },
  ]);
  expect(await none.clock.run(none.reply)).toBeUndefined();
});

test("the caller's abort ends all lanes with its own reason", async () => {
  const abort = new AbortController();
  const { clock, begun, reply } = race(
    [
      { afterMs: 1_000, gives: answer("a") },
      { afterMs: 1_000, gives: answer("b") },
    ],
    { signal: abort.signal },
  );
  await clock.advance(200);
  abort.abort("enough");
  await expect(clock.run(reply)).rejects.toBe("enough");
  expect(begun.map(({ call }) => call.signal.reason)).toEqual(["enough", "enough"]);
  expect(clock.pending).toBe(0);
});
