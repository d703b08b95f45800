import { expect, test } from "vitest";
import type { ChatMessage, ChatRequest } from "../../../src/chat/chat-request.ts";
import { InvalidRequestError } from "../../../src/error-family.ts";
import { encodeForOllama, unsaidByOllama } from "../../../src/providers/encode-for-ollama.ts";
import { thrownBy } from "../../support/abort-reasons.ts";

const hi = { role: "user", content: "hi" } as const;
const TOOL = { type: "function", function: { name: "now" } } as const;
const plain: ChatRequest = { model: "m", messages: [hi] };
const encode = (fields: object, defaults = {}) => encodeForOllama({ ...plain, ...fields }, defaults);
const encoded = { model: "m", truncate: false, shift: false, messages: [hi], options: {} };
const messagesOf = (...messages: unknown[]) =>
  (encode({ messages }) as { readonly messages: readonly object[] }).messages;

test("a plain request permits no cut of the prompt, and leaves everything else to the model", () => {
  expect(encode({})).toEqual(encoded);
});

test("the provider's window and time to stay loaded go with every request", () => {
  expect(encode({}, { contextWindow: 32_768, keepAlive: "30m" })).toEqual({
    ...encoded,
    keep_alive: "30m",
    options: { num_ctx: 32_768 },
  });
});

test("limits and sampling are options", () => {
  const sampling = { temperature: 0, top_p: 0.5, frequency_penalty: 1, presence_penalty: -1, seed: 7 };
  expect(encode({ ...sampling, max_tokens: 5, stop: "x" })).toEqual({
    ...encoded,
    options: { ...sampling, num_predict: 5, stop: ["x"] },
  });
  expect(encode({ max_tokens: null, stop: ["x", "y"], temperature: null })).toEqual({
    ...encoded,
    options: { stop: ["x", "y"] },
  });
});

test("what only this route knows is sent as given, and wins", () => {
  const own = { keep_alive: 0, truncate: true, shift: true, options: { top_k: 5, num_ctx: 8192 }, logprobs: true };
  expect(encode({ ...own, temperature: 1 }, { contextWindow: 4096, keepAlive: "1h" })).toEqual({
    ...encoded,
    ...own,
    options: { temperature: 1, top_k: 5, num_ctx: 8192 },
  });
  expect(encode({ options: "fast" })).toEqual(encoded);
});

test("what it passes over is not said", () => {
  expect(encode({ tool_choice: "auto", stream_options: { include_usage: true } })).toEqual(encoded);
});

test.each<[object, unknown]>([
  [{}, undefined],
  [{ think: true }, true],
  [{ think: false }, false],
  [{ reasoning_effort: "low" }, "low"],
  [{ reasoning_effort: null }, undefined],
  [{ think: true, messages: [hi, { role: "assistant", content: "He" }] }, false],
  [{ reasoning_effort: "low", messages: [hi, { role: "assistant", content: "He" }] }, false],
  [{ think: true, messages: [hi, { role: "assistant", content: "" }] }, true],
])("of %o thinking is %o", (fields, think) => {
  const said = encode(fields) as { readonly think?: unknown };
  expect(said.think).toBe(think);
  expect(said).not.toHaveProperty("reasoning_effort");
});

const schema = { type: "object", properties: { a: { type: "string" } } };

test.each<[object, unknown]>([
  [{ type: "text" }, undefined],
  [{ type: "json_object" }, "json"],
  [{ type: "json_schema", json_schema: { name: "x", schema } }, schema],
  [{ type: "json_schema", json_schema: { name: "x" } }, "json"],
])("the format %o is %o", (format, expected) => {
  expect((encode({ response_format: format }) as { format?: unknown }).format).toEqual(expected);
});

test("tools are sent as they are", () => {
  expect(encode({ tools: [TOOL], tool_choice: "auto" })).toEqual({ ...encoded, tools: [TOOL] });
});

