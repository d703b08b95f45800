import fc from "fast-check";
import { expect, test } from "vitest";
import type { Usage } from "../../../src/chat/chat-response.ts";
import { usageOverParts } from "../../../src/chat/usage-over-parts.ts";

const last = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
const NOTHING = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0, isPromptCounted: false };
/** A part that broke off: its prompt is an estimate. */
const before = { ...NOTHING, promptTokens: 30, completionTokens: 42, reasoningTokens: 12 };

test("output is that of all parts; the prompt is the last one without them", () => {
  expect(usageOverParts(last, before)).toEqual({ prompt_tokens: 58, completion_tokens: 62, total_tokens: 120 });
  expect(usageOverParts(last, NOTHING)).toEqual(last);
});

test("where a server counted the first prompt, that is no estimate", () => {
  const counted = { ...before, promptTokens: 63, isPromptCounted: true };
  expect(usageOverParts(last, counted)).toEqual({ prompt_tokens: 63, completion_tokens: 62, total_tokens: 125 });
});

test("the prompt is neither less than it is estimated to be nor larger than the last one", () => {
  expect(usageOverParts({ ...last, prompt_tokens: 50 }, before)).toMatchObject({ prompt_tokens: 30 });
  expect(usageOverParts({ ...last, prompt_tokens: 10 }, before)).toMatchObject({ prompt_tokens: 10 });
  expect(usageOverParts(last, { ...before, promptTokens: 5000, isPromptCounted: true })).toMatchObject({
    prompt_tokens: 100,
  });
});

test("the thinking of all parts counts, where any is counted, and is never more than the output", () => {
  const counted = (details: NonNullable<Usage["completion_tokens_details"]> | null) =>
    usageOverParts({ ...last, completion_tokens_details: details }, before).completion_tokens_details;
  expect(counted({ reasoning_tokens: 7 })).toEqual({ reasoning_tokens: 19 });
  expect(counted({ reasoning_tokens: 7, other: 1 } as object)).toEqual({ reasoning_tokens: 19, other: 1 });
  expect(counted({})).toEqual({ reasoning_tokens: 12 });
  expect(counted(null)).toBeNull();
  for (const odd of ["many", { reasoning_tokens: "7" }]) expect(counted(odd as object)).toBe(odd);
  expect(counted({ reasoning_tokens: 55 })).toEqual({ reasoning_tokens: 62 });
  expect(usageOverParts(last, before)).not.toHaveProperty("completion_tokens_details");
});

test("no more of the prompt was found in the cache than there is, in either field", () => {
  const cached = { prompt_cache_hit_tokens: 90, prompt_cache_miss_tokens: 10 };
  const details = { prompt_tokens_details: { cached_tokens: 90, audio_tokens: 0 } };
  expect(usageOverParts({ ...last, ...cached, ...details }, before)).toMatchObject({
    prompt_cache_hit_tokens: 58,
    prompt_cache_miss_tokens: 0,
    prompt_tokens_details: { cached_tokens: 58, audio_tokens: 0 },
  });
  const few = {
    prompt_cache_hit_tokens: 50,
    prompt_cache_miss_tokens: 50,
    prompt_tokens_details: { cached_tokens: 50 },
  };
  expect(usageOverParts({ ...last, ...few }, before)).toMatchObject({
    prompt_cache_hit_tokens: 50,
    prompt_cache_miss_tokens: 8,
    prompt_tokens_details: { cached_tokens: 50 },
  });
  expect(usageOverParts(last, before)).not.toHaveProperty("prompt_cache_hit_tokens");
  expect(usageOverParts(last, before)).not.toHaveProperty("prompt_tokens_details");
});

test("an endless number is bounded like any other: JSON can say it", () => {
  const endless = JSON.parse("1e999") as number;
  const cached = { prompt_cache_hit_tokens: endless, prompt_tokens_details: { cached_tokens: endless } };
  const details = { completion_tokens_details: { reasoning_tokens: endless } };
  expect(usageOverParts({ ...last, ...cached, ...details } as Usage, before)).toMatchObject({
    prompt_cache_hit_tokens: 58,
    prompt_cache_miss_tokens: 0,
    prompt_tokens_details: { cached_tokens: 58 },
    completion_tokens_details: { reasoning_tokens: 62 },
  });
});

test("usage that counts only one of both is passed on as it is", () => {
  for (const field of ["prompt_tokens", "completion_tokens"]) {
    for (const value of [undefined, null, "12", -1, {}, Number.NaN, Number.POSITIVE_INFINITY]) {
      const odd = { ...last, [field]: value } as Usage;
      expect(usageOverParts(odd, before)).toBe(odd);
    }
  }
});

test("whatever a server sends beside them, numbers stay numbers, others what they were, and the sums are right", () => {
  const anything = fc.oneof(fc.anything(), fc.integer({ min: -10, max: 200 }));
  const counts = fc.record({ prompt_tokens: fc.nat(500), completion_tokens: fc.nat(500), total_tokens: anything });
  const others = fc.record(
    {
      prompt_cache_hit_tokens: anything,
      prompt_cache_miss_tokens: anything,
      prompt_tokens_details: fc.oneof(anything, fc.record({ cached_tokens: anything })),
      completion_tokens_details: fc.oneof(anything, fc.record({ reasoning_tokens: anything })),
    },
    { requiredKeys: [] },
  );
  const parts = fc.record({
    promptTokens: fc.nat(500),
    cachedTokens: fc.nat(500),
    completionTokens: fc.nat(500),
    reasoningTokens: fc.nat(500),
    isPromptCounted: fc.boolean(),
  });
  fc.assert(
    fc.property(counts, others, parts, (numbers, more, kept) => {
      const given = { ...numbers, ...more } as unknown as Usage;
      const usage = usageOverParts(given, kept);
      expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
      expect(usage.completion_tokens).toBe(given.completion_tokens + kept.completionTokens);
      expect(usage.prompt_tokens).toBeGreaterThanOrEqual(0);
      expect(usage.completion_tokens).toBeGreaterThanOrEqual(given.completion_tokens);
      const { prompt_cache_hit_tokens: hits, prompt_tokens_details: details } = usage;
      for (const [count, was] of [
        [hits, given.prompt_cache_hit_tokens],
        [details?.cached_tokens, given.prompt_tokens_details?.cached_tokens],
      ]) {
        if (typeof was === "number" && was >= 0) expect(count).toBeLessThanOrEqual(usage.prompt_tokens);
        else expect(count).toBe(was);
      }
    }),
  );
});
