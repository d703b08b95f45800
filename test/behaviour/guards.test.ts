import { expect, test } from "vitest";
import { GuardError } from "../../src/index.ts";
import { createWorld, params } from "../support/busy-world.ts";
import { backup, bench } from "../support/failover-bench.ts";
import { attemptsOf, expectRight, observe, READINGS } from "../support/observe-call.ts";
import { expectClosed, primary } from "../support/resume-world.ts";
import { scriptedHost } from "../support/scripted-host.ts";

const silent = { ...params, thinking: { type: "disabled" } } as const;
const LOOP = { kind: "loop", afterTokens: 10 } as const;
const guarded = { guards: { repetition: { afterChars: 300 } } } as const;
const elsewhere = { guards: { repetition: { afterChars: 300 }, maxThinkingTokens: 500, onTrip: "elsewhere" } } as const;

test("no guard is on by itself: what repeats itself is an answer that reached its length", async () => {
  const world = createWorld({ script: [LOOP], timing: {} });
  const seen = await observe(world, "text", { params: silent });
  expect(seen.completion?.choices[0]?.finish_reason).toBe("length");
  expect(seen.text.length).toBeGreaterThan(10_000);
});

test.each(READINGS)("an answer that repeats itself fails with all that arrived: %s", async (reading) => {
  const world = createWorld({ script: [LOOP], client: { guards: { repetition: true } } });
  const seen = await observe(world, reading, { params: silent });
  expect(GuardError.isInstance(seen.error) && seen.error.guard).toBe("repetition");
  expect(seen.error).toMatchObject({ code: "guard", retryable: true, provider: "deepseek", model: "deepseek-flash" });
  expect(seen.error?.message).toMatch(
    /said the same 22 characters \d+ times in a row in its text \(guards\.repetition\)/,
  );
  const partial = seen.error?.partial?.content ?? "";
  const [request] = world.simulator.requests;
  // At the first look behind 2,000 characters of it, and exactly what had come by then.
  const words = " and again, and so on,";
  const begunAt = partial.indexOf(words);
  expect(request?.answer?.content.startsWith(partial.slice(0, begunAt))).toBe(true);
  expect(partial.slice(begunAt)).toBe(words.repeat(110).slice(0, partial.length - begunAt));
  expect(partial.length).toBeGreaterThanOrEqual(begunAt + 2_000);
  expect(partial.length).toBeLessThan(begunAt + 2_260);
  if (reading !== "create") expect(partial).toBe(seen.text);
  // It is not paid to its end.
  expect(request?.tokens).toBeLessThan(1_200);
  expect(attemptsOf(seen)).toEqual([["deepseek", "first", "interrupted", "guard"]]);
  expect(world.simulator.requests.length).toBe(1);
  await expectClosed(world, world.simulator);
});

test("what a guard has seen is told in numbers, and never quoted", async () => {
  const world = createWorld({ script: [LOOP], client: guarded });
  const { error } = await observe(world, "create", { params: silent });
  expect(error).toMatchObject({ guard: "repetition", partial: { content: expect.stringContaining("and so on") } });
  expect(JSON.stringify([error, error?.message, world.events])).not.toContain("and so on");
});

test("a call may do without the guards of its client", async () => {
  const world = createWorld({ script: [LOOP], client: guarded });
  const seen = await observe(world, "create", { params: silent, options: { guards: false } });
  expect(seen.completion?.choices[0]?.finish_reason).toBe("length");
});

test.each(["text", "blanks"] as const)("%s, again and again, are no answer in JSON mode either", async (what) => {
  const world = createWorld({ script: [{ ...LOOP, what }], client: guarded });
  const asked = {
    ...silent,
    response_format: { type: "json_object" },
    messages: [{ role: "user", content: "json" }],
  } as const;
  expect((await observe(world, "create", { params: asked })).error).toMatchObject({ guard: "repetition" });
});

test("a whole call starts again at another provider, and nothing of the loop is kept", async () => {
  const { world, hosts } = bench({ client: elsewhere, script: [LOOP] });
  const seen = await observe(world, "create", { params: silent });
  expectRight(seen, hosts[1]);
  expect(attemptsOf(seen)).toEqual([
    ["deepseek", "first", "interrupted", "guard"],
    ["backup", "resume", "succeeded"],
  ]);
  expect(seen.report.attempts.map(({ wasted }) => wasted)).toEqual([true, false]);
  expect(hosts[1].requests[0]?.body.messages?.length).toBe(1);
  await expectClosed(world, ...hosts);
});

test.each(["text", "chunks", "parts"] as const)(
  "a loop that was shown cannot be taken back without permission: %s",
  async (reading) => {
    const { world, hosts } = bench({ client: elsewhere, script: [LOOP] });
    const seen = await observe(world, reading, { params: silent });
    expect(seen.error).toMatchObject({ code: "guard", partial: { content: seen.text } });
    // Nobody is asked in vain.
    expect(hosts.map(({ requests }) => requests.length)).toEqual([1, 0]);
  },
);

