import fc from "fast-check";
import { expect, test } from "vitest";
import type { Usage } from "../../../src/chat/chat-response.ts";
import { usageOverParts } from "../../../src/chat/usage-over-parts.ts";

const NOTHING = { content: "", reasoning_content: "" };
const last = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
/** About 30 tokens, and about 12. */
const delivered = { content: "x".repeat(100), reasoning_content: "y".repeat(40) };

test("what was delivered counts as output, by an estimate, and the total stays the server's own", () => {
  expect(usageOverParts(last, delivered, undefined)).toEqual({
    prompt_tokens: 58,
    completion_tokens: 62,
    total_tokens: 120,
  });
  expect(usageOverParts(last, NOTHING, undefined)).toEqual(last);
});

test("where a server counted the first prompt, that is no estimate", () => {
  expect(usageOverParts(last, delivered, 63)).toMatchObject({ prompt_tokens: 63, completion_tokens: 57 });
});

test("the prompt is neither negative nor larger than the last one", () => {
  expect(usageOverParts({ ...last, prompt_tokens: 10 }, delivered, undefined)).toMatchObject({
    prompt_tokens: 0,
    completion_tokens: 30,
  });
  expect(usageOverParts(last, delivered, 5000)).toMatchObject({ prompt_tokens: 100, completion_tokens: 20 });
});

test("the thinking of all parts counts, where any is counted, and is never more than the output", () => {
  const counted = (details: Usage["completion_tokens_details"], promptTokens?: number) =>
    usageOverParts({ ...last, completion_tokens_details: details }, delivered, promptTokens).completion_tokens_details;
  expect(counted({ reasoning_tokens: 7 })).toEqual({ reasoning_tokens: 19 });
  expect(counted({ reasoning_tokens: 7, other: 1 } as object)).toEqual({ reasoning_tokens: 19, other: 1 });
  expect(counted({})).toEqual({ reasoning_tokens: 12 });
  expect(counted(null)).toBeNull();
  for (const odd of ["many", { reasoning_tokens: "7" }]) expect(counted(odd as object)).toBe(odd);
  expect(counted({ reasoning_tokens: 15 }, 97)).toEqual({ reasoning_tokens: 23 });
  expect(usageOverParts(last, delivered, undefined)).not.toHaveProperty("completion_tokens_details");
});

test("no more of the prompt was found in the cache than there is, in either field", () => {
  const cached = { prompt_cache_hit_tokens: 90, prompt_cache_miss_tokens: 10 };
  const details = { prompt_tokens_details: { cached_tokens: 90, audio_tokens: 0 } };
  expect(usageOverParts({ ...last, ...cached, ...details }, delivered, undefined)).toMatchObject({
    prompt_cache_hit_tokens: 58,
    prompt_cache_miss_tokens: 0,
    prompt_tokens_details: { cached_tokens: 58, audio_tokens: 0 },
  });
  const few = {
    prompt_cache_hit_tokens: 50,
    prompt_cache_miss_tokens: 50,
    prompt_tokens_details: { cached_tokens: 50 },
  };
  expect(usageOverParts({ ...last, ...few }, delivered, undefined)).toMatchObject({
    prompt_cache_hit_tokens: 50,
    prompt_cache_miss_tokens: 8,
    prompt_tokens_details: { cached_tokens: 50 },
  });
  expect(usageOverParts(last, delivered, undefined)).not.toHaveProperty("prompt_cache_hit_tokens");
  expect(usageOverParts(last, delivered, undefined)).not.toHaveProperty("prompt_tokens_details");
});

test("usage that counts only one of both is passed on as it is", () => {
  for (const field of ["prompt_tokens", "completion_tokens"]) {
    for (const value of [undefined, null, "12", -1, {}, Number.NaN, Number.POSITIVE_INFINITY]) {
      const odd = { ...last, [field]: value } as Usage;
      expect(usageOverParts(odd, delivered, undefined)).toBe(odd);
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
  const texts = fc.record({ content: fc.string({ maxLength: 400 }), reasoning_content: fc.string({ maxLength: 400 }) });
  fc.assert(
    fc.property(counts, others, texts, anything, (numbers, more, parts, promptTokens) => {
      const given = { ...numbers, ...more } as unknown as Usage;
      const usage = usageOverParts(given, parts, promptTokens as number);
      expect(usage.prompt_tokens + usage.completion_tokens).toBe(given.prompt_tokens + given.completion_tokens);
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
