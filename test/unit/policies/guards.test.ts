import { expect, test } from "vitest";
import type { AttemptCall } from "../../../src/call.ts";
import type { ChatCompletionChunk, ChunkDelta } from "../../../src/chat/chat-response.ts";
import { WAS_THINKING } from "../../../src/chat/chat-response.ts";
import { BusyError } from "../../../src/error-family.ts";
import type { ResilientClientError } from "../../../src/errors.ts";
import { type GuardOptions, guards } from "../../../src/policies/guards.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";
import { makeAttempt } from "../../support/attempt.ts";
import { makeReply } from "../../support/scripted.ts";
import { makeChunk } from "../../support/wire-response.ts";

/** What a guarded attempt is sent with. */
async function sent(options: GuardOptions, overrides: Partial<AttemptCall> = {}) {
  let call: AttemptCall | undefined;
  const reply = makeReply([]);
  await guards(options)(makeAttempt(overrides), (given) => {
    call = given;
    return Promise.resolve(reply);
  });
  return { call: call as AttemptCall, reply };
}

/** Tells a watch of these, with this much thinking, and gives its first objection. */
function watched(
  { watch }: AttemptCall,
  deltas: readonly ChunkDelta[],
  thinking = 0,
): ResilientClientError | undefined {
  for (const delta of deltas) {
    const found = watch?.(makeChunk({ ...delta }) as ChatCompletionChunk, { all: thinking, thinking });
    if (found) return found;
  }
  return undefined;
}

const thought = (text: string) => ({ reasoning_content: text });

test("without a guard nobody watches, and whoever watched before still does", async () => {
  expect((await sent({})).call.watch).toBeUndefined();
  expect((await sent({ repetition: false, onTrip: "elsewhere" })).call.watch).toBeUndefined();
  const objection = new BusyError("enough");
  const { call, reply } = await sent(
    { repetition: true, maxThinkingTokens: 1, minTokensPerSecond: 1 },
    { watch: () => objection },
  );
  expect(watched(call, [thought("hm")], 100)).toBe(objection);
  reply.cancel();
});

test("repetition is looked for in text and in thinking, each by itself, with the limits that were given", async () => {
  const limits = { repetition: { afterChars: 100, repetitions: 2 } };
  const both = (await sent(limits)).call;
  const mixed = Array.from({ length: 9 }, () => ({ content: "ab", ...thought("no") }));
  expect(watched(both, mixed)).toBeUndefined();
  expect(watched((await sent(limits)).call, Array(80).fill(thought("ab")))?.message).toBe(
    "scripted (deepseek-flash) said the same 2 characters 52 times in a row in its thinking (guards.repetition). " +
      "Ask again with another prompt or temperature, or permit more: guards.repetition.afterChars; " +
      'guards.onTrip: "elsewhere" asks another provider.',
  );
  expect(watched((await sent({ repetition: true })).call, Array(80).fill({ content: "ab" }))).toBeUndefined();
});

test.each([
  ["an eighth of 2,000 characters is between two looks", 10, 200, 225],
  ["the same ten times", 500, 10, 11],
  ["no more than 2,000 characters", 2_000, 10, 11],
  ["none of more", 2_001, Number.POSITIVE_INFINITY, 40],
])("repetition: true means the documented limits: %s", async (_, period, from, times) => {
  // Every word of it once.
  const words = Array.from({ length: 700 }, (_word, index) => `w${index}`).join("-");
  const { call } = await sent({ repetition: true });
  const found = Array.from({ length: times }, () => watched(call, [{ content: words.slice(0, period) }]));
  const at = found.findIndex(Boolean);
  expect(at < 0 ? Number.POSITIVE_INFINITY : at + 1).toBeGreaterThanOrEqual(from);
  expect(at >= 0).toBe(Number.isFinite(from));
});

test.each(["prefix", "prefill"] as const)(
  "of an answer that goes on (%s) the part before counts; of a new start it does not",
  async (how) => {
    const options = { repetition: { afterChars: 100 }, maxThinkingTokens: 40 };
    const continues = { content: "ab".repeat(45), reasoning: "", spentTokens: 0, ways: "any" } as const;
    const more = [{ content: "ab".repeat(10) }];
    expect(watched((await sent(options, { continues, continued: how })).call, more)).toMatchObject({
      guard: "repetition",
    });
    expect(watched((await sent(options, { continues, continued: "restart" })).call, more)).toBeUndefined();
    const thinks = { ...continues, content: "", reasoning: "Let me think of it. ".repeat(5) };
    expect(
      watched((await sent(options, { continues: thinks, continued: how })).call, [thought("x")], 20),
    ).toMatchObject({
      guard: "thinking",
      message: expect.stringContaining("thought for about 50 tokens, more than 40"),
    });
    expect(
      watched((await sent(options, { continues: thinks, continued: "restart" })).call, [thought("x")], 20),
    ).toBeUndefined();
  },
);

test.each<[string, ChunkDelta]>([
  ["text", { content: "Well" }],
  ["a tool call", { tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "now" } }] }],
  ["a refusal", { refusal: "No." }],
])("thinking may be as long as it likes once there is %s", async (_, begun) => {
  const { call } = await sent({ maxThinkingTokens: 10 });
  expect(watched(call, [begun, thought("hm")], 100)).toBeUndefined();
});

test("blank text is no beginning, nor is text that turns out to have been thinking", async () => {
  expect(watched((await sent({ maxThinkingTokens: 10 })).call, [{ content: "\n" }], 11)).toMatchObject({
    guard: "thinking",
  });
  const { call } = await sent({ maxThinkingTokens: 10 });
  const aloud = [{ content: "I think" }, { [WAS_THINKING]: true as const, ...thought("I think") }];
  expect(watched(call, aloud, 11)).toMatchObject({ guard: "thinking" });
});

test("a slow answer is aborted with the guard's error; the caller's own reason is passed on, and both are unlinked at the end", async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const { call, reply } = await sent({ minTokensPerSecond: 5, windowMs: 1_000 }, { clock, signal: controller.signal });
  call.progress.reading(true);
  call.progress.head();
  await clock.advance(1_000);
  expect(call.signal.reason).toMatchObject({ code: "guard", guard: "throughput", provider: "scripted" });
  reply.cancel();
  await reply.closed;
  const other = await sent({ minTokensPerSecond: 5 }, { clock, signal: controller.signal });
  controller.abort("enough");
  expect(other.call.signal.reason).toBe("enough");
});

test("an attempt that fails before its head leaves nothing behind", async () => {
  const clock = createVirtualClock();
  const busy = new BusyError("busy");
  const failing = guards({ minTokensPerSecond: 5 })(makeAttempt({ clock }), (call) => {
    call.progress.reading(true);
    call.progress.head();
    return Promise.reject(busy);
  });
  expect(await rejectionOf(failing)).toBe(busy);
  expect(clock.pending).toBe(0);
});
