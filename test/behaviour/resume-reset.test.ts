import { expect, test } from "vitest";
import { createWorld, params } from "../support/busy-world.ts";
import { backup, bench } from "../support/failover-bench.ts";
import { expectRight, expectTruePartial, observe, READINGS } from "../support/observe-call.ts";
import { expectClosed } from "../support/resume-world.ts";
import { scriptedHost } from "../support/scripted-host.ts";

// Text was seen, and nobody can go on with it.

const silent = { ...params, thinking: { type: "disabled" } } as const;
const CUT = { kind: "cut", afterTokens: 40 } as const;
const reset = { resume: { onUnresumable: "reset" } } as const;
const cannot = { providers: [backup] } as const;

test.each(["text", "chunks", "parts"] as const)(
  "a new start that says something else fails at the first difference: %s",
  async (reading) => {
    const { world, hosts } = bench({ client: cannot }, { script: [CUT] });
    const seen = await observe(world, reading, { params: silent });
    expect(seen.error).toMatchObject({ code: "stream_interrupted", retryable: true, provider: "backup" });
    const partial = expectTruePartial(seen, reading, ...hosts);
    expect(partial.length).toBeGreaterThan(100);
    expect(seen.report.attempts).toMatchObject([
      { outcome: "interrupted", wasted: true },
      { kind: "resume", outcome: "cancelled", wasted: true },
    ]);
    expect(seen.report.seams).toEqual([]);
    // At the first difference: the new answer is not paid to its end.
    expect(hosts[1].requests[1]?.tokens).toBeLessThan(10);
    await expectClosed(world, ...hosts);
  },
);

test("with onUnresumable: reset, parts() is told to discard, and gives the new answer whole", async () => {
  const { world, hosts } = bench({ client: cannot }, { script: [CUT] });
  const seen = await observe(world, "parts", { params: silent, options: reset });
  expectRight(seen, ...hosts);
  const at = seen.parts.findIndex(({ type }) => type === "reset");
  const before = seen.parts.slice(0, at).map((part) => (part.type === "text-delta" ? part.text : "!"));
  expect(hosts[1].requests[0]?.answer?.content.startsWith(before.join(""))).toBe(true);
  expect(seen.parts.filter(({ type }) => type !== "text-delta").map(({ type }) => type)).toEqual(["reset", "finish"]);
  expect(seen.completion?.id).toBeDefined();
  expect(seen.report).toMatchObject({
    outcome: "succeeded",
    seams: [],
    attempts: [
      { outcome: "interrupted", wasted: true },
      { outcome: "succeeded", wasted: false },
    ],
  });
  expect(world.events.filter(({ type }) => type === "reset" || type === "resume")).toMatchObject([
    { type: "resume", from: "backup" },
    { type: "reset" },
  ]);
});

test.each(["text", "chunks"] as const)(
  "others cannot be told to discard, and fail all the same: %s",
  async (reading) => {
    const { world, hosts } = bench({ client: cannot }, { script: [CUT] });
    const seen = await observe(world, reading, { params: silent, options: reset });
    expect(seen.error).toMatchObject({ code: "stream_interrupted" });
    expectTruePartial(seen, reading, ...hosts);
    expect(world.events.filter(({ type }) => type === "reset")).toEqual([]);
  },
);

test.each(["create", "final"] as const)(
  "whoever sees nothing before the end needs no permission: %s",
  async (reading) => {
    const { world, hosts } = bench({ client: cannot }, { script: [CUT, CUT, CUT] });
    const { completions } = world.client.chat;
    const call = reading === "create" ? completions.create(silent) : completions.stream(silent).finalChatCompletion();
    const { choices } = await world.run(call);
    expect(hosts[1].isWholeAnswer(choices[0]?.message.content ?? "")).toBe(true);
    expect(hosts[1].requests.length).toBe(4);
  },
);

test("it may be reset several times, and go on in between: the text is that of the last answer", async () => {
  const { world, hosts } = bench(
    { script: ["busy", "busy", "busy"], faults: [{ kind: "outage" }] },
    { script: [CUT, CUT, { kind: "end", afterTokens: 30 }] },
  );
  const seen = await observe(world, "parts", { params: silent, options: reset });
  expectRight(seen, ...hosts);
  expect(seen.parts.filter(({ type }) => type === "reset").length).toBe(3);
  expect(seen.parts.at(-1)).toMatchObject({ type: "finish", finishReason: "stop" });
});

