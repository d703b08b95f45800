import { expect, test } from "vitest";
import { openrouter, type Provider } from "../../src/index.ts";
import { addHost, createWorld, params } from "../support/busy-world.ts";
import { bench } from "../support/failover-bench.ts";
import { expectRight, expectTruePartial, observe, READINGS } from "../support/observe-call.ts";
import { expectClosed, primary, SECOND, second } from "../support/resume-world.ts";

// What is told of an answer in parts, and the modes that make parts of their own kind.

const silent = { ...params, thinking: { type: "disabled" } } as const;
const CUT = { kind: "cut", afterTokens: 40 } as const;
const answerTokens = 90;

test.each(READINGS)("usage is the first prompt and all output, about as the servers counted: %s", async (reading) => {
  const world = createWorld({ script: [CUT, { kind: "cut", afterTokens: 20 }], answerTokens });
  const seen = await observe(world, reading, { params: silent });
  expectRight(seen, world.simulator);
  const whole = createWorld({ answerTokens });
  const { completion } = await observe(whole, reading, { params: silent });
  const sent = world.simulator.stats.tokensMade;
  const { usage } = seen.completion ?? {};
  expect(Math.abs((usage?.completion_tokens ?? 0) - sent)).toBeLessThanOrEqual(sent / 5);
  expect(Math.abs((usage?.prompt_tokens ?? 0) - (completion?.usage?.prompt_tokens ?? 0))).toBeLessThanOrEqual(sent / 5);
  expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  if (reading === "parts") expect(seen.parts.at(-1)).toMatchObject({ type: "finish", usage });
  if (reading === "chunks") expect(seen.chunks.at(-1)?.usage).toEqual(usage);
});

test("billed is what every request cost, the prompts that were read again included", async () => {
  const world = createWorld({ script: [CUT, { kind: "cut", afterTokens: 20 }, "busy"], answerTokens });
  const { report, completion } = await observe(world, "text", { params: silent });
  const { billed, attempts } = report;
  expect(billed.completionTokens).toBe(attempts.reduce((sum, { tokens }) => sum + (tokens?.completionTokens ?? 0), 0));
  const made = world.simulator.stats.tokensMade;
  expect(Math.abs(billed.completionTokens - made)).toBeLessThanOrEqual(made / 5);
  expect(billed.promptTokens).toBeGreaterThan(completion?.usage?.prompt_tokens ?? 0);
  expect(attempts.map(({ estimated, tokens }) => [estimated, tokens !== undefined])).toEqual([
    [true, true],
    [true, true],
    [false, false],
    [false, true],
  ]);
});

test("seams, events and wasted flags tell one story", async () => {
  const world = createWorld({ script: [CUT, "busy"], answerTokens, client: { providers: [primary, second] } });
  const host = addHost(SECOND, { clock: world.clock, script: ["outage", { kind: "stall", afterTokens: 9 }] });
  const seen = await observe(world, "parts", { params: silent });
  expectRight(seen, world.simulator, host);
  const { seams, attempts } = seen.report;
  const resumes = world.events.filter((event) => event.type === "resume");
  expect(resumes.map(({ from, atChar }) => [from, atChar])).toEqual(seams.map(({ from, atChar }) => [from, atChar]));
  expect(seen.parts.filter(({ type }) => type === "seam")).toEqual(
    seams.map(({ atChar, from, to }) => ({ type: "seam", atChar, from, to })),
  );
  expect(world.events.some(({ type }) => type === "reset")).toBe(false);
  expect(attempts.some(({ wasted }) => wasted)).toBe(false);
  expect(attempts.map(({ kind }) => kind)).toEqual(["first", ...attempts.slice(1).map(({ kind }) => kind)]);
  const last = world.events.at(-1);
  expect(last).toMatchObject({ type: "call-end", report: { outcome: "succeeded", seams } });
  // Events hold numbers and names only.
  expect(JSON.stringify(world.events)).not.toContain(seen.text.slice(0, 12));
});

test("a call that fails behind a seam tells its seams, and what was lost", async () => {
  const world = createWorld({ faults: [CUT], answerTokens });
  const seen = await observe(world, "text", { params: silent, options: { resume: { maxResumes: 1 } } });
  expect(seen.error).toMatchObject({ code: "stream_interrupted" });
  expectTruePartial(seen, "text", world.simulator);
  expect(seen.report).toMatchObject({ outcome: "failed", seams: [{ how: "prefix" }] });
  expect(seen.error?.attempts).toEqual(seen.report.attempts);
});

const json = {
  ...silent,
  response_format: { type: "json_object" },
  messages: [{ role: "user", content: "json" }],
} as const;

