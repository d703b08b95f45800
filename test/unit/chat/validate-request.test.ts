import fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod/mini";
import type { ChatCompletionParams } from "../../../src/chat/chat-request.ts";
import { validateRequest } from "../../../src/chat/validate-request.ts";
import { InvalidRequestError } from "../../../src/error-family.ts";

const SECRET = "my secret words";
const user = { role: "user", content: SECRET };
const named = (name: unknown) => ({ type: "function", function: { name } });
const calls = [{ id: "a", type: "function", function: { name: "now", arguments: "{}" } }];

/** What is said of a request, which may be anything: JavaScript callers have no types. Never a word of the user's. */
function verdict(params: unknown): string {
  try {
    validateRequest(params as ChatCompletionParams);
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    expect(error.message).not.toContain(SECRET);
    return error.message.replace(/^Invalid request: /, "");
  }
  return "accepted";
}

/** What is said of a request that is fine but for these fields. */
const fields = (differences: object) => verdict({ model: "deepseek-flash", messages: [user], ...differences });
/** What is said of a conversation. */
const messages = (...list: readonly unknown[]) => fields({ messages: list });

test.each<[string, object]>([
  ["the least there is", {}],
  ["a model nobody knows yet", { model: "deepseek-v9" }],
  ["every limit at its lower end", { temperature: 0, top_p: 0, frequency_penalty: -2, presence_penalty: -2, n: 1 }],
  ["every limit at its upper end", { temperature: 2, top_p: 1, frequency_penalty: 2, presence_penalty: 2 }],
  ["null where null means the default", { max_tokens: null, temperature: null, stop: null, stream: null, n: null }],
  ["undefined for whatever is left out", { max_tokens: undefined, stop: undefined, tools: undefined }],
  ["fields that are newer than this file", { prompt_cache_key: "a", safety_check: { level: "low" } }],
  ["stop as a text or a list", { stop: ["\n", ""] }],
  ["logprobs", { logprobs: true, top_logprobs: 20 }],
  ["usage in a stream", { stream: true, stream_options: { include_usage: true } }],
  ["tools of the user's and of the server's", { tools: [named("get_a-B9"), { type: "deepseek_web_search" }] }],
  ["the longest name of a tool", { tools: [named("x".repeat(128))] }],
  ["JSON mode", { response_format: { type: "json_object" } }],
])("accepted: %s", (_, differences) => {
  expect(fields(differences)).toBe("accepted");
});

test.each<[string, unknown[]]>([
  [
    "all roles",
    [{ role: "system", content: "" }, user, { role: "assistant", content: "hi" }, { role: "developer", content: "x" }],
  ],
  [
    "parts",
    [
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "image_url", image_url: { url: "x" } },
        ],
      },
    ],
  ],
  [
    "a tool call with its result",
    [
      { role: "assistant", tool_calls: calls },
      { role: "tool", content: "1", tool_call_id: "a" },
    ],
  ],
  ["tool calls beside null", [{ role: "assistant", content: null, reasoning_content: "", tool_calls: calls }, user]],
  ["a prefix at the end", [user, { role: "assistant", content: "", prefix: true }]],
  ["prefix: false anywhere", [{ role: "assistant", content: "", prefix: false }, user]],
  ["half a character, which a cut text may end with", [{ role: "user", content: "\ud83d" }]],
])("accepted messages: %s", (_, list) => {
  expect(messages(...list)).toBe("accepted");
});

const aRole = 'must be "system", "user", "assistant" or "tool"';
const aContent = "must be a string or a list of at least one part";

