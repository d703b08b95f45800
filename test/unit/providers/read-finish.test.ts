import { expect, test } from "vitest";
import { openaiCompatible } from "../../../src/providers/openai-compatible.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";
import { exchange } from "../../support/sent-request.ts";
import { makeChunk, makeEvent } from "../../support/wire-response.ts";

const plain = { model: "m", messages: [{ role: "user", content: "hi" }] } as const;
const host = { name: "lab", baseURL: "https://lab.test/v1" };

function finishes(word: string, finishReasons?: Readonly<Record<string, string>>) {
  const events = [makeEvent(makeChunk({ content: "Hi" })), makeEvent(makeChunk({}, word))];
  return exchange(openaiCompatible({ ...host, dialect: { finishReasons } }), plain, events);
}

test("a host's own finish reason is what it says it means", async () => {
  const { chunks } = await finishes("eos", { eos: "stop" });
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  expect(await rejectionOf(finishes("abort", { abort: "insufficient_system_resource" }))).toMatchObject({
    code: "busy",
  });
});

test.each(["eos", "toString", "constructor"])("a word it has not explained stays unknown: %s", async (word) => {
  expect(await rejectionOf(finishes(word, { other: "stop" }))).toMatchObject({ code: "unexpected_response" });
});