test.each(READINGS)("JSON mode: the continuation is asked for as text, and the whole is JSON: %s", async (reading) => {
  const world = createWorld({ script: [CUT, { kind: "cut", afterTokens: 12 }], answerTokens });
  const seen = await observe(world, reading, { params: json });
  expectRight(seen, world.simulator);
  expect(JSON.parse(seen.text)).toEqual({ answer: expect.any(String) });
  const formats = world.simulator.requests.map(({ body }) => body["response_format"]);
  expect(formats).toEqual([{ type: "json_object" }, undefined, undefined]);
});

test.each(READINGS)("JSON mode: a whole that is no JSON is none: %s", async (reading) => {
  // The second host does not know the answer, and goes on in prose.
  const world = createWorld({ script: [CUT, "outage"], answerTokens, client: { providers: [primary, second] } });
  const host = addHost(SECOND, { clock: world.clock });
  const seen = await observe(world, reading, { params: json });
  if (reading === "create") {
    expectRight(seen, world.simulator, host);
    expect(JSON.parse(seen.text)).toEqual({ answer: expect.any(String) });
  } else {
    expect(seen.error?.code).toMatch(/^(malformed_output|stream_interrupted)$/);
    expectTruePartial(seen, reading, world.simulator, host);
  }
  expect(seen.report.attempts[1]).toMatchObject({ outcome: "interrupted", error: { code: "malformed_output" } });
  await expectClosed(world, world.simulator, host);
});

test("wire: json gives nothing before the end: a broken body starts again, a short one goes on", async () => {
  for (const reading of READINGS) {
    const script = [{ kind: "cut" }, { kind: "in_stream_error" }, "busy"] as const;
    const world = createWorld({ script, client: { wire: "json" } });
    const seen = await observe(world, reading);
    expectRight(seen, world.simulator);
    expect(seen.report.seams).toEqual([]);
    expect(world.simulator.requests.every(({ body }) => !body["stream"])).toBe(true);
    // Half an answer without a finish reason came whole.
    world.simulator.script({ kind: "end", afterTokens: 60 });
    const short = await observe(world, reading);
    expectRight(short, world.simulator);
    expect(short.report.seams).toMatchObject([{ how: "prefix" }]);
    await expectClosed(world, world.simulator);
  }
});

const OPENROUTER = "https://openrouter.example/api/v1";
const aggregator = openrouter({ apiKey: "sk-or-0123456789", baseURL: OPENROUTER });

/** OpenRouter, whose first answer breaks off; with others behind it. */
function aggregated(...others: readonly Provider[]) {
  const world = createWorld({ client: { providers: [aggregator, ...others] }, answerTokens });
  const script = [{ kind: "cut", afterTokens: 60 }] as const;
  return { world, host: addHost(OPENROUTER, { clock: world.clock, dialect: "openrouter", script, answerTokens }) };
}

test.each(["text", "chunks", "parts"] as const)(
  "bestEffort lets OpenRouter go on from a last message: %s",
  async (reading) => {
    const { world, host } = aggregated();
    const seen = await observe(world, reading, { options: { resume: { bestEffort: true } } });
    expectRight(seen, host);
    expect(seen.report.seams).toMatchObject([{ from: "openrouter", to: "openrouter", how: "prefill" }]);
    expect(host.requests[1]?.body.messages?.at(-1)).toEqual({ role: "assistant", content: expect.any(String) });
  },
);

test("without bestEffort it is asked to start again, and what was seen is not spliced", async () => {
  const { world, host } = aggregated();
  const seen = await observe(world, "text");
  expect(seen.error).toMatchObject({ code: "stream_interrupted" });
  expectTruePartial(seen, "text", host);
  expect(host.requests[1]?.body.messages?.at(-1)?.role).toBe("user");
});

test("a promise to go on is worth more than a best effort, and both more than a new start", async () => {
  const { world, host } = aggregated(primary);
  const seen = await observe(world, "text", { options: { resume: { bestEffort: true } } });
  expectRight(seen, world.simulator, host);
  expect(seen.report.seams).toMatchObject([{ from: "openrouter", to: "deepseek", how: "prefix" }]);
});

test("no cost where nothing breaks: one request, no seam, no event", async () => {
  for (const reading of READINGS) {
    const { world, hosts } = bench({ answerTokens });
    const seen = await observe(world, reading);
    expectRight(seen, ...hosts);
    expect(world.simulator.requests.length).toBe(1);
    expect(seen.report).toMatchObject({
      seams: [],
      attempts: [{ kind: "first", outcome: "succeeded", wasted: false }],
    });
    expect(new Set(world.events.map(({ type }) => type))).toEqual(
      new Set(["attempt-start", "attempt-head", "attempt-end", "call-end"]),
    );
  }
});
