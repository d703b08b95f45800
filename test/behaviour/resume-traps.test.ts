import { expect, test } from "vitest";
import { deepseek, openaiCompatible, openrouter } from "../../src/index.ts";
import { addHost, createWorld, KEY, params } from "../support/busy-world.ts";
import { backup, bench } from "../support/failover-bench.ts";
import { expectRight, observe, prefixOf } from "../support/observe-call.ts";
import { primary } from "../support/resume-world.ts";
import { scriptedHost } from "../support/scripted-host.ts";

// Each of these failed once.

const silent = { ...params, thinking: { type: "disabled" } } as const;
const reset = { resume: { onUnresumable: "reset" } } as const;
const CUT = { kind: "cut", afterTokens: 60 } as const;
const LOCAL = "https://local.example/v1";

test.each(["invalid_request", "context_length"] as const)(
  "a continuation refused with %s: parts() that permits it is reset, and gets its answer",
  async (refusal) => {
    const world = createWorld({ script: [CUT, refusal], answerTokens: 80 });
    const seen = await observe(world, "parts", { params: silent, options: reset });
    expectRight(seen, world.simulator);
  },
);

test.each([
  ["alone", [primary]],
  ["beside one that has no key", [primary, openaiCompatible({ name: "keyless", baseURL: LOCAL, apiKey: "" })]],
])("a continuation refused with 400 is not told as a bad request of the caller's: %s", async (_, providers) => {
  const world = createWorld({ client: { providers }, script: [CUT, "invalid_request"], answerTokens: 80 });
  const { error } = await observe(world, "text", { params: silent });
  expect(error?.code).toBe("stream_interrupted");
});

test("LM Studio's thinking, which no tag opened, was cut: a plain call must not go on from it as text", async () => {
  const local = openaiCompatible({ name: "local", baseURL: LOCAL });
  const world = createWorld({ client: { providers: [local, primary] } });
  const host = addHost(LOCAL, {
    clock: world.clock,
    dialect: "lmStudio",
    thinkTag: "close",
    script: [{ kind: "cut", afterTokens: 12 }],
  });
  const seen = await observe(world, "create");
  expect(seen.text).not.toContain("Hmm");
  expectRight(seen, world.simulator, host);
});

test("text that was malformed is not gone on with, also when a new start has said something else", async () => {
  const local = openaiCompatible({ name: "local", baseURL: LOCAL });
  const world = createWorld({ client: { providers: [local, primary] } });
  // Its text turns out to have been thinking: malformed_output.
  const host = addHost(LOCAL, { clock: world.clock, dialect: "lmStudio", thinkTag: "close" });
  const seen = await observe(world, "text");
  expect(seen.report.attempts[0]?.error?.code).toBe("malformed_output");
  // Asked again without streaming, where such thinking is known before anything is shown.
  expect(host.requests.map(({ body }) => body.stream)).toEqual([true, false]);
  const asked = [...host.requests, ...world.simulator.requests];
  expect(asked.filter((request) => prefixOf(request)?.content)).toEqual([]);
  expect(seen.error?.code).toMatch(/^(malformed_output|stream_interrupted)$/);
});

test("thinking started again, then the text was cut: the message has the thinking of the run its text is from", async () => {
  const startsAgain = deepseek({ apiKey: KEY, abilities: { reasoningPrefix: false } });
  const world = createWorld({
    script: [{ kind: "cut", afterTokens: 5 }, CUT],
    answerTokens: 80,
    client: { providers: [startsAgain] },
  });
  const seen = await observe(world, "text");
  const second = world.simulator.requests[1]?.answer;
  expect(seen.text).toBe(second?.content);
  expect(seen.completion?.choices[0]?.message.reasoning_content).toBe(second?.reasoning);
});

test("and a host that goes on is told that thinking, not the one before", async () => {
  const { world, hosts } = bench(
    { client: { providers: [backup, primary] }, script: ["busy"] },
    {
      script: [
        { kind: "cut", afterTokens: 5 },
        { kind: "cut", afterTokens: 50 },
      ],
      faults: [{ kind: "outage" }],
    },
  );
  await observe(world, "text");
  const continuation = prefixOf(hosts[0].requests[1] as never);
  expect(continuation?.content).not.toBe("");
  expect(continuation?.reasoning).toBe(hosts[1].requests[1]?.answer?.reasoning);
});

