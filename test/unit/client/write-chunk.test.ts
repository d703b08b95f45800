import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatCompletionChunk } from "../../../src/chat/chat-response.ts";
import { createChunkWriter } from "../../../src/client/write-chunk.ts";

const anyValue = fc.oneof(
  fc.constantFrom(null, 0, 1, "a", "", true, "\u0000the text\u0000", '"\\u0000the text\\u0000"'),
  fc.constant({ prompt_tokens: 1 }),
);
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("word", "", '"', "\\", "\ud800", "\u0000the text\u0000", "__proto__"),
);
const anyDelta = fc.oneof(
  anyText.map((content) => ({ content })),
  anyText.map((content) => ({ content, reasoning_content: null })),
  anyText.map((reasoning) => ({ content: null, reasoning_content: reasoning })),
  fc.tuple(anyText, anyValue).map(([content, extra]) => ({ extra, content })),
  fc.constant({ role: "assistant", content: "" }),
  fc.constant({ tool_calls: [{ index: 0, function: { arguments: "{" } }] }),
);
const anyChunk = fc
  .tuple(
    anyDelta,
    fc.array(fc.tuple(fc.constantFrom("id", "model", "usage", "choices2"), anyValue), { maxLength: 2 }),
    anyValue,
  )
  .map(([delta, fields, finish]) => {
    // A chunk of hostile JSON: anything may stand anywhere.
    const chunk = { id: "x", ...Object.fromEntries(fields), choices: [{ index: 0, delta, finish_reason: finish }] };
    return chunk as unknown as ChatCompletionChunk;
  });
/** Most chunks are like the one before. */
const anyStream = fc
  .array(fc.tuple(anyChunk, fc.array(anyText, { maxLength: 6 })), { maxLength: 12 })
  .map((runs) => runs.flatMap(([chunk, texts]) => [chunk, ...texts.map((text) => withText(chunk, text))]));

function withText(chunk: ChatCompletionChunk, content: string): ChatCompletionChunk {
  const [choice] = chunk.choices;
  return choice ? { ...chunk, choices: [{ ...choice, delta: { ...choice.delta, content } }] } : chunk;
}

test("any stream of chunks is written as JSON.stringify writes it", () => {
  fc.assert(
    fc.property(anyStream, (chunks) => {
      const write = createChunkWriter();
      expect(chunks.map(write)).toEqual(chunks.map((chunk) => JSON.stringify(chunk)));
    }),
    { numRuns: 2000 },
  );
});

test("what the chunks have in common is written once", () => {
  const write = createChunkWriter();
  const chunks = Array.from({ length: 100 }, (_, place) => chunkOf(`word ${place}`));
  expect(countWrites(() => chunks.map(write))).toBe(2);
});

test("chunks of no choice, or of several, are written whole", () => {
  const write = createChunkWriter();
  const usage = { ...chunkOf("a"), choices: [] };
  const both = { ...chunkOf("a"), choices: [...chunkOf("a").choices, ...chunkOf("b").choices] };
  for (const chunk of [chunkOf("a"), usage, chunkOf("b"), both, chunkOf("c")])
    expect(write(chunk)).toBe(JSON.stringify(chunk));
});

function chunkOf(content: string): ChatCompletionChunk {
  const choices = [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }];
  return { id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices } as ChatCompletionChunk;
}

/** How often a whole object was written. */
function countWrites(run: () => void): number {
  const { stringify } = JSON;
  let count = 0;
  JSON.stringify = (value: unknown) => {
    if (typeof value === "object") count += 1;
    return stringify(value);
  };
  try {
    run();
  } finally {
    JSON.stringify = stringify;
  }
  return count;
}
