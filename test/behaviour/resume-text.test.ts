import { expect, test } from "vitest";
import { deepseek } from "../../src/index.ts";
import type { Trouble } from "../../src/testing/index.ts";
import { addHost, createWorld, KEY, params } from "../support/busy-world.ts";
import { attemptsOf, expectRight, observe, prefixOf, READINGS } from "../support/observe-call.ts";
import { expectClosed, primary, SECOND, second } from "../support/resume-world.ts";

const SILENT = { ...params, thinking: { type: "disabled" } } as const;
/** Each way a stream may break, at the 40th token of its text. */
const BREAKS: readonly (readonly [name: string, trouble: Trouble, code: string])[] = [
  ["a cut", { kind: "cut", afterTokens: 40 }, "stream_interrupted"],
  ["a clean end without a finish reason", { kind: "end", afterTokens: 40 }, "stream_interrupted"],
  ["a [DONE] without a finish reason", { kind: "end", afterTokens: 40, done: true }, "stream_interrupted"],
  ["an error in the stream", { kind: "in_stream_error", afterTokens: 40 }, "busy"],
  ["an error within the choice", { kind: "in_stream_error", level: "choice", afterTokens: 40 }, "busy"],
  ["an error event", { kind: "in_stream_error", level: "named", afterTokens: 40 }, "busy"],
  ["insufficient_system_resource", { kind: "finish", afterTokens: 40 }, "busy"],
  ["finish reason aborted", { kind: "finish", reason: "aborted", afterTokens: 40 }, "busy"],
  ["a silent stall", { kind: "stall", afterTokens: 40 }, "timeout"],
  ["a stall with keep-alives", { kind: "stall", afterTokens: 40, keepAlives: true }, "timeout"],
  ["no UTF-8", { kind: "malformed", what: "bytes" }, "unexpected_response"],
];

test.each(BREAKS)("%s in the text: it goes on there, however it is read", async (_, trouble, code) => {
  for (const reading of READINGS) {
    const world = createWorld({ script: [trouble], answerTokens: 80 });
    const seen = await observe(world, reading, { params: SILENT });
    expectRight(seen, world.simulator);
    expect(seen.report.attempts.map(({ outcome, error, wasted }) => [outcome, error?.code, wasted])).toEqual([
      ["interrupted", code, false],
      ["succeeded", undefined, false],
    ]);
    const [first, rest] = world.simulator.requests;
    expect(first?.answer?.content.startsWith(prefixOf(rest as never)?.content ?? "none")).toBe(true);
    expect(first?.outcome).not.toBe("open");
    await expectClosed(world, world.simulator);
  }
});

test.each(READINGS)("cut while it thinks: the thinking goes on, and is told once: %s", async (reading) => {
  const world = createWorld({ script: [{ kind: "cut", afterTokens: 10 }], answerTokens: 80 });
  const seen = await observe(world, reading);
  expectRight(seen, world.simulator);
  const [first, rest] = world.simulator.requests;
  const prefix = prefixOf(rest as never);
  expect(prefix?.content).toBe("");
  expect(prefix?.reasoning).not.toBe("");
  expect(rest?.path).toBe("/beta/chat/completions");
  expect(seen.completion?.choices[0]?.message).toEqual({
    role: "assistant",
    content: first?.answer?.content,
    reasoning_content: first?.answer?.reasoning,
  });
  expect(seen.report.seams).toEqual([{ atChar: 0, from: "deepseek", to: "deepseek", how: "prefix" }]);
});

test("where thinking cannot go on it starts again: what is shown stays, the message has the last run's", async () => {
  const noThinking = deepseek({ apiKey: KEY, abilities: { reasoningPrefix: false } });
  const play = async (reading: "create" | "chunks") => {
    const world = createWorld({ script: [{ kind: "cut", afterTokens: 10 }], client: { providers: [noThinking] } });
    const seen = await observe(world, reading);
    expect(world.simulator.isWholeAnswer(seen.text)).toBe(true);
    const [first, again] = world.simulator.requests;
    expect(prefixOf(again as never)).toBeUndefined();
    expect(seen.completion?.choices[0]?.message.reasoning_content).toBe(again?.answer?.reasoning);
    return { seen, first };
  };
  const { seen, first } = await play("chunks");
  expect(seen.thinking).not.toBe("");
  expect(first?.answer?.reasoning.startsWith(seen.thinking)).toBe(true);
  await play("create");
});