test.each<[string, object]>([
  ["model must be the name of a model, got nothing.", { model: undefined }],
  ["model must be the name of a model, got an empty string.", { model: "" }],
  ["model must be the name of a model, got 3.", { model: 3 }],
  ["messages must be a list of messages, got nothing.", { messages: undefined }],
  ["messages must be a list of messages, got a string of 15 characters.", { messages: SECRET }],
  ["messages must be a list of messages, got a value of type object.", { messages: { 0: user, length: 1 } }],
  ["messages must hold at least one message, got a list of 0.", { messages: [] }],
  ["stream must be true or false, got a string of 4 characters.", { stream: "true" }],
  ["max_tokens must be a whole number from 1, got 0.", { max_tokens: 0 }],
  ["max_tokens must be a whole number from 1, got 1.5.", { max_tokens: 1.5 }],
  ["max_tokens must be a whole number from 1, got NaN.", { max_tokens: Number.NaN }],
  ["max_tokens must be a whole number from 1, got Infinity.", { max_tokens: Number.POSITIVE_INFINITY }],
  ["max_tokens must be a whole number from 1, got 1e+21.", { max_tokens: 1e21 }],
  ["max_tokens must be a whole number from 1, got a value of type bigint.", { max_tokens: 5n }],
  ["temperature must be a number from 0 to 2, got 2.1.", { temperature: 2.1 }],
  ["temperature must be a number from 0 to 2, got NaN.", { temperature: Number.NaN }],
  ["temperature must be a number from 0 to 2, got a string of 3 characters.", { temperature: "0.5" }],
  ["top_p must be a number from 0 to 1, got -0.1.", { top_p: -0.1 }],
  ["frequency_penalty must be a number from -2 to 2, got -3.", { frequency_penalty: -3 }],
  ["presence_penalty must be a number from -2 to 2, got true.", { presence_penalty: true }],
  ["top_logprobs must be a whole number from 0 to 20, got 21.", { logprobs: true, top_logprobs: 21 }],
  ["top_logprobs needs logprobs: true.", { top_logprobs: 0 }],
  ["top_logprobs needs logprobs: true.", { top_logprobs: 5, logprobs: false }],
  ["stop must be a string or a list of strings, got a list of 2.", { stop: [SECRET, 5] }],
  ["n must be 1: make one call for each answer, got 2.", { n: 2 }],
  ["stream_options is allowed only with stream: true.", { stream_options: {} }],
  ["stream_options is allowed only with stream: true.", { stream: false, stream_options: { include_usage: true } }],
  ["tools must not be an empty list; leave it out, got a list of 0.", { tools: [] }],
  ["tools must be a list of tools, got a value of type object.", { tools: named("a") }],
  ["tools[0].type must be a string, got nothing.", { tools: [{ function: { name: "a" } }] }],
  [
    "tools[1].function.name must be 1 to 128 letters, digits, _ or -, got nothing.",
    { tools: [named("a"), named(undefined)] },
  ],
  ['tools: the name "a" is used twice.', { tools: [named("a"), { type: "deepseek_read_url" }, named("a")] }],
  ["response_format.type must be a string, got nothing.", { response_format: {} }],
])("refused: %s", (message, differences) => {
  expect(fields(differences)).toBe(message);
});

test.each(["", "a b", "näme", "a\n", "x".repeat(129)])("refused: a tool called %j", (name) => {
  const got = name === "" ? "an empty string" : `a string of ${name.length} characters`;
  const message = `tools[0].function.name must be 1 to 128 letters, digits, _ or -, got ${got}.`;
  expect(fields({ tools: [named(name)] })).toBe(message);
});

test.each<[string, unknown]>([
  [`messages[1] must be a message, got a string of 15 characters.`, SECRET],
  [`messages[1] must be a message, got null.`, null],
  [`messages[1].role ${aRole}, got nothing.`, { content: SECRET }],
  [`messages[1].role ${aRole}, got a string of 9 characters.`, { role: "__proto__", content: SECRET }],
  [`messages[1].content ${aContent}, got nothing.`, { role: "user" }],
  [`messages[1].content ${aContent}, got null.`, { role: "system", content: null }],
  [`messages[1].content ${aContent}, got a list of 1.`, { role: "user", content: [SECRET] }],
  [`messages[1].content ${aContent}, got a list of 1.`, { role: "user", content: [{ text: SECRET }] }],
  ["messages[1].tool_call_id must be a string, got nothing.", { role: "tool", content: SECRET }],
  ["messages[1].reasoning_content must be a string, got 5.", { role: "assistant", content: "", reasoning_content: 5 }],
  [
    "messages[1].prefix must be true or false, got a string of 3 characters.",
    { role: "assistant", content: "", prefix: "yes" },
  ],
  [
    "messages[1].tool_calls must be a list of tool calls, got a string of 15 characters.",
    { role: "assistant", tool_calls: SECRET },
  ],
  [
    "messages[1].tool_calls[0].function.arguments must be a string, got a value of type object.",
    { role: "assistant", tool_calls: [{ id: "a", function: { name: "a", arguments: { [SECRET]: 1 } } }] },
  ],
  ["messages[1]: an assistant message needs content or tool_calls.", { role: "assistant", content: null }],
  ["messages[1]: an assistant message needs content or tool_calls.", { role: "assistant", tool_calls: [] }],
])("refused: %s", (message, entry) => {
  expect(messages(user, entry)).toBe(message);
});