test("the end of the thinking is kept when it comes in one chunk with the first text", async () => {
  const host = scriptedHost([
    { says: [{ reasoning_content: "one " }], ends: "cut" },
    { says: [{ reasoning_content: "two", content: "so" }], ends: "stop" },
  ]);
  const world = createWorld({ client: { providers: [host.provider] } });
  const { completion } = await observe(world, "chunks");
  expect(completion?.choices[0]?.message).toMatchObject({ content: "so", reasoning_content: "one two" });
});

test("so it is with wire: json, whose answer is one chunk", async () => {
  const world = createWorld({ script: [{ kind: "end", afterTokens: 10 }], client: { wire: "json" } });
  const { completion } = await observe(world, "create");
  expect(completion?.choices[0]?.message.reasoning_content).toBe(world.simulator.requests[0]?.answer?.reasoning);
});

test("usage of an answer cut while or after it thought: the first prompt is not nothing", async () => {
  const world = createWorld({ script: [CUT], answerTokens: 80 });
  const { completion } = await observe(world, "create");
  const sent = world.simulator.stats.tokensMade;
  // 13, as a server counts it that was not cut.
  expect(completion?.usage?.prompt_tokens).toBeGreaterThan(5);
  expect(Math.abs((completion?.usage?.completion_tokens ?? 0) - sent)).toBeLessThanOrEqual(sent / 10);
});

test("usage of an answer that went on at its length, every part of which was counted, is exact", async () => {
  const world = createWorld({ answerTokens: 120 });
  const request = { ...params, max_tokens: 40 };
  const { completion, report } = await observe(world, "create", {
    params: request,
    options: { resume: { continueOnLength: 9 } },
  });
  expect(report.attempts.every(({ estimated }) => !estimated)).toBe(true);
  expect(completion?.usage).toMatchObject({
    prompt_tokens: 13,
    completion_tokens: world.simulator.stats.tokensMade,
    completion_tokens_details: { reasoning_tokens: report.billed.reasoningTokens },
  });
});

test("bestEffort: a beginning of the user's own is part of the last message, not one before it", async () => {
  const baseURL = "https://openrouter.example/api/v1";
  const world = createWorld({ client: { providers: [openrouter({ apiKey: "sk-or-0123456789", baseURL })] } });
  const host = addHost(baseURL, { clock: world.clock, dialect: "openrouter", script: [CUT], answerTokens: 80 });
  const own = { role: "assistant", content: "My own beginning: " } as const;
  const seen = await observe(world, "text", {
    params: { ...params, messages: [...params.messages, own] },
    options: { resume: { bestEffort: true } },
  });
  expect(host.requests[1]?.body.messages?.map(({ role }) => role)).toEqual(["user", "assistant"]);
  expect(host.isWholeAnswer(own.content + seen.text)).toBe(true);
});

test("in profile batch, too, a host that can start again is asked, where parts() may be reset", async () => {
  const { world, hosts } = bench({ script: [CUT], faults: [{ kind: "outage" }] });
  const stream = world.client.chat.completions.stream(params, { profile: "batch", ...reset });
  const reading = (async () => {
    for await (const _ of stream.parts());
  })().catch(() => {});
  for (let minute = 0; minute < 120; minute += 1) await world.clock.advance(60_000);
  const asked = hosts[1].requests.length;
  stream.abort("enough");
  await world.run(reading);
  expect(asked, "after two hours").toBeGreaterThan(0);
});

test("a stop sequence over the seam: a plain call, of which nothing was seen, ends before it", async () => {
  const host = scriptedHost([
    { says: ["one ", "two<E"], ends: "cut" },
    { says: ["ND> three"], ends: "stop" },
  ]);
  const world = createWorld({ client: { providers: [host.provider] } });
  const { text } = await observe(world, "create", { params: { ...params, stop: "<END>" } });
  expect(text).toBe("one two");
});
