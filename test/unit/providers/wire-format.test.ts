import fc from "fast-check";
import { expect, test } from "vitest";
import { ResilientClientError } from "../../../src/errors.ts";
import { createDecoder } from "../../../src/providers/wire-format.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { makeChunk, makeCompletion } from "../../support/wire-response.ts";

const context = { provider: "deepseek", model: "deepseek-flash", status: 200, requestId: "trace-1", secrets: [SECRET] };
const known = { provider: "deepseek", model: "deepseek-flash", requestId: "trace-1" };
const decode = createDecoder(context);
const choiceWith = (choice: object) => ({ ...makeChunk({}), choices: [choice] });

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

const unreadable = "deepseek (deepseek-flash) sent a piece of the answer that is no text and no tool call.";

test.each(["text", 7, []])("a delta of the wrong type is an error, not a hole in the answer: %o", (delta) => {
  expect(thrownBy(() => decode.chunk(choiceWith({ index: 0, delta, finish_reason: null })))).toMatchObject({
    code: "unexpected_response",
    message: unreadable,
  });
});

test.each(["content", "reasoning_content", "tool_calls"])(
  "a %s of the wrong type is an error, in a stream and in a body",
  (field) => {
    for (const wrong of [7, true, {}, ...(field === "tool_calls" ? ["x"] : [["x"]])]) {
      const message = { role: "assistant", [field]: wrong };
      for (const read of [
        () => decode.chunk(choiceWith({ index: 0, delta: message })),
        () => decode.completion(makeCompletion(message)),
      ]) {
        expect(thrownBy(read)).toMatchObject({ code: "unexpected_response", message: unreadable });
      }
    }
  },
);

test("a finish reason of the wrong type is an error", () => {
  expect(thrownBy(() => decode.chunk(choiceWith({ index: 0, delta: {}, finish_reason: ["stop"] })))).toMatchObject({
    code: "unexpected_response",
    message: "deepseek (deepseek-flash) sent a finish reason that is no word.",
  });
});

test("text in parts is joined, in a stream and in a body", () => {
  const content = [
    { type: "text", text: "never more " },
    { type: "text", text: "than 2 " },
  ];
  expect(decode.chunk(choiceWith({ index: 0, delta: { content } })).choices[0]?.delta.content).toBe(
    "never more than 2 ",
  );
  expect(decode.completion(makeCompletion({ content }))[0]?.choices[0]?.delta.content).toBe("never more than 2 ");
  const picture = [{ type: "image_url", image_url: {} }];
  expect(thrownBy(() => decode.chunk(choiceWith({ index: 0, delta: { content: picture } })))).toMatchObject({
    message: unreadable,
  });
});

test("thinking that another host calls reasoning is thinking; where both stand it is told once", () => {
  const deltaOf = (delta: object) => decode.chunk(choiceWith({ index: 0, delta })).choices[0]?.delta;
  expect(deltaOf({ content: "", reasoning: "First." })).toEqual({ content: "", reasoning_content: "First." });
  expect(deltaOf({ reasoning: "a", reasoning_content: "b" })).toEqual({ reasoning_content: "b" });
  expect(decode.completion(makeCompletion({ content: "x", reasoning: "First." }))[0]?.choices[0]?.delta).toEqual({
    role: "assistant",
    content: "x",
    reasoning_content: "First.",
  });
});

test("only the answer that was asked for is read: the first one, whatever its number", () => {
  const choice = (index: unknown, content: string) => ({ index, delta: { content }, finish_reason: null });
  const texts = (...events: unknown[][]) => {
    const { chunk } = createDecoder({ ...known, secrets: [] });
    return events.map((choices) => chunk(makeChunk({}, null, { choices })).choices[0]?.delta.content);
  };
  expect(texts([choice(0, "a")], [choice(1, "other")], [choice(0, "b")])).toEqual(["a", undefined, "b"]);
  expect(texts([choice(1, "other"), choice(0, "a")], [choice(0, "b")])).toEqual(["a", "b"]);
  expect(texts([choice(1, "a")], [choice(1, "b")], [choice(undefined, "c")])).toEqual(["a", "b", "c"]);
  expect(texts([choice("0", "a")], [choice(0, "b")], [choice(null, "c")])).toEqual(["a", "b", "c"]);
});