test("behind a reset a seam counts from the new beginning", async () => {
  const piece = { index: 0, id: "c1", type: "function", function: { name: "now", arguments: "{" } } as const;
  const host = scriptedHost([
    // Nobody goes on from half a tool call.
    { says: ["one", " two", { tool_calls: [piece] }], ends: "cut" },
    { says: ["eins", " zwei"], ends: "cut" },
    { says: [" drei"], ends: "stop" },
  ]);
  const world = createWorld({ client: { providers: [host.provider] } });
  const seen = await observe(world, "parts", { options: reset });
  expect(seen.text).toBe("eins zwei drei");
  expect(seen.completion?.choices[0]?.message).toEqual({ role: "assistant", content: "eins zwei drei" });
  expect(seen.parts.map((part) => (part.type === "text-delta" ? part.text : part.type))).toEqual([
    "one",
    " two",
    "reset",
    "eins",
    " zwei",
    "seam",
    " drei",
    "finish",
  ]);
  expect(seen.report.seams).toEqual([{ atChar: 9, from: "scripted", to: "scripted", how: "prefix" }]);
  expect(seen.report.attempts.map(({ wasted }) => wasted)).toEqual([true, false, false]);
});

test.each(READINGS)(
  "a new start that says the same is laid over what was seen, and goes on behind it: %s",
  async (reading) => {
    const cannotGoOn = {};
    const host = scriptedHost(
      [
        { says: ["the same ", "words", " and"], ends: "cut" },
        { says: ["the ", "same words and", " more"], ends: "stop", usage },
      ],
      "scripted",
      cannotGoOn,
    );
    const world = createWorld({ client: { providers: [host.provider] } });
    const seen = await observe(world, reading);
    expect(seen.error).toBeUndefined();
    expect(seen.text).toBe("the same words and more");
    expect(seen.completion?.choices[0]?.message.content).toBe("the same words and more");
    expect(seen.completion?.usage).toEqual(usage);
    expect(host.requests.map(({ messages }) => messages.at(-1)?.role)).toEqual(["user", "user"]);
    expect(seen.report.seams).toEqual(
      reading === "create" ? [] : [{ atChar: 18, from: "scripted", to: "scripted", how: "restart" }],
    );
    // It was paid for again.
    expect(seen.report.attempts.map(({ wasted }) => wasted)).toEqual([true, false]);
    if (reading === "chunks") expect(new Set(seen.chunks.map(({ id }) => id)).size).toBe(1);
  },
);

const usage = { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 };

test("only once: a new start that breaks off, too, is not laid over again", async () => {
  const same = { says: ["the same ", "words", " and"], ends: "cut" };
  const host = scriptedHost([same, { ...same, says: [...same.says, " more"] }, same], "scripted", {});
  const world = createWorld({ client: { providers: [host.provider] } });
  const seen = await observe(world, "text");
  expect(seen.error).toMatchObject({ code: "stream_interrupted", partial: { content: "the same words and more" } });
  expect(host.requests.length).toBe(2);
});

test("a new start that ends before it has said what was seen is another answer", async () => {
  const host = scriptedHost(
    [
      { says: ["one", " two"], ends: "cut" },
      { says: ["one"], ends: "stop" },
    ],
    "scripted",
    {},
  );
  const world = createWorld({ client: { providers: [host.provider] } });
  const seen = await observe(world, "text");
  expect(seen.error).toMatchObject({ code: "stream_interrupted", partial: { content: "one two" } });
});

test("with probabilities of tokens no new start is laid over what was seen: its tokens are others", async () => {
  const host = scriptedHost([{ says: ["a b "], ends: "cut" }], "scripted", {});
  const world = createWorld({ client: { providers: [host.provider] } });
  const seen = await observe(world, "text", { params: { ...params, logprobs: true } });
  expect(seen.error).toMatchObject({ code: "stream_interrupted", partial: { content: "a b " } });
  expect(host.requests.length).toBe(1);
});
