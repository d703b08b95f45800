import { expect, test } from "vitest";
import { createOllamaDecoder } from "../../../src/providers/ollama-decoder.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";

const context = { provider: "ollama", model: "qwen3", status: 200, secrets: [SECRET] };
const create = () => createOllamaDecoder(context, "x1");
const said = { model: "qwen3:4b", created_at: "2026-08-04T19:58:20.563117Z", done: false };
const end = { ...said, message: { role: "assistant", content: "" }, done: true, done_reason: "stop" };
const head = {
  id: "chatcmpl-x1",
  object: "chat.completion.chunk",
  created: 1785873500,
  model: "qwen3:4b",
  usage: null,
};
const call = (fields: object = {}, more: object = {}) => ({
  ...more,
  function: { name: "now", arguments: {}, ...fields },
});
const lineWith = (...calls: unknown[]) => ({ ...said, message: { content: "", tool_calls: calls } });

test("text and thinking come under DeepSeek's names, the role with the first", () => {
  const { chunk } = create();
  expect(chunk({ ...said, message: { role: "assistant", content: "", thinking: "hm" } })).toEqual({
    ...head,
    choices: [
      {
        index: 0,
        delta: { role: "assistant", content: "", reasoning_content: "hm" },
        logprobs: null,
        finish_reason: null,
      },
    ],
  });
  expect(chunk({ ...said, created_at: "2026-08-04T20:00:00Z", message: { content: "Hi", images: null } })).toEqual({
    ...head,
    choices: [{ index: 0, delta: { content: "Hi" }, logprobs: null, finish_reason: null }],
  });
});

test("the end has the counts, and passes on how long it took", () => {
  const counts = { prompt_eval_count: 5, eval_count: 3 };
  expect(create().chunk({ ...end, ...counts, total_duration: 9 })).toMatchObject({
    choices: [{ finish_reason: "stop" }],
    usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
    total_duration: 9,
  });
  expect(create().chunk({ ...end, ...counts })).not.toHaveProperty("prompt_eval_count");
});

test.each<[object, object | null]>([
  [{}, null],
  [{ eval_count: 3 }, { prompt_tokens: 0, completion_tokens: 3, total_tokens: 3 }],
  [{ prompt_eval_count: 5 }, { prompt_tokens: 5, completion_tokens: 0, total_tokens: 5 }],
  [{ prompt_eval_count: "5", eval_count: null }, null],
])("the counts %o are %o", (counts, usage) => {
  expect(create().chunk({ ...end, ...counts }).usage).toEqual(usage);
});

test("a whole body is one chunk", () => {
  const body = { ...end, message: { role: "assistant", content: "Hi", thinking: "hm" } };
  expect(create().completion(body)).toEqual([create().chunk(body)]);
});

test("calls are numbered over all lines, have texts for arguments, and ids of their own or made up", () => {
  const { chunk } = create();
  const delta = (json: object) => chunk(json).choices[0]?.delta.tool_calls;
  const made = (index: number, id: string, text = "{}") => ({
    index,
    id,
    type: "function",
    function: { name: "now", arguments: text },
  });
  expect(delta(lineWith(call({ arguments: { zone: "utc" } }, { id: "call_a" }), call({ index: 0 })))).toEqual([
    made(0, "call_a", '{"zone":"utc"}'),
    made(1, "call_x1_1"),
  ]);
  expect(delta(lineWith(call({ arguments: null }, { id: "" })))).toEqual([made(2, "call_x1_2")]);
  expect(chunk(end).choices[0]?.finish_reason).toBe("tool_calls");
});

test("arguments may come as a text, too", () => {
  const [choice] = create().chunk(lineWith(call({ arguments: '{"a":1}' }))).choices;
  expect(choice?.delta.tool_calls?.[0]?.function?.arguments).toBe('{"a":1}');
});

test("calls that come with the end belong to the answer", () => {
  const { choices } = create().chunk({ ...end, message: { content: "", tool_calls: [call()] } });
  expect(choices[0]).toMatchObject({ delta: { tool_calls: [{ index: 0 }] }, finish_reason: "tool_calls" });
});

