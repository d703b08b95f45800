import { expect, test } from "vitest";
import { splitTokens } from "../../src/testing/compose-answer.ts";
import { createWorld, params } from "../support/busy-world.ts";
import { backup, bench } from "../support/failover-bench.ts";
import { expectRight, expectTrueChain, observe, prefixOf, READINGS } from "../support/observe-call.ts";
import { expectClosed } from "../support/resume-world.ts";
import { scriptedHost } from "../support/scripted-host.ts";

// `max_tokens`, and what goes on behind it.

const short = { ...params, thinking: { type: "disabled" }, max_tokens: 30 } as const;
const longer = (continueOnLength: number) => ({ resume: { continueOnLength } });
/** More than three times thirty. */
const answerTokens = 95;

test.each(READINGS)("continueOnLength goes on so often, with as many tokens again: %s", async (reading) => {
  for (const [times, finish] of [
    [1, "length"],
    [2, "length"],
    [9, "stop"],
  ] as const) {
    const world = createWorld({ answerTokens });
    const seen = await observe(world, reading, { params: short, options: longer(times) });
    expect(seen.error).toBeUndefined();
    const { requests } = world.simulator;
    const said = requests.map(({ answer }) => answer?.content ?? "").join("");
    expect(seen.text).toBe(said);
    expect(seen.completion?.choices[0]).toMatchObject({ finish_reason: finish, message: { content: said } });
    expect(world.simulator.isWholeAnswer(said)).toBe(finish === "stop");
    expectTrueChain(world.simulator);
    expect(requests.length).toBe(times === 9 ? Math.ceil(splitTokens(said).length / 30) : 1 + times);
    expect(requests.map(({ body }) => body["max_tokens"])).toEqual(requests.map(() => 30));
    expect(seen.report.seams).toMatchObject(requests.slice(1).map(() => ({ how: "prefix" })));
    expect(seen.report.attempts.map(({ outcome, wasted }) => [outcome, wasted])).toEqual(
      requests.map(() => ["succeeded", false]),
    );
    if (reading === "chunks") expect(seen.chunks.filter(({ choices }) => choices[0]?.finish_reason).length).toBe(1);
    await expectClosed(world, world.simulator);
  }
});

test.each(READINGS)("without it an answer of that length is an answer: %s", async (reading) => {
  const world = createWorld({ answerTokens });
  const seen = await observe(world, reading, { params: short });
  expect(seen.completion?.choices[0]?.finish_reason).toBe("length");
  expect(world.simulator.requests.length).toBe(1);
});

test.each(READINGS)("where nobody can go on it ends with length as it would have, at once: %s", async (reading) => {
  const { world, hosts } = bench({ client: { providers: [backup] }, answerTokens });
  const seen = await observe(world, reading, { params: short, options: longer(3) });
  expect(seen.completion?.choices[0]?.finish_reason).toBe("length");
  expect(seen.text).toBe(hosts[1].requests[0]?.answer?.content);
  expect(seen.completion?.usage).toMatchObject({ completion_tokens: 30 });
  expect(hosts[1].requests.length).toBe(1);
  expect(seen.tookMs).toBe(340 + 29 * 25);
});

test.each(READINGS)(
  "where whoever could is refused, or down for good, it ends with length, too: %s",
  async (reading) => {
    for (const trouble of ["invalid_request", "outage", "black_hole"] as const) {
      const world = createWorld({ answerTokens, script: ["ok"], faults: [{ kind: trouble }] });
      const seen = await observe(world, reading, { params: short, options: longer(3) });
      expect(seen.error).toBeUndefined();
      expect(seen.completion?.choices[0]?.finish_reason).toBe("length");
      expect(seen.text).toBe(world.simulator.requests[0]?.answer?.content);
      expect(seen.completion?.usage).toMatchObject({ completion_tokens: 30 });
      expect(seen.report).toMatchObject({ outcome: "succeeded", seams: [] });
      expect(seen.tookMs).toBeLessThanOrEqual(120_000 + 2_000);
      await expectClosed(world, world.simulator);
    }
  },
);

test.each(READINGS)(
  "a part behind the length that is cut goes on with what is left of its tokens: %s",
  async (reading) => {
    const world = createWorld({ answerTokens, script: ["ok", { kind: "cut", afterTokens: 10 }] });
    const seen = await observe(world, reading, { params: short, options: longer(1) });
    expect(seen.completion?.choices[0]?.finish_reason).toBe("length");
    expectTrueChain(world.simulator);
    const [first, cut, rest] = world.simulator.requests;
    expect(seen.text).toBe(prefixOf(rest as never)?.content + (rest?.answer?.content ?? ""));
    expect([first, cut].map((request) => request?.body["max_tokens"])).toEqual([30, 30]);
    expect(rest?.body["max_tokens"]).toBeGreaterThanOrEqual(14);
    expect(rest?.body["max_tokens"]).toBeLessThan(30);
  },
);

