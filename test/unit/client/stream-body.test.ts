import { afterEach, expect, test, vi } from "vitest";
import type { ChunkCursor } from "../../../src/client/iterate-chunks.ts";
import { encodeAsEvents, encodeAsLines } from "../../../src/client/stream-body.ts";
import { createResilientClient } from "../../../src/index.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/testing/index.ts";
import { textChunk } from "../../support/scripted.ts";

afterEach(() => {
  vi.useRealTimers();
});

const KEEP_ALIVE = ": keep-alive\n\n";
const CHUNK = `data: ${JSON.stringify(textChunk("a"))}\n\n`;

/** A cursor that is given its reads from outside, as a server would. */
function remoteCursor() {
  const chunks: ReturnType<typeof textChunk>[] = [];
  const log: string[] = [];
  let settle: { readonly resolve: (hasMore: boolean) => void; readonly reject: (error: unknown) => void };
  const cursor: ChunkCursor = {
    take: () => chunks.shift(),
    more() {
      log.push("more");
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
      });
    },
    breaks: () => [],
    leave: () => void log.push("leave"),
  };
  return {
    cursor,
    log,
    /** One network read with so many chunks; one without any is a keep-alive of the server's. */
    gives(count = 1) {
      for (let index = 0; index < count; index++) chunks.push(textChunk("a"));
      settle.resolve(true);
    },
    ends: () => settle.resolve(false),
    fails: (error: unknown) => settle.reject(error),
  };
}

/** Everything a body sends, with the second in which it came. */
function watch(body: ReadableStream<Uint8Array>, clock: VirtualClock) {
  const startedAt = clock.now();
  const sent: [second: number, text: string][] = [];
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const reading = (async () => {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      sent.push([(clock.now() - startedAt) / 1000, decoder.decode(read.value)]);
    }
  })();
  return { sent, reader, reading };
}

test("while nothing comes, a comment every 15 s tells whoever stands between that the connection lives", async () => {
  const clock = createVirtualClock();
  const remote = remoteCursor();
  const { sent, reading } = watch(encodeAsEvents(remote.cursor, clock), clock);
  await clock.advance(40_000);
  expect(sent).toEqual([
    [15, KEEP_ALIVE],
    [30, KEEP_ALIVE],
  ]);
  remote.gives(2);
  await clock.advance(14_999);
  remote.ends();
  await reading;
  expect(sent.slice(2)).toEqual([
    [40, CHUNK + CHUNK],
    [54.999, "data: [DONE]\n\n"],
  ]);
  expect(clock.pending).toBe(0);
});

test("what is sent puts the comment off, and reads that bring nothing to send do not", async () => {
  const clock = createVirtualClock();
  const remote = remoteCursor();
  const { sent, reading } = watch(encodeAsEvents(remote.cursor, clock), clock);
  for (const chunks of [1, 1, 0, 0]) {
    await clock.advance(10_000);
    remote.gives(chunks);
  }
  await clock.advance(10_000);
  remote.ends();
  await reading;
  expect(sent).toEqual([
    [10, CHUNK],
    [20, CHUNK],
    [35, KEEP_ALIVE],
    [50, KEEP_ALIVE],
    [50, "data: [DONE]\n\n"],
  ]);
});

test("an answer in many reads sets no timer for each of them", async () => {
  const clock = createVirtualClock();
  let timers = 0;
  const counting = {
    now: clock.now,
    after(delayMs: number, action: () => void) {
      timers += 1;
      return clock.after(delayMs, action);
    },
  };
  const remote = remoteCursor();
  const { sent, reading } = watch(encodeAsEvents(remote.cursor, counting), clock);
  for (let read = 0; read < 1_000; read++) {
    await clock.advance(20);
    remote.gives();
  }
  await clock.advance(20);
  remote.ends();
  await reading;
  expect(sent.length).toBe(1_001);
  // One every 5 s, in 20 s.
  expect(timers).toBe(5);
});

test("a body that nobody reads sets no timer, and one that is read no further gives its timer up", async () => {
  const clock = createVirtualClock();
  const remote = remoteCursor();
  const reader = encodeAsEvents(remote.cursor, clock).getReader();
  await clock.advance(60_000);
  expect([remote.log, clock.pending]).toEqual([[], 0]);
  const first = reader.read();
  await clock.advance(1_000);
  remote.gives();
  await first;
  expect(clock.pending).toBe(1);
  await clock.advance(5_000);
  expect(clock.pending).toBe(0);
  // It is set again with the next wait.
  const second = reader.read();
  await clock.advance(15_000);
  expect(new TextDecoder().decode((await second).value)).toBe(KEEP_ALIVE);
  await reader.cancel();
});

test("comments do not pile up before a reader that takes none", async () => {
  const clock = createVirtualClock();
  const remote = remoteCursor();
  const reader = encodeAsEvents(remote.cursor, clock).getReader();
  const first = reader.read();
  await clock.advance(600_000);
  remote.gives();
  await clock.advance(0);
  const texts = await Promise.all([first, reader.read(), reader.read()]);
  expect(texts.map(({ value }) => new TextDecoder().decode(value))).toEqual([KEEP_ALIVE, KEEP_ALIVE, CHUNK]);
  await reader.cancel();
});

test("a reader that leaves while it waits leaves no timer", async () => {
  const clock = createVirtualClock();
  const remote = remoteCursor();
  const { sent, reader, reading } = watch(encodeAsEvents(remote.cursor, clock), clock);
  await clock.advance(20_000);
  await reader.cancel();
  remote.fails(new DOMException("The stream was left before its end.", "AbortError"));
  await reading;
  await clock.advance(60_000);
  expect(sent).toEqual([[15, KEEP_ALIVE]]);
  expect(remote.log).toContain("leave");
  expect(clock.pending).toBe(0);
});

test("a read that ends after its reader has left, and brings nothing, sets no timer again", async () => {
  const clock = createVirtualClock();
  const remote = remoteCursor();
  const { reader } = watch(encodeAsEvents(remote.cursor, clock), clock);
  await clock.advance(1_000);
  remote.gives(0);
  await reader.cancel();
  await clock.advance(60_000);
  expect(remote.log.filter((entry) => entry === "more").length).toBe(2);
  expect(clock.pending).toBe(0);
});

test("a failure after a long wait is told, and leaves no timer", async () => {
  const clock = createVirtualClock();
  const remote = remoteCursor();
  const { sent, reading } = watch(encodeAsEvents(remote.cursor, clock), clock);
  await clock.advance(20_000);
  remote.fails(new Error("gone"));
  await reading;
  expect(sent.map(([second]) => second)).toEqual([15, 20]);
  expect(sent.at(-1)?.[1]).toContain('"code":"aborted"');
  expect(clock.pending).toBe(0);
});

test("lines of JSON have no place for a comment", async () => {
  const clock = createVirtualClock();
  const remote = remoteCursor();
  const { sent, reading } = watch(encodeAsLines(remote.cursor), clock);
  await clock.advance(60_000);
  remote.ends();
  await reading;
  expect(sent).toEqual([]);
});

test("a response made of a stream stays alive while the call waits, until its reader has gone", async () => {
  vi.useFakeTimers();
  const client = createResilientClient({ apiKey: "sk-x", fetch: () => new Promise(() => {}) });
  const messages = [{ role: "user" as const, content: "hi" }];
  const { body } = client.chat.completions.stream({ model: "deepseek-flash", messages }).toResponse();
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const first = reader.read();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(new TextDecoder().decode((await first).value)).toBe(KEEP_ALIVE);
  await reader.cancel();
  await client.close();
  expect(vi.getTimerCount()).toBe(0);
});
