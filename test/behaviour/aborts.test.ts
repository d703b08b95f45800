import { expect, test } from "vitest";
import { createWorld, failure, params, type WorldOptions } from "../support/busy-world.ts";

/** Each moment an abort can fall into: how the server behaves, and when the abort comes. */
const moments: readonly [string, WorldOptions, number][] = [
  ["while the connection is being made", { script: ["black_hole"] }, 100],
  ["in the wait between rounds", { faults: [{ kind: "busy", retryAfterMs: 60_000 }] }, 5_000],
  ["in the server's queue", { script: [{ kind: "queue", forMs: 300_000 }] }, 30_000],
  ["in the middle of the answer", {}, 900],
  ["while the answer stalls", { script: [{ kind: "stall", afterTokens: 3 }] }, 10_000],
  ["while an error body is on its way", { faults: [{ kind: "busy" }] }, 40],
];

test.each(moments)(
  "an abort %s comes back with its own reason, at once, from plain and streamed calls",
  async (_, world, atMs) => {
    for (const isStream of [false, true]) {
      const { client, clock, simulator, run } = createWorld(world);
      const controller = new AbortController();
      const reason = { mine: true };
      clock.after(atMs, () => controller.abort(reason));
      const options = { signal: controller.signal };
      const startedAt = clock.now();
      const stream = client.chat.completions.stream(params, options);
      const call = isStream ? stream.finalChatCompletion() : client.chat.completions.create(params, options);
      expect(await run(failure(call))).toBe(reason);
      expect(clock.now() - startedAt).toBe(atMs);
      await clock.advance(200);
      expect(simulator.stats.inFlight).toBe(0);
      expect(client.health().providers).toMatchObject([{ inFlight: 0 }]);
      expect(clock.pending).toBe(0);
    }
  },
);

test.each(["a string", 7, null, new Error("mine"), Symbol.for("mine")])(
  "the reason may be of any type: %o",
  async (reason) => {
    const { client, clock, run } = createWorld({ script: ["black_hole"] });
    const controller = new AbortController();
    clock.after(50, () => controller.abort(reason));
    expect(await run(failure(client.chat.completions.create(params, { signal: controller.signal })))).toBe(reason);
  },
);

test("without a reason it is the AbortError of the platform", async () => {
  const { client, clock, run } = createWorld({ script: ["black_hole"] });
  const controller = new AbortController();
  clock.after(50, () => controller.abort());
  const error = await run(failure(client.chat.completions.create(params, { signal: controller.signal })));
  expect(error).toMatchObject({ name: "AbortError" });
  expect(error).toBe(controller.signal.reason);
});

test("a signal that is aborted before the call sends nothing", async () => {
  const { client, simulator, run, events } = createWorld();
  const signal = AbortSignal.abort("never mind");
  expect(await run(failure(client.chat.completions.create(params, { signal })))).toBe("never mind");
  const stream = client.chat.completions.stream(params, { signal });
  expect(await run(failure(stream.finalChatCompletion()))).toBe("never mind");
  expect(simulator.requests).toEqual([]);
  expect(events.map(({ type }) => type)).toEqual(["call-end", "call-end"]);
  expect(stream.report).toMatchObject({ outcome: "aborted", attempts: [] });
});

test("an abort after the end changes nothing", async () => {
  const { client, run } = createWorld();
  const controller = new AbortController();
  const stream = client.chat.completions.stream(params, { signal: controller.signal });
  const completion = await run(stream.finalChatCompletion());
  controller.abort("too late");
  stream.abort("too late");
  expect(await stream.finalChatCompletion()).toBe(completion);
  expect(stream.report.outcome).toBe("succeeded");
});

test("stream.abort ends a loop that waits, and one that does not, with the given reason", async () => {
  const { client, clock, run } = createWorld();
  const waiting = client.chat.completions.stream(params);
  clock.after(900, () => waiting.abort("enough"));
  const read = async () => {
    for await (const _ of waiting) await Promise.resolve();
  };
  expect(await run(failure(read()))).toBe("enough");
  expect(await failure(waiting.finalChatCompletion())).toBe("enough");

  const idle = await run(client.chat.completions.create({ ...params, stream: true }));
  idle.abort();
  expect(await failure(idle.finalChatCompletion())).toMatchObject({ name: "AbortError" });
  const later = async () => {
    for await (const _ of idle) throw new Error("nothing may come");
  };
  expect(await failure(later())).toMatchObject({ name: "AbortError" });
  await clock.advance(200);
  expect(client.health().providers).toMatchObject([{ inFlight: 0 }]);
});

test("an abort between two steps of a loop rejects the next step", async () => {
  const { client, run } = createWorld();
  const stream = client.chat.completions.stream(params);
  const iterator = stream[Symbol.asyncIterator]();
  await run(iterator.next());
  stream.abort("enough");
  const steps = async () => {
    for (;;) if ((await iterator.next()).done) throw new Error("ended as if complete");
  };
  expect(await run(failure(steps()))).toBe("enough");
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});
