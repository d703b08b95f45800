import { expect, test } from "vitest";
import { type ChunkCursor, iterateChunks, iterateParts, iterateText } from "../../../src/client/iterate-chunks.ts";
import { textChunk } from "../../support/scripted.ts";

/** A cursor over chunks that come in reads, and then end or fail. */
function cursorOver(reads: readonly (readonly ReturnType<typeof textChunk>[])[], error?: unknown) {
  const left = reads.map((chunks) => [...chunks]);
  let current = left.shift() ?? [];
  const log: string[] = [];
  const cursor: ChunkCursor = {
    take: () => current.shift(),
    async more() {
      log.push("more");
      const next = left.shift();
      if (next) current = next;
      else if (error !== undefined) throw error;
      return next !== undefined;
    },
    breaks: () => [],
    leave: () => void log.push("leave"),
  };
  return { cursor, log };
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

test("chunks of one read are given without waiting for another", async () => {
  const { cursor, log } = cursorOver([[textChunk("a"), textChunk("b")], [textChunk("c")]]);
  const chunks = iterateChunks(cursor);
  await chunks.next();
  await chunks.next();
  expect(log).toEqual([]);
  expect(await chunks.next()).toMatchObject({ done: false, value: textChunk("c") });
  expect(log).toEqual(["more"]);
});

test("text skips what brings none", async () => {
  const { cursor } = cursorOver([[textChunk(""), textChunk("a")], [], [textChunk(""), textChunk("b", "stop")]]);
  expect(await collect(iterateText(cursor))).toEqual(["a", "b"]);
});

test("a failure is thrown once, after everything that came before it; then the iterator is done", async () => {
  const failure = new Error("cut");
  const texts = iterateText(cursorOver([[textChunk("a")]], failure).cursor);
  expect(await texts.next()).toEqual({ done: false, value: "a" });
  await expect(texts.next()).rejects.toBe(failure);
  expect(await texts.next()).toEqual({ done: true, value: undefined });
});

test("leaving tells the cursor, and nothing comes any more", async () => {
  const { cursor, log } = cursorOver([[textChunk("a"), textChunk("b")]]);
  for await (const _ of iterateChunks(cursor)) break;
  expect(log).toEqual(["leave"]);
});

test("an iterator that was never started can be left: nothing is held by it", async () => {
  const { cursor, log } = cursorOver([[textChunk("a")]]);
  expect(await iterateText(cursor).return?.()).toEqual({ done: true, value: undefined });
  expect(log).toEqual(["leave"]);
});

test("the finish part comes last, also when usage comes on a chunk of its own", async () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const { cursor } = cursorOver([[textChunk("a"), textChunk("", "stop"), { ...textChunk(""), choices: [], usage }]]);
  expect(await collect(iterateParts(cursor))).toEqual([
    { type: "text-delta", text: "a" },
    { type: "finish", finishReason: "stop", usage },
  ]);
});

test("live pieces of tool calls make one part, and none when the answer was cut", async () => {
  const piece = (delta: object, finish: string | null = null) => ({
    ...textChunk(""),
    choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...delta }] }, finish_reason: finish }],
  });
  const pieces = [
    piece({ id: "a", function: { name: "now", arguments: '{"x"' } }),
    piece({ function: { arguments: ":1}" } }),
  ];
  const whole = await collect(iterateParts(cursorOver([[...pieces, textChunk("", "tool_calls")]]).cursor));
  expect(whole).toEqual([
    { type: "tool-calls", toolCalls: [{ id: "a", type: "function", function: { name: "now", arguments: '{"x":1}' } }] },
    { type: "finish", finishReason: "tool_calls" },
  ]);
  const cut = await collect(iterateParts(cursorOver([[...pieces, textChunk("", "length")]]).cursor));
  expect(cut).toEqual([{ type: "finish", finishReason: "length" }]);
});

test("of several finish reasons the parts tell the one that counts, and no tool calls of an answer that was cut", async () => {
  const call = {
    ...textChunk("Half"),
    choices: [
      {
        index: 0,
        delta: { tool_calls: [{ index: 0, id: "c", function: { name: "rm", arguments: "{}" } }] },
        finish_reason: null,
      },
    ],
  } as const;
  const parts = await collect(
    iterateParts(cursorOver([[call, textChunk("", "length"), textChunk("", "stop")]]).cursor),
  );
  expect(parts).toEqual([{ type: "finish", finishReason: "length" }]);
});
