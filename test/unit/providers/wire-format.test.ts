import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { ResilientClientError } from "../../../src/errors.ts";
import { createDecoder, encodeRequest } from "../../../src/providers/wire-format.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { makeChunk, makeCompletion } from "../../support/wire-response.ts";

const context = { provider: "deepseek", model: "deepseek-flash", status: 200, requestId: "trace-1", secrets: [SECRET] };
const known = { provider: "deepseek", model: "deepseek-flash", requestId: "trace-1" };
const decode = createDecoder(context);
const request: ChatRequest = { model: "asked", messages: [{ role: "user", content: "hi" }], temperature: 1 };
const choiceWith = (choice: object) => ({ ...makeChunk({}), choices: [choice] });

test("a stream is asked for with the host's own name of the model", () => {
  expect(JSON.parse(encodeRequest(request, "own", "stream", false))).toEqual({
    ...request,
    model: "own",
    stream: true,
  });
});

test("one JSON body is asked for without anything about streams", () => {
  const asked = { ...request, stream_options: { include_usage: true } };
  for (const asksForUsage of [true, false]) {
    const sent = JSON.parse(encodeRequest(asked, "own", "json", asksForUsage));
    expect(sent).toEqual({ ...request, model: "own", stream: false });
  }
});

test("a host that counts only when asked is asked, and the caller's own wish wins", () => {
  const ask = (more: object) => JSON.parse(encodeRequest({ ...request, ...more }, "own", "stream", true));
  expect(ask({}).stream_options).toEqual({ include_usage: true });
  expect(ask({ stream_options: { include_usage: false } }).stream_options).toEqual({ include_usage: false });
});

test.each([undefined, null])("a caller without a wish (stream_options: %o) does not lose the count", (wish) => {
  const asked = { ...request, stream_options: wish };
  expect(JSON.parse(encodeRequest(asked, "own", "stream", true)).stream_options).toEqual({ include_usage: true });
});

test("fields this package does not know are sent as they are", () => {
  const asked = { ...request, prompt_cache_key: "k", extra: { deep: [1] } };
  expect(JSON.parse(encodeRequest(asked, "own", "stream", false))).toMatchObject({
    prompt_cache_key: "k",
    extra: { deep: [1] },
  });
});

test.each([
  ["text", makeChunk({ content: "a" })],
  ["reasoning", makeChunk({ content: null, reasoning_content: "a" })],
  ["a piece of a tool call", makeChunk({ tool_calls: [{ index: 0, function: { arguments: "{" } }] })],
  ["a finish reason and usage", makeChunk({}, "stop", { usage: { prompt_tokens: 1 } })],
  ["usage alone", makeChunk({}, null, { choices: [], usage: { prompt_tokens: 1 } })],
  ["fields nobody knows", { ...makeChunk({ content: "a", refusal: null }), provider: "x", error: null }],
])("a sound chunk is passed on untouched, not copied: %s", (_, chunk) => {
  expect(decode.chunk(chunk)).toBe(chunk);
});

test("a finish chunk without delta has an empty one", () => {
  const chunk = decode.chunk(choiceWith({ index: 0, finish_reason: "stop", logprobs: null }));
  expect(chunk.choices).toEqual([{ index: 0, delta: {}, finish_reason: "stop", logprobs: null }]);
});

test.each([
  ["delta", "text"],
  ["delta", null],
  ["delta", 7],
  ["delta", []],
])("a %s of the wrong type is an empty one: %o", (_, delta) => {
  expect(decode.chunk(choiceWith({ index: 0, delta, finish_reason: null })).choices[0]?.delta).toEqual({});
});

test.each(["content", "reasoning_content", "tool_calls"])("a %s of the wrong type is left out", (field) => {
  for (const wrong of [7, true, {}, ...(field === "tool_calls" ? ["x"] : [["x"]])]) {
    const chunk = decode.chunk(choiceWith({ index: 0, delta: { role: "assistant", [field]: wrong } }));
    expect(chunk.choices[0]?.delta).toEqual({ role: "assistant" });
    expect(chunk.choices[0]?.finish_reason).toBeNull();
  }
});