test.each([0.5, -1, "x", {}])("a choice that is numbered %o is none", (index) => {
  expect(thrownBy(() => decode.chunk(choiceWith({ index, delta: { content: "a" } })))).toMatchObject({
    message: "deepseek (deepseek-flash) sent choices that are none.",
  });
});

test("an event without choices brings none; one that is an error itself is that error", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 2 };
  for (const event of [
    { type: "ping" },
    { usage: null },
    { choices: null },
    { id: "x", choices: undefined },
    { type: "status", message: "processing" },
    { code: 1000 },
    { choices: [], usage, message: "success", code: 0 },
    { choices: [], usage, detail: {} },
  ]) {
    expect(decode.chunk(event).choices).toEqual([]);
  }
  expect(decode.chunk({ usage }).usage).toEqual(usage);
  for (const event of [
    { message: "Service is too busy", code: 503 },
    { type: "server_error", message: "[503] full" },
  ]) {
    expect(thrownBy(() => decode.chunk(event))).toMatchObject({ code: "busy" });
  }
});

test("thinking in parts is thinking; thinking of no known type beside sound text is left alone", () => {
  const deltaOf = (delta: object) => decode.chunk(choiceWith({ index: 0, delta })).choices[0]?.delta;
  const thought = { type: "thinking", thinking: [{ type: "text", text: "hmm" }] };
  expect(deltaOf({ content: [thought, { type: "text", text: "hi" }] })).toEqual({
    content: "hi",
    reasoning_content: "hmm",
  });
  expect(deltaOf({ content: "hi", reasoning: false })).toEqual({ content: "hi" });
});

test("an event may hold a whole message in place of a delta", () => {
  const chunk = decode.chunk(choiceWith({ index: 0, message: { content: "hello" }, finish_reason: "stop" }));
  expect(chunk.choices[0]).toMatchObject({ delta: { content: "hello" }, finish_reason: "stop" });
});

test.each(["free!", {}, [], 7, { prompt_tokens: "many" }])("usage that counts nothing is none: %o", (usage) => {
  expect(decode.chunk(makeChunk({}, "stop", { usage })).usage).toBeNull();
});

test.each([null, undefined, 7, "text", true, [], [makeChunk({})]])("an event %o is no chunk", (json) => {
  expect(thrownBy(() => decode.chunk(json))).toMatchObject({
    ...known,
    code: "unexpected_response",
    message: "deepseek (deepseek-flash) sent an event that is no chat completion chunk.",
  });
});

test.each([{}, "x", 7, [null], [7], ["x"], [[]]])("choices that are %o are none", (choices) => {
  expect(thrownBy(() => decode.chunk({ ...makeChunk({}), choices }))).toMatchObject({
    ...known,
    code: "unexpected_response",
    message: "deepseek (deepseek-flash) sent choices that are none.",
  });
});

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
    expect(everythingSaidBy(thrownBy(() => decode.chunk({ ...json, code: 500 })))).not.toContain(SECRET);
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

test("a message of the wrong type is an error, and one that is missing is empty", () => {
  const bodyWith = (message: unknown) => ({ choices: [{ message, finish_reason: "stop" }] });
  for (const wrong of ["x", 7, []]) {
    expect(thrownBy(() => decode.completion(bodyWith(wrong)))).toMatchObject({ message: unreadable });
  }
  expect(decode.completion(bodyWith(null))[0]?.choices).toEqual([{ index: 0, finish_reason: "stop", delta: {} }]);
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
      '"delta":{"__proto__":{"content":"evil"},"reasoning":"hm"}}]}',
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
