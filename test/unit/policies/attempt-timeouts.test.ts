import { expect, test } from "vitest";
import type { AttemptCall, Reply } from "../../../src/call.ts";
import { attemptTimeouts } from "../../../src/policies/attempt-timeouts.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/testing/index.ts";
import { makeAttempt } from "../../support/attempt.ts";
import { makeReply, textChunk } from "../../support/scripted.ts";

const limits = { headersMs: 1_000, queueMs: 60_000, wireMs: 5_000, contentMs: 20_000, finishMs: 500 };

/** What a provider does; it never looks at the signal, as a careless one would. */
type Behaviour = (call: AttemptCall, clock: VirtualClock, reply: Reply) => Promise<Reply>;

async function run(behave: Behaviour, overrides: Partial<AttemptCall> = {}, keepAlives = true) {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const reply = makeReply([textChunk("hi")]);
  const settled = await clock
    .run(
      attemptTimeouts(limits, keepAlives)(makeAttempt({ clock, ...overrides }), (call) => behave(call, clock, reply)),
    )
    .then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  return { clock, reply, settled, elapsedMs: clock.now() - startedAt };
}

const pause = (clock: VirtualClock, ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
const never = () => new Promise<never>(() => {});

test("without response headers the attempt ends after headersMs, even when nobody below obeys the signal", async () => {
  const { settled, elapsedMs, clock } = await run(never);
  expect(settled).toMatchObject({
    error: {
      code: "timeout",
      phase: "headers",
      retryable: true,
      message: "scripted (deepseek-flash) sent no response within 1000 ms (timeouts.headersMs).",
    },
  });
  expect(elapsedMs).toBe(1_000);
  expect(clock.pending).toBe(0);
});

test("keep-alives hold the connection, but not longer than queueMs", async () => {
  const { settled, elapsedMs } = await run(async ({ progress, signal }, clock) => {
    progress.headers();
    while (!signal.aborted) {
      await pause(clock, 4_000);
      progress.bytes();
    }
    return never();
  });
  expect(settled).toMatchObject({ error: { code: "timeout", phase: "queue" } });
  expect(elapsedMs).toBe(60_000);
});

test("a silent queue ends after wireMs where keep-alives are promised, and only after queueMs elsewhere", async () => {
  const silent: Behaviour = ({ progress }) => {
    progress.headers();
    return never();
  };
  expect(await run(silent)).toMatchObject({ settled: { error: { phase: "wire" } }, elapsedMs: 5_000 });
  expect(await run(silent, {}, false)).toMatchObject({ settled: { error: { phase: "queue" } }, elapsedMs: 60_000 });
});

test("after the head, silence ends the answer after wireMs, and keep-alives alone after contentMs", async () => {
  const stall =
    (everyMs: number): Behaviour =>
    async ({ progress, signal }, clock, reply) => {
      progress.headers();
      progress.bytes();
      progress.content();
      progress.head();
      progress.reading(true);
      const abort = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      let cancel = () => {};
      const keepAlive = () => {
        cancel = clock.after(everyMs, () => {
          progress.bytes();
          keepAlive();
        });
      };
      keepAlive();
      await abort;
      cancel();
      expect(signal.reason).toMatchObject({ code: "timeout" });
      return reply;
    };
  expect(await run(stall(100_000))).toMatchObject({ settled: { error: { phase: "wire" } }, elapsedMs: 5_000 });
  expect(await run(stall(3_000))).toMatchObject({ settled: { error: { phase: "content" } }, elapsedMs: 20_000 });
});

test("a consumer that takes its time is no stalled server: only waiting for bytes counts", async () => {
  const { settled, reply, clock } = await run(async ({ progress, signal }, time, made) => {
    progress.headers();
    progress.bytes();
    progress.content();
    progress.head();
    progress.reading(false);
    await pause(time, 3_600_000);
    progress.reading(true);
    await pause(time, 4_999);
    expect(signal.aborted).toBe(false);
    progress.bytes();
    progress.content();
    progress.reading(false);
    return made;
  });
  expect(settled).toEqual({ value: reply });
  reply.cancel();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

test("after the finish reason the stream is settled, not failed, when its end takes longer than finishMs", async () => {
  const { settled, elapsedMs, reply } = await run(async ({ progress }, _clock, made) => {
    progress.headers();
    progress.content();
    progress.head();
    await new Promise<void>((resolve) => progress.finish(resolve));
    return made;
  });
  expect(settled).toHaveProperty("value");
  expect(elapsedMs).toBe(500);
  reply.cancel();
});

test("the time for the first token and for the whole call end the attempt for good", async () => {
  const clock = createVirtualClock();
  const start = await run(never, { startBy: clock.now() + 300 });
  expect(start).toMatchObject({ settled: { error: { phase: "start", retryable: true } }, elapsedMs: 300 });
  const total = await run(
    async ({ progress, signal }, _clock, reply) => {
      progress.headers();
      progress.content();
      progress.head();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      return reply;
    },
    { startBy: clock.now() + 300, deadlineAt: clock.now() + 900 },
  );
  expect(total).toMatchObject({ settled: { error: { phase: "total", retryable: true } }, elapsedMs: 900 });
});

test("limits of Infinity never strike and set no timer", async () => {
  const clock = createVirtualClock();
  const off = Number.POSITIVE_INFINITY;
  const policy = attemptTimeouts({ headersMs: off, queueMs: off, wireMs: off, contentMs: off, finishMs: off }, true);
  const controller = new AbortController();
  const attempt = policy(makeAttempt({ clock, signal: controller.signal }), never);
  expect(clock.pending).toBe(0);
  controller.abort("over");
  await expect(attempt).rejects.toBe("over");
});

test("while nobody reads, no timer holds the process open, unless the whole call has a limit", async () => {
  const clock = createVirtualClock();
  const opened = async (deadlineAt: number) => {
    const policy = attemptTimeouts(limits, true);
    return policy(makeAttempt({ clock, deadlineAt }), async ({ progress }) => {
      progress.reading(true);
      progress.headers();
      progress.bytes();
      progress.content();
      progress.head();
      progress.reading(false);
      return makeReply([textChunk("hi")]);
    });
  };
  const reply = await opened(Number.POSITIVE_INFINITY);
  expect(clock.pending).toBe(0);
  const limited = await opened(clock.now() + 9_000);
  expect(clock.pending).toBe(1);
  for (const open of [reply, limited]) open.cancel();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

test("a JSON body that has begun may not stall, and has the time for the answer to become whole", async () => {
  const began: Behaviour = ({ progress }) => {
    progress.headers();
    progress.body();
    return never();
  };
  expect(await run(began, { wire: "json" }, false)).toMatchObject({
    settled: { error: { phase: "wire" } },
    elapsedMs: 5_000,
  });
  const trickling: Behaviour = async ({ progress, signal }, clock) => {
    progress.headers();
    while (!signal.aborted) {
      progress.bytes();
      progress.body();
      await pause(clock, 4_000);
    }
    return never();
  };
  const startBy = createVirtualClock().now() + 20_000;
  expect(await run(trickling, { wire: "json", startBy })).toMatchObject({
    settled: { error: { phase: "start" } },
    elapsedMs: 20_000,
  });
});

test("a reply that comes after the limit is nobody's, and is cancelled", async () => {
  const { settled, reply, clock } = await run(async (_call, time, made) => {
    await pause(time, 2_000);
    return made;
  });
  expect(settled).toMatchObject({ error: { phase: "headers" } });
  await clock.advance(2_000);
  expect(reply.cancelled).toBe(true);
});

test("the caller's abort passes on with its own reason, and its signal keeps no listener", async () => {
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  const { reply, clock } = await run(async (_call, _clock, made) => made, { signal });
  expect(listeners).toBe(1);
  reply.cancel();
  await clock.advance(0);
  expect(listeners).toBe(0);
  const aborted = await run(
    async (call, time) => {
      time.after(50, () => controller.abort("enough"));
      await never();
      return call as never;
    },
    { signal },
  );
  expect(aborted).toMatchObject({ settled: { error: "enough" }, elapsedMs: 50 });
});

test.each([
  [20_000, 10_000],
  [120_000, 30_000],
  [50_000, 25_000],
  [1_500, 1_000],
  [200, 200],
])(
  "where others can be asked, a silent host leaves them their share: of %i ms it has %i",
  async (startMs, expectedMs) => {
    const clock = createVirtualClock();
    const call = makeAttempt({ clock, hasOthers: true, startBy: clock.now() + startMs });
    const startedAt = clock.now();
    const policy = attemptTimeouts({ ...limits, headersMs: 30_000 }, true);
    const error: unknown = await clock.run(policy(call, never).catch((reason: unknown) => reason));
    expect(clock.now() - startedAt).toBe(expectedMs);
    const isCut = expectedMs < 30_000 && expectedMs < startMs;
    if (isCut) expect(String(error)).toMatch("(its share of timeouts.startMs)");
    expect(error).toMatchObject({ phase: expectedMs < startMs ? "headers" : "start" });
  },
);