test("a prefix is the last message or none", () => {
  const prefix = { role: "assistant", content: SECRET, prefix: true };
  expect(messages(prefix, user)).toBe("messages[0].prefix is allowed only on the last message.");
});

test.each<[string, () => string]>([
  ["response_format as a text", () => fields({ response_format: "json_object" })],
  ["a tool as a text", () => fields({ tools: [SECRET] })],
  ["a tool whose function is a text", () => fields({ tools: [{ type: "function", function: SECRET }] })],
  ["an empty list of parts", () => messages({ role: "user", content: [] })],
  ["a tool call as a text", () => messages({ role: "assistant", tool_calls: [SECRET] })],
  ["a tool call without its function", () => messages({ role: "assistant", tool_calls: [{ id: "a" }] })],
  ["no parameters at all", () => verdict(undefined)],
  ["a text for the parameters", () => verdict(SECRET)],
])("a refusal says what is allowed, not only that it was wrong: %s", (_, say) => {
  expect(say()).toMatch(/ (?:must|needs?|is allowed) /);
  expect(say()).not.toContain("Invalid input");
});

test("a tool of type function without its function is refused, not found out with a TypeError later", () => {
  expect(fields({ tools: [{ type: "function" }] })).toMatch(/^tools\[0\]\.function must /);
  expect(fields({ tools: [{ type: "function", function: undefined }] })).toMatch(/^tools\[0\]\.function must /);
});

test("a server's tool may carry function: undefined, as a spread of optional fields leaves it", () => {
  expect(fields({ tools: [{ type: "deepseek_web_search", function: undefined }] })).toBe("accepted");
});

test("top_logprobs is a count: no host takes a fraction", () => {
  expect(fields({ logprobs: true, top_logprobs: 2.5 })).toMatch(
    /^top_logprobs must be a .*number from 0 to 20, got 2\.5\.$/,
  );
});

test("a key __proto__ in parsed JSON decides nothing", () => {
  const json = (inner: string) => JSON.parse(`{"model":"m","messages":[{"role":"user","content":"x"}],${inner}}`);
  expect(verdict(json('"__proto__":{"n":5,"stream_options":{}}'))).toBe("accepted");
  expect(verdict(JSON.parse('{"__proto__":{"model":"m","messages":[{}]}}'))).toMatch(/^model must be/);
});

test("whatever is asked, it is accepted or refused in words of our own, and the request is left as it was", () => {
  const value = fc.oneof(fc.jsonValue(), fc.constant(SECRET), fc.constant([SECRET]), fc.constant({ content: SECRET }));
  const names = [
    "temperature",
    "top_p",
    "stop",
    "tools",
    "tool_choice",
    "response_format",
    "stream_options",
    "n",
    "max_tokens",
  ];
  const message = fc.record(
    { role: fc.constantFrom("user", "assistant", "tool", SECRET), content: value, tool_calls: value, prefix: value },
    { requiredKeys: [] },
  );
  const request = fc.record({
    messages: fc.oneof(fc.array(fc.oneof(message, value)), value),
    rest: fc.dictionary(fc.constantFrom(...names), value),
  });
  fc.assert(
    fc.property(request, ({ messages: list, rest }) => {
      const params = { model: "m", messages: list, ...rest };
      const before = structuredClone(params);
      verdict(params);
      expect(params).toEqual(before);
    }),
    { numRuns: 300 },
  );
});

test("importing the validator changes nothing for the zod of the user's own program", () => {
  // Every copy of zod in a process shares one configuration, which stands on `globalThis`.
  expect(z.config()).not.toHaveProperty("jitless");
});