test("calls have objects for arguments, and results the name of their tool", () => {
  const call = (id: string, name: string, text: string) => ({
    id,
    type: "function",
    function: { name, arguments: text },
  });
  const asked = {
    role: "assistant",
    content: null,
    reasoning: "hm",
    tool_calls: [call("a", "now", '{"z":1,"a":{}}')],
  };
  const again = { role: "assistant", content: "", tool_calls: [call("a", "then", " "), call("b", "now", "{}")] };
  const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "5" });
  const sent = (id: string, name: string, given: object) => ({ id, function: { name, arguments: given } });
  expect(messagesOf(hi, asked, result("a"), again, result("b"), result("a"), result("lost"))).toEqual([
    hi,
    { role: "assistant", content: "", thinking: "hm", tool_calls: [sent("a", "now", { z: 1, a: {} })] },
    { role: "tool", content: "5", tool_call_id: "a", tool_name: "now" },
    { role: "assistant", content: "", tool_calls: [sent("a", "then", {}), sent("b", "now", {})] },
    { role: "tool", content: "5", tool_call_id: "b", tool_name: "now" },
    { role: "tool", content: "5", tool_call_id: "a", tool_name: "then" },
    { role: "tool", content: "5", tool_call_id: "lost" },
  ]);
});

test.each(['{"city":"Par', "[1]", "5", "null", '"text"', "Once upon a time"])(
  "an earlier call with the arguments %s is refused, and not quoted",
  (text) => {
    const calls = [{ id: "a", type: "function", function: { name: "now", arguments: text } }];
    const error = thrownBy(() => messagesOf(hi, { role: "assistant", tool_calls: calls }));
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect((error as Error).message).toBe(
      "Invalid request: messages[1] has a tool call whose arguments are no JSON object. Ollama's own route takes no others: correct them, or leave the call out.",
    );
  },
);

test("arguments go back as they came, whatever they are called", () => {
  const calls = [{ id: "a", type: "function", function: { name: "f", arguments: '{"__proto__":{"x":1}}' } }];
  const [sent] = messagesOf({ role: "assistant", tool_calls: calls });
  expect(JSON.stringify(sent)).toContain('"arguments":{"__proto__":{"x":1}}');
});

const image = (url: string) => ({ type: "image_url", image_url: { url } });
const text = (said: string) => ({ type: "text", text: said });

test("parts are a text, and pictures without what stands before them", () => {
  const parts = [text("What is"), image("data:image/png;base64,iVBO"), text("this?"), image("data:;base64,AAAA")];
  expect(messagesOf({ role: "user", content: parts })).toEqual([
    { role: "user", content: "What is\nthis?", images: ["iVBO", "AAAA"] },
  ]);
  expect(messagesOf({ role: "tool", tool_call_id: "a", content: parts })).toMatchObject([{ images: ["iVBO", "AAAA"] }]);
});

test("names and marks are left out, and empty thinking too", () => {
  const earlier = { role: "assistant", content: "a", name: "bot", reasoning: "", prefix: true };
  expect(messagesOf({ role: "system", content: "be", name: "dev" }, { ...hi, name: "u" }, earlier)).toEqual([
    { role: "system", content: "be" },
    hi,
    { role: "assistant", content: "a" },
  ]);
});

const asking = (content: unknown): Partial<ChatRequest> => ({ messages: [{ role: "user", content } as ChatMessage] });

test.each<[string | undefined, object]>([
  [undefined, {}],
  [undefined, { tools: [TOOL], tool_choice: "auto" }],
  [undefined, { tools: [TOOL], tool_choice: "none", response_format: { type: "json_schema" } }],
  [undefined, asking([text("a"), image("data:image/jpeg;base64,AA")])],
  ["json", { response_format: { type: "grammar" } }],
  ["images", asking([text("a"), image("https://example.com/a.png")])],
  ["images", asking([image("data:image/svg+xml,<svg/>")])],
  ["images", asking([{ type: "file", file_id: "f" }])],
])("others are asked, because of %s, for %o", (reason, fields) => {
  expect(unsaidByOllama({ ...plain, ...fields })).toBe(reason);
});