test.each([
  ["stop", "stop"],
  ["length", "length"],
  ["load", "load"],
  ["unload", "unload"],
  ["", null],
  [undefined, null],
  [null, null],
])("the end %s is the finish reason %s", (reason, finish) => {
  expect(create().chunk({ ...end, done_reason: reason }).choices[0]?.finish_reason).toBe(finish);
});

test("a reason is none before the end, and calls that may be cut end with length", () => {
  const { chunk } = create();
  expect(chunk({ ...lineWith(call()), done_reason: "stop" }).choices[0]?.finish_reason).toBeNull();
  expect(chunk({ ...end, done_reason: "length" }).choices[0]?.finish_reason).toBe("length");
});

test("an end needs no message", () => {
  const { message: _, ...bare } = end;
  expect(create().chunk(bare).choices[0]).toMatchObject({ delta: { content: "" }, finish_reason: "stop" });
});

test("how likely a token was comes as chat completions have it", () => {
  const token = { token: "Hi", logprob: -0.1 };
  const line = {
    ...said,
    message: { content: "Hi" },
    logprobs: [{ ...token, top_logprobs: [{ ...token, bytes: [72] }, 5] }],
  };
  const [choice] = create().chunk(line).choices;
  expect(choice?.logprobs).toEqual({
    content: [{ ...token, bytes: null, top_logprobs: [{ ...token, bytes: [72] }] }],
  });
  for (const logprobs of [[], [5], {}, [{ token: "Hi" }]])
    expect(create().chunk({ ...line, logprobs }).choices[0]?.logprobs).toBeNull();
});

test.each([
  ["an error was encountered while running the model", "busy"],
  ["server busy, please try again.  maximum pending requests exceeded", "busy"],
  ["the input length exceeds the context length", "context_length"],
  [{ message: "no such key", code: 401 }, "authentication"],
])("an error in a line is read as one: %s", (error, code) => {
  expect(thrownBy(() => create().chunk({ error, more: SECRET }))).toMatchObject({ code, provider: "ollama" });
});

test.each<[unknown, string]>([
  [5, "a line that is no object"],
  [[said], "a line that is no object"],
  [null, "a line that is no object"],
  [said, "a line without a message"],
  [{ status: "success" }, "a line without a message"],
  [{ ...said, message: "Hi" }, "a line without a message"],
  [{ ...end, message: null }, "a line without a message"],
  [{ ...said, message: { content: 5 } }, "a message that is no text and no tool call"],
  [{ ...said, message: { content: [{ type: "text" }] } }, "a message that is no text and no tool call"],
  [{ ...said, message: { content: "", thinking: {} } }, "a message that is no text and no tool call"],
  [{ ...said, message: { content: "", tool_calls: {} } }, "a message that is no text and no tool call"],
  [{ ...end, done: "true" }, "an end that is none"],
  [{ ...end, done_reason: { stop: true } }, "an end that is none"],
  [lineWith(5), "a tool call that is none"],
  [lineWith({ function: null }), "a tool call that is none"],
  [lineWith(call({ name: 5 })), "a tool call that is none"],
  [lineWith(call({ arguments: 5 })), "a tool call whose arguments are no object"],
  [lineWith(call({ arguments: [1] })), "a tool call whose arguments are no object"],
])("%o is %s", (json, what) => {
  const error = thrownBy(() => create().chunk(json));
  expect(error).toMatchObject({ code: "unexpected_response", message: `ollama (qwen3) sent ${what}.` });
  expect(everythingSaidBy(error)).not.toContain(SECRET);
});

test("without a model or a time, it is the model that was asked, at no time", () => {
  const { chunk } = create();
  expect(chunk({ message: { content: "a" } })).toMatchObject({ model: "qwen3", created: 0 });
  expect(create().chunk({ message: { content: "a" }, created_at: "soon" })).toMatchObject({ created: 0 });
});

test("fields that would stand in for the chunk's own do not", () => {
  const odd = { id: "own", object: "x", choices: [], usage: { prompt_tokens: 1e9 } };
  expect(create().chunk({ ...odd, ...said, message: { content: "a", refusal: 5, tool_calls: null } })).toEqual({
    ...head,
    choices: [{ index: 0, delta: { role: "assistant", content: "a" }, logprobs: null, finish_reason: null }],
  });
});