test("what is sound beside a wrong type stays", () => {
  const delta = { content: "a", reasoning_content: 7, tool_calls: [] };
  const chunk = decode.chunk(choiceWith({ index: 0, delta, finish_reason: ["stop"] }));
  expect(chunk.choices).toEqual([{ index: 0, delta: { content: "a", tool_calls: [] }, finish_reason: null }]);
  expect(chunk.model).toBe("deepseek-v4-flash");
});

test.each([null, undefined, 7, "text", true, [], [makeChunk({})]])("an event %o is no chunk", (json) => {
  expect(thrownBy(() => decode.chunk(json))).toMatchObject({
    ...known,
    code: "unexpected_response",
    message: "deepseek (deepseek-flash) sent an event that is no chat completion chunk.",
  });
});

test.each([undefined, null, {}, "x", [null], [7], ["x"], [[]]])(
  "an event with the choices %o is no chunk",
  (choices) => {
    expect(thrownBy(() => decode.chunk({ ...makeChunk({}), choices }))).toMatchObject({
      ...known,
      code: "unexpected_response",
      message: "deepseek (deepseek-flash) sent an event without choices.",
    });
  },
);

// Shapes of sections 5.3 and 10 of the fact sheet; `finish_reason` says "stop" in one to tempt.
const ERRORS: readonly (readonly [string, object, string, number | undefined])[] = [
  ["at the top", { error: { message: "overloaded" } }, "busy", undefined],
  ["at the top, beside chunks", { ...makeChunk({ content: "a" }), error: { code: 502, message: "x" } }, "busy", 502],
  ["at the top, as text", { error: "[503] The request queue is full" }, "busy", 503],
  ["at the top, empty", { error: {} }, "busy", undefined],
  ["in the choice", choiceWith({ index: 0, delta: {}, error: { code: 429, message: "slow" } }), "rate_limited", 429],
  [
    "in the choice, numeric code as text",
    choiceWith({ index: 0, finish_reason: "stop", delta: { content: "" }, error: { code: "401", message: "x" } }),
    "authentication",
    401,
  ],
  ["with a type only", { error: { message: "x", type: "rate_limit_error" }, choices: [] }, "rate_limited", 429],
  ["with a status in its message", { error: { message: "[503] The request queue is full" } }, "busy", 503],
];

test.each(ERRORS)("an error in a stream is found %s", (_, json, code, status) => {
  const error = thrownBy(() => decode.chunk(json));
  expect(error).toMatchObject({ ...known, code });
  expect((error as ResilientClientError).status).toBe(status);
});

test.each(ERRORS)("an error in a whole body is found %s", (_, json, code, status) => {
  const error = thrownBy(() => decode.completion(json));
  expect(error).toMatchObject({ ...known, code });
  expect((error as ResilientClientError).status).toBe(status);
});

test("no error of a stream or body holds the key", () => {
  for (const json of [{ error: SECRET }, { error: { message: `Bearer ${SECRET}` } }, { message: SECRET }]) {
    expect(everythingSaidBy(thrownBy(() => decode.completion(json)))).not.toContain(SECRET);
    expect(everythingSaidBy(thrownBy(() => decode.chunk(json)))).not.toContain(SECRET);
  }
});

test("a whole body becomes one chunk with everything in it", () => {
  const toolCall = { index: 5, id: "c1", type: "function", function: { name: "now", arguments: "{}" } };
  const message = { content: "a", reasoning_content: "b", tool_calls: [toolCall, { ...toolCall, id: "c2" }] };
  const { choices: _, ...head } = makeCompletion({});
  expect(decode.completion(makeCompletion(message, "tool_calls"))).toEqual([
    {
      ...head,
      object: "chat.completion.chunk",
      choices: [
        {
          index: 0,
          logprobs: null,
          finish_reason: "tool_calls",
          delta: {
            role: "assistant",
            content: "a",
            reasoning_content: "b",
            tool_calls: [
              { ...toolCall, index: 0 },
              { ...toolCall, id: "c2", index: 1 },
            ],
          },
        },
      ],
    },
  ]);
});