test("a cut part behind the length that nobody goes on with ends with length, if it brought nothing", async () => {
  const host = scriptedHost([
    { says: ["one", " two"], ends: "length" },
    { says: [{ reasoning_content: "late" }], ends: "cut" },
  ]);
  const world = createWorld({ client: { providers: [host.provider], retry: false } });
  const { completion } = await observe(world, "text", { options: longer(1) });
  expect(completion?.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "one two" } });
});

test("thinking that reaches the length goes on, and so does the text after it", async () => {
  const world = createWorld({ answerTokens: 120 });
  const request = { ...params, max_tokens: 20 } as const;
  const seen = await observe(world, "chunks", { params: request, options: longer(30) });
  expectRight(seen, world.simulator);
  expect(seen.completion?.choices[0]?.message.reasoning_content).toBe(
    prefixOf(world.simulator.requests.at(-1) as never)?.reasoning,
  );
  expect(seen.report.seams[0]?.atChar).toBe(0);
});

test("cut tool calls at the length are never handed out, and not gone on with", async () => {
  const call = { id: "c", type: "function", function: { name: "now", arguments: '{"zone":"UTC"}' } } as const;
  const world = createWorld({ answer: () => ({ content: "", reasoning: "", toolCalls: [call] }) });
  const seen = await observe(world, "create", { params: { ...short, max_tokens: 3 }, options: longer(3) });
  expect(seen.completion?.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "" } });
  expect(seen.completion?.choices[0]?.message.tool_calls).toBeUndefined();
  expect(world.simulator.requests.length).toBe(1);
});

test.each(READINGS)("max_tokens counts over a cut: the continuation gets about what is left: %s", async (reading) => {
  const world = createWorld({ answerTokens, script: [{ kind: "cut", afterTokens: 40 }] });
  const seen = await observe(world, reading, { params: { ...short, max_tokens: 60 } });
  expect(seen.completion?.choices[0]?.finish_reason).toBe("length");
  expectTrueChain(world.simulator);
  const [first, rest] = world.simulator.requests;
  expect(first?.body["max_tokens"]).toBe(60);
  const tokens = 40 + Number(rest?.body["max_tokens"]);
  expect(tokens).toBeGreaterThanOrEqual(48);
  expect(tokens).toBeLessThanOrEqual(72);
  // One that fits is not cut short by it.
  const roomy = createWorld({ answerTokens, script: [{ kind: "cut", afterTokens: 40 }] });
  expectRight(await observe(roomy, reading, { params: { ...short, max_tokens: 300 } }), roomy.simulator);
});

test("a max_tokens that was used up to the last leaves one", async () => {
  const world = createWorld({ answerTokens, script: [{ kind: "end", afterTokens: 30 }] });
  const seen = await observe(world, "text", { params: short });
  expect(world.simulator.requests[1]?.body["max_tokens"]).toBeGreaterThanOrEqual(1);
  expect(seen.completion?.choices[0]?.finish_reason).toBe("length");
});

test("stop ends the answer wherever its part begins", async () => {
  const text = "one two three four five six STOP seven eight";
  for (const afterTokens of [2, 4, 6]) {
    const world = createWorld({ answer: () => text, script: [{ kind: "cut", afterTokens }] });
    const seen = await observe(world, "text", { params: { ...short, max_tokens: 500, stop: "STOP" } });
    expect(seen.text).toBe("one two three four five six ");
    expect(seen.completion?.choices[0]?.finish_reason).toBe("stop");
    expect(world.simulator.requests[1]?.body["stop"]).toBe("STOP");
  }
});

test("an abort while the length goes on comes back unchanged", async () => {
  const world = createWorld({ answerTokens, script: ["ok", { kind: "queue", forMs: 60_000 }] });
  const controller = new AbortController();
  world.clock.after(20_000, () => controller.abort("enough"));
  const options = { ...longer(3), signal: controller.signal };
  const seen = await observe(world, "text", { params: short, options });
  expect(seen.error).toBe("enough");
  expect(seen.tookMs).toBe(20_000);
  await expectClosed(world, world.simulator);
});