test("whoever reads parts and permits it is told to discard the loop, and gets another answer whole", async () => {
  const { world, hosts } = bench({ client: elsewhere, script: [LOOP] });
  const options = { resume: { onUnresumable: "reset" } } as const;
  const seen = await observe(world, "parts", { params: silent, options });
  expectRight(seen, hosts[1]);
  expect(seen.parts.filter(({ type }) => type === "reset").length).toBe(1);
});

test.each(READINGS)(
  "a loop in its thinking, or thinking without end, is no loss: another provider thinks, and answers: %s",
  async (reading) => {
    for (const guards of [{ repetition: { afterChars: 300 } }, { maxThinkingTokens: 100 }]) {
      const loop = { kind: "loop", what: "reasoning", afterTokens: 10 } as const;
      const { world, hosts } = bench({ client: { guards: { ...guards, onTrip: "elsewhere" } }, script: [loop] });
      const seen = await observe(world, reading);
      expectRight({ ...seen, chunks: [] }, hosts[1]);
      expect(seen.completion?.choices[0]?.message.reasoning_content).toBe(hosts[1].requests[0]?.answer?.reasoning);
      expect(attemptsOf(seen)[0]).toEqual(["deepseek", "first", "interrupted", "guard"]);
      expect(hosts.map(({ requests }) => requests.length)).toEqual([1, 1]);
    }
  },
);

test("what came of the second thinking goes on where it breaks off: only the first was spoilt", async () => {
  const loop = { kind: "loop", what: "reasoning", afterTokens: 10 } as const;
  const world = createWorld({ script: [loop, { kind: "cut", afterTokens: 60 }], answerTokens: 80, client: elsewhere });
  const seen = await observe(world, "text");
  expectRight(seen, world.simulator);
  expect(seen.report.seams).toMatchObject([{ how: "restart", atChar: 0 }, { how: "prefix" }]);
  expect(world.simulator.requests[2]?.body.messages?.at(-1)).toMatchObject({
    reasoning_content: world.simulator.requests[1]?.answer?.reasoning,
  });
});

test("the only provider is asked once more, and not again", async () => {
  const once = createWorld({ script: [LOOP], client: elsewhere });
  expectRight(await observe(once, "create", { params: silent }), once.simulator);
  const always = createWorld({ faults: [LOOP], client: elsewhere });
  const { error } = await observe(always, "create", { params: silent });
  expect(error).toMatchObject({ code: "guard", guard: "repetition" });
  expect(always.simulator.requests.length).toBe(2);
});

test("thinking is too long only before there is text", async () => {
  const world = createWorld({ answerTokens: 200, client: { guards: { maxThinkingTokens: 10 } } });
  const seen = await observe(world, "chunks");
  expect(seen.error).toMatchObject({ guard: "thinking", partial: { content: "", reasoning_content: seen.thinking } });
  expect(seen.error?.message).toContain("thought for about 12 tokens, more than 10, and had not begun its answer");
  const enough = createWorld({ answerTokens: 200, client: { guards: { maxThinkingTokens: 100 } } });
  expectRight(await observe(enough, "text"), enough.simulator);
});

test("a loop that goes on behind a seam is found: the part before counts too", async () => {
  const half = Array.from({ length: 10 }, () => "the same words again, ");
  const host = scriptedHost([
    { says: ["It begins. ", ...half], ends: "cut" },
    { says: [...half], ends: "stop" },
  ]);
  const world = createWorld({ client: { providers: [host.provider], ...guarded } });
  const seen = await observe(world, "text");
  expect(seen.error).toMatchObject({ guard: "repetition" });
  expect(seen.text.length).toBeLessThan(11 + 300 + 38 + 22);
  expect(seen.report.attempts.map(({ error }) => error?.code)).toEqual(["stream_interrupted", "guard"]);
});

test("a guard says nothing about a provider's health", async () => {
  const world = createWorld({ faults: [LOOP], client: guarded });
  for (let call = 0; call < 8; call += 1) await observe(world, "create", { params: silent });
  expect(world.client.health().providers).toMatchObject([{ models: [{ circuit: "closed" }] }]);
});

test("without resume a guard ends the call, whatever may follow", async () => {
  const { world, hosts } = bench({ client: { ...elsewhere, resume: false }, script: [LOOP] });
  expect((await observe(world, "create", { params: silent })).error).toMatchObject({ code: "guard" });
  expect(hosts[1].requests.length).toBe(0);
});

test("a new start after a guard is one of maxResumes", async () => {
  for (const [maxResumes, asked] of [
    [0, [1, 0]],
    [1, [1, 1]],
  ] as const) {
    const { world, hosts } = bench({ client: { ...elsewhere, resume: { maxResumes } }, script: [LOOP] });
    const { error } = await observe(world, "create", { params: silent });
    expect(error?.code).toBe(maxResumes === 0 ? "guard" : undefined);
    expect(hosts.map(({ requests }) => requests.length)).toEqual(asked);
  }
});

test("when nobody else can, the guard's error is told", async () => {
  const providers = [primary, { ...backup, unable: () => "tools" as const }];
  const world = createWorld({ faults: [LOOP], client: { ...elsewhere, providers } });
  expect((await observe(world, "create", { params: silent })).error).toMatchObject({ code: "guard" });
});