test("wrong types in a whole body are left out", () => {
  const message = { content: ["a"], reasoning_content: 7, tool_calls: "x" };
  const [chunk] = decode.completion(makeCompletion(message, 7));
  expect(chunk?.choices).toEqual([{ index: 0, logprobs: null, finish_reason: null, delta: { role: "assistant" } }]);
  for (const wrong of [null, "x", 7, []]) {
    const body = { choices: [{ message: wrong, finish_reason: "stop" }] };
    expect(decode.completion(body)[0]?.choices).toEqual([{ index: 0, finish_reason: "stop", delta: {} }]);
  }
  const junk = makeCompletion({ tool_calls: [null, 7, "x"] });
  expect(decode.completion(junk)[0]?.choices[0]?.delta.tool_calls).toEqual([null, 7, "x"]);
});

test.each([null, undefined, 7, "busy", true, [], [makeCompletion({})]])("a body %o is no completion", (json) => {
  expect(thrownBy(() => decode.completion(json))).toMatchObject({
    ...known,
    code: "unexpected_response",
    message: "deepseek (deepseek-flash) sent a body that is no chat completion.",
  });
});

test.each([
  [{}, "unexpected_response"],
  [{ choices: [] }, "unexpected_response"],
  [{ choices: null, message: "Service is too busy" }, "busy"],
  [{ code: 429, message: "slow down" }, "rate_limited"],
  [{ detail: "[503] full" }, "busy"],
] as const)("a body without choices is what its fields say under HTTP 200: %o is %s", (json, code) => {
  expect(thrownBy(() => decode.completion(json))).toMatchObject({ ...known, code });
});

test("__proto__ in a chunk gives it no content and changes no prototype", () => {
  const json = JSON.parse(
    '{"__proto__":{"error":{"code":401}},"choices":[{"__proto__":{"finish_reason":"stop"},"index":0,' +
      '"delta":{"__proto__":{"content":"evil"},"content":7}}]}',
  );
  for (const chunk of [decode.chunk(json), ...decode.completion(json)]) {
    expect(chunk.choices[0]?.delta.content).toBeUndefined();
    expect(chunk.choices[0]?.finish_reason).toBeNull();
    expect(Object.getPrototypeOf(chunk)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(chunk.choices[0]?.delta)).toBe(Object.prototype);
  }
  expect(({} as { content?: unknown }).content).toBeUndefined();
});

test("whatever JSON comes, it is a chunk whose fields have their types, or a typed error", () => {
  const json = fc.jsonValue({ maxDepth: 2 });
  const choice = fc.record(
    { index: json, delta: fc.oneof(json, fc.record({ content: json, reasoning_content: json, tool_calls: json })) },
    { requiredKeys: [] },
  );
  const hostile = fc.oneof(json, fc.record({ choices: fc.oneof(json, fc.array(fc.oneof(json, choice))), error: json }));
  fc.assert(
    fc.property(hostile, fc.constantFrom("chunk" as const, "completion" as const), (value, how) => {
      try {
        for (const { choices } of [decode[how](value)].flat()) {
          if (choices.length === 0) continue;
          const { content, reasoning_content: reasoning, tool_calls: calls } = choices[0]?.delta ?? {};
          expect([content ?? "", reasoning ?? ""].map((text) => typeof text)).toEqual(["string", "string"]);
          expect(Array.isArray(calls ?? [])).toBe(true);
        }
      } catch (error) {
        if (!ResilientClientError.isInstance(error)) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});
