import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { counterFor } from "../../src/context/count-messages.ts";
import { type Reading, type Recording, readRecording, readRecordings } from "../support/read-recording.ts";

// What DeepSeek's servers really counted. The recordings hold answers only, never what was asked, so they cannot show that the
// estimate of a prompt, corrected, is within 10 % of `prompt_tokens`. They show what is beside it: the tokens of answers, whose
// texts are there, against the estimate of the same texts; and that a prompt grows by what was said. That the correction closes
// such a gap is arithmetic: test/unit/context/token-correction.test.ts.

const directory = process.env["RECORDINGS_DIR"] || join(import.meta.dirname, "../../../shared/recordings");
const isThere = existsSync(directory);
const SKIPPED = "SKIPPED: no recordings here; RECORDINGS_DIR may name their folder";
const title = (words: string) => (isThere ? words : `${SKIPPED} (${words})`);

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_cache_hit_tokens?: number;
  readonly prompt_cache_miss_tokens?: number;
}
interface Counted {
  readonly name: string;
  readonly reading: Reading;
  readonly usage: Usage;
}

/** DeepSeek's own hosts. */
const OFFICIAL = /^(?:rig__deepseek__|ruby_llm.*_deepseek_deepseek-|pydantic-ai.*test_deepseek_|vercel-ai)/;
const recordings = isThere ? readRecordings(directory) : [];
const counted = recordings.flatMap((recording: Recording): Counted[] => {
  const reading = readRecording(recording);
  if (!OFFICIAL.test(recording.name) || !reading.usage) return [];
  return [{ name: recording.name, reading, usage: reading.usage as Usage }];
});

test.skipIf(!isThere)(title("no recording holds what was asked; once one does, estimates can be compared here"), () => {
  const asked = recordings.filter(({ bytes }) => /"role": ?"(?:user|system)"/.test(new TextDecoder().decode(bytes)));
  expect(asked.map(({ name }) => name)).toEqual([]);
  expect(counted.length).toBeGreaterThan(30);
});

test.skipIf(!isThere)(title("the estimate of an answer is a little high for text, and low for tool calls"), () => {
  const ratios = counted
    .filter(({ usage }) => usage.completion_tokens >= 50)
    .map(({ reading: { text, reasoning, toolCalls }, usage }) => {
      const calls = toolCalls.map(({ id, name, arguments: given }) => {
        return { id, type: "function" as const, function: { name, arguments: given } };
      });
      const message = { role: "assistant", content: text, reasoning_content: reasoning, tool_calls: calls } as const;
      const ratio = usage.completion_tokens / counterFor().count(message, true);
      return { hasCalls: calls.length > 0, ratio };
    });
  const texts = ratios.filter(({ hasCalls }) => !hasCalls).map(({ ratio }) => ratio);
  expect(texts.length).toBeGreaterThan(8);
  expect(Math.min(...texts)).toBeGreaterThan(0.65);
  expect(Math.max(...texts)).toBeLessThan(1.1);
  const all = ratios.map(({ ratio }) => ratio);
  // Well within what the correction takes for a count: 0.2 to 5.
  expect(Math.min(...all)).toBeGreaterThan(0.5);
  expect(Math.max(...all)).toBeLessThan(2.5);
});

test.skipIf(!isThere)(
  title("the next prompt of a conversation is larger by the answer, and what was said to it"),
  () => {
    const conversations = Map.groupBy(counted, ({ name }) => name.replace(/\.\d+\.\d{3}\.(?:sse|json)$/, ""));
    const steps = [...conversations.values()].flatMap((requests) => {
      return requests.slice(1).map(({ usage }, index) => ({ usage, before: (requests[index] as Counted).usage }));
    });
    expect(steps.length).toBe(4);
    for (const { usage, before } of steps) {
      const grown = usage.prompt_tokens - before.prompt_tokens;
      expect(grown).toBeGreaterThanOrEqual(before.completion_tokens);
      // Short results of tools, or a short question.
      expect(grown).toBeLessThan(before.completion_tokens + 250);
      // And it begins like the last one: the cache knows it, in blocks of 64 or more.
      const known = usage.prompt_cache_hit_tokens ?? 0;
      expect(known % 64).toBe(0);
    }
  },
);

test.skipIf(!isThere)(title("what the cache knew and what it did not are the whole prompt"), () => {
  for (const { usage, name } of counted) {
    const { prompt_cache_hit_tokens: hit, prompt_cache_miss_tokens: missed } = usage;
    if (hit !== undefined && missed !== undefined) expect(hit + missed, name).toBe(usage.prompt_tokens);
  }
});