test.each(READINGS)("cut on one host, continued on another, and back again, several times: %s", async (reading) => {
  const world = createWorld({
    script: [
      { kind: "cut", afterTokens: 40 },
      { kind: "cut", afterTokens: 7 },
      { kind: "end", afterTokens: 4 },
    ],
    answerTokens: 90,
    client: { providers: [primary, second] },
  });
  const host = addHost(SECOND, {
    clock: world.clock,
    answerTokens: 90,
    script: [
      { kind: "cut", afterTokens: 12 },
      { kind: "cut", afterTokens: 9 },
    ],
  });
  const seen = await observe(world, reading);
  expectRight(seen, world.simulator, host);
  expect(seen.report.attempts.map(({ provider }) => provider)).toEqual([
    "deepseek",
    "second",
    "deepseek",
    "second",
    "deepseek",
    "second",
  ]);
  const places = seen.report.seams.map(({ atChar }) => atChar);
  expect(places.length).toBe(5);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  // Over another connection, with another key.
  expect(host.requests.map(({ path }) => path)).toEqual(host.requests.map(() => "/beta/chat/completions"));
});

test("a cut at any byte of an answer is not seen in it", async () => {
  for (let afterBytes = 300; afterBytes < 16_000; afterBytes += 431) {
    const world = createWorld({ seed: afterBytes, script: [{ kind: "cut", afterBytes }], answerTokens: 30 });
    expectRight(await observe(world, "text"), world.simulator);
  }
});

test("the chunks behind a seam are of one row: one id, one time, one role, and one finish", async () => {
  const world = createWorld({
    script: [
      { kind: "cut", afterTokens: 10 },
      { kind: "cut", afterTokens: 40 },
    ],
    answerTokens: 80,
    client: { providers: [primary, second] },
  });
  const host = addHost(SECOND, { clock: world.clock, script: [{ kind: "stall", afterTokens: 5 }] });
  const { chunks, report, completion } = await observe(world, "chunks");
  expect(report.seams.length).toBe(3);
  const [head] = chunks;
  expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set([head?.id]));
  expect(new Set(chunks.map(({ created }) => created))).toEqual(new Set([head?.created]));
  expect(chunks.filter(({ choices }) => choices[0]?.delta.role)).toEqual([head]);
  expect(chunks.filter(({ choices }) => choices[0]?.finish_reason)).toEqual([chunks.at(-1)]);
  expect(completion?.id).toBe(head?.id);
  expect(host.requests.length).toBeGreaterThan(0);
});

test("toResponse and toReadableStream hand on one answer, seams and all, and one [DONE]", async () => {
  const script = [
    { kind: "cut", afterTokens: 10 },
    { kind: "cut", afterTokens: 40 },
  ] as const;
  const world = createWorld({ script, answerTokens: 80 });
  const body = await world.run(world.client.chat.completions.stream(params).toResponse().text());
  const events = body.split("\n\n").filter((event) => event.startsWith("data: "));
  expect(events.pop()).toBe("data: [DONE]");
  const chunks = events.map((event) => JSON.parse(event.slice(6)));
  expect(world.simulator.isWholeAnswer(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""))).toBe(
    true,
  );
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  world.simulator.script(...script);
  const lines = await world.run(new Response(world.client.chat.completions.stream(params).toReadableStream()).text());
  const said = lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).choices[0]?.delta.content ?? "");
  expect(world.simulator.isWholeAnswer(said.join(""))).toBe(true);
  expect(world.simulator.unused).toEqual([]);
});

test("attempts say what they were for", async () => {
  const world = createWorld({ script: [{ kind: "cut", afterTokens: 40 }, "busy", { kind: "cut", afterTokens: 5 }] });
  expect(attemptsOf(await observe(world, "text"))).toEqual([
    ["deepseek", "first", "interrupted", "stream_interrupted"],
    ["deepseek", "resume", "failed", "busy"],
    ["deepseek", "retry", "interrupted", "stream_interrupted"],
    ["deepseek", "resume", "succeeded"],
  ]);
});
