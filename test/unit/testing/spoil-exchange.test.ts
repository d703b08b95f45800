import { expect, test } from "vitest";
import { createSimulator, type Trouble } from "../../../src/testing/index.ts";
import { ask, chunksOf } from "./ask.ts";

const ANSWER = { reasoning: "a b c", content: "d e f g" };
const create = (trouble?: Trouble) => createSimulator({ script: trouble ? [trouble] : [], answer: () => ANSWER });
const stream = async (trouble: Trouble) => (await ask(create(trouble), { stream: true })).text.split("\n\n");
const plain = async (trouble: Trouble) => (await ask(create(trouble))).text;
const errorOf = (event = "") => JSON.parse(event.replace(/^[\s\S]*?data: /, "")) as { error: unknown };
const FULL = { message: "The request queue is full", type: "service_unavailable_error", param: null };

test("an error comes in the middle of a stream, after so many tokens, and nothing after it", async () => {
  const events = await stream({ kind: "in_stream_error", afterTokens: 2 });
  expect(events.length).toBe(5);
  expect(errorOf(events[3])).toEqual({ error: { ...FULL, code: 503 } });
  expect(events[4]).toBe("");
});

test("the code of an error in a stream is a number, a text, or only in the message", async () => {
  const told = async (trouble: object) =>
    errorOf((await stream({ kind: "in_stream_error", afterTokens: 0, ...trouble }))[0]).error;
  expect(await told({ status: 429 })).toEqual({ ...FULL, code: 429 });
  expect(await told({ as: "string" })).toEqual({ ...FULL, code: "503" });
  expect(await told({ as: "text" })).toEqual({ ...FULL, message: "[503] The request queue is full" });
});

test("an error is an event of its own, named so, or within the choice", async () => {
  const at = async (level: "named" | "choice") =>
    (await stream({ kind: "in_stream_error", afterTokens: 0, level }))[0] ?? "";
  expect(await at("named")).toBe(`event: error\ndata: ${JSON.stringify({ error: { ...FULL, code: 503 } })}`);
  expect(errorOf(await at("choice"))).toMatchObject({
    object: "chat.completion.chunk",
    choices: [{ index: 0, finish_reason: "error", error: { message: FULL.message, code: 503 } }],
  });
});

test("an error after the finish reason stands before [DONE]", async () => {
  const events = await stream({ kind: "in_stream_error", afterFinish: true });
  expect(events.at(-4)).toContain('"finish_reason":"stop"');
  expect(errorOf(events.at(-3))).toEqual({ error: { ...FULL, code: 503 } });
  expect(events.slice(-2)).toEqual(["data: [DONE]", ""]);
});

test("in one JSON body an error stands under HTTP 200", async () => {
  expect(JSON.parse(await plain({ kind: "in_stream_error", as: "string" }))).toEqual({
    error: { ...FULL, code: "503" },
  });
  expect(JSON.parse(await plain({ kind: "in_stream_error", level: "choice" }))).toMatchObject({
    object: "chat.completion",
    choices: [{ error: { message: FULL.message, code: 503 } }],
  });
});

test("a body ends in order without a finish reason, with [DONE] or without", async () => {
  for (const done of [false, true]) {
    const { text, error } = await ask(create({ kind: "end", afterTokens: 4, done }), { stream: true });
    expect(error).toBeUndefined();
    expect(chunksOf(text).map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, null, null, null, null]);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(done);
  }
  const simulator = create({ kind: "end", afterTokens: 4 });
  const { choices } = JSON.parse((await ask(simulator)).text) as { choices: object[] };
  expect(choices).toMatchObject([{ message: { content: "d" }, finish_reason: null }]);
  expect(simulator.requests[0]?.outcome).toBe("cut");
});

test("an end before the first token leaves the opener alone", async () => {
  expect(chunksOf((await stream({ kind: "end", afterTokens: 0 })).join("\n\n")).length).toBe(1);
});

test("a body of newlines is nothing else, in both wires", async () => {
  for (const isStream of [true, false]) {
    const { status, text, error } = await ask(create({ kind: "empty", what: "newlines" }), { stream: isStream });
    expect({ status, text, error }).toEqual({ status: 200, text: "\n\n\n\n", error: undefined });
  }
});

test("an event that is no JSON comes in the middle, and the stream goes on to its end", async () => {
  const calm = (await ask(create(), { stream: true })).text.split("\n\n");
  const events = await stream({ kind: "malformed", what: "event" });
  expect(events.length).toBe(calm.length + 1);
  expect(events.filter((event) => event.startsWith("data: {") && !event.endsWith("}"))).toEqual([events[4]]);
  expect(() => JSON.parse(events[4]?.slice(6) ?? "")).toThrow(SyntaxError);
  expect(events.at(-2)).toBe("data: [DONE]");
});

test("half a JSON body ends in order", async () => {
  const { text, error, status } = await ask(create({ kind: "malformed", what: "event" }));
  expect({ error, status }).toEqual({ error: undefined, status: 200 });
  expect(text).toMatch(/^\{"id":/);
  expect(() => JSON.parse(text)).toThrow(SyntaxError);
});

test("bytes that are no UTF-8 stand within a text, and all around them is sound", async () => {
  const strict = new TextDecoder("utf-8", { fatal: true });
  for (const isStream of [true, false]) {
    const { bytes, text } = await ask(create({ kind: "malformed", what: "bytes" }), { stream: isStream });
    expect(() => strict.decode(bytes)).toThrow(TypeError);
    expect(text).toMatch(/"(?:reasoning_content|content)":"[a-g ]+\ufffd+\(\ufffd"/);
    const sound = isStream ? chunksOf(text).length : Object.keys(JSON.parse(text) as object).length;
    expect(sound).toBeGreaterThan(5);
  }
});
