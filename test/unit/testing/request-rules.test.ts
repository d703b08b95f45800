import { expect, test } from "vitest";
import {
  checkRules,
  countTokens,
  isThinking,
  promptTokens,
  servedModel,
  textOf,
} from "../../../src/testing/request-rules.ts";
import { bodyOf, PLAIN } from "./ask.ts";

const CONTEXT = { isBeta: false, models: ["deepseek-flash", "deepseek-v4-pro"], window: 1_000 };
const BETA = { ...CONTEXT, isBeta: true };
const USER = { role: "user", content: "hi" };
const TOOL = { type: "function", function: { name: "now" } };
const CALL = { id: "call_1", type: "function", function: { name: "now", arguments: "{}" } };
const OTHER = { ...CALL, id: "call_2" };
const DESERIALIZE = "Failed to deserialize the JSON body into the target type: ";

/** The message of the refusal; `undefined` when the request is fine. */
function refusal(overrides: object, context = CONTEXT): string | undefined {
  const error = checkRules(bodyOf(overrides), context);
  if (!error) return undefined;
  expect(error.status).toBe(400);
  const { message, ...rest } = (JSON.parse(error.body) as { error: Record<string, unknown> }).error;
  expect(rest).toEqual({ type: "invalid_request_error", param: null, code: "invalid_request_error" });
  expect(error.contentType).toBe(
    String(message).startsWith(DESERIALIZE) ? "application/octet-stream" : "application/json",
  );
  return String(message);
}

test("an ordinary request is fine, with every documented parameter", () => {
  expect(refusal({})).toBeUndefined();
  expect(
    refusal({
      ...PLAIN,
      temperature: 2,
      top_p: 0.9,
      max_tokens: 100,
      stop: ["a"],
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: "user", content: "As Json, please." }],
      response_format: { type: "json_object" },
      tools: [TOOL],
      tool_choice: "required",
      logprobs: true,
      top_logprobs: 2,
      user_id: "u",
      prompt_cache_key: "ignored",
    }),
  ).toBeUndefined();
});

test("a missing model, missing messages and no message at all are refused", () => {
  expect(refusal({ model: undefined })).toBe(`${DESERIALIZE}missing field \`model\` at line 1 column 2`);
  expect(refusal({ messages: undefined })).toBe(`${DESERIALIZE}missing field \`messages\` at line 1 column 2`);
  expect(refusal({ messages: "hi" })).toContain(DESERIALIZE);
  expect(refusal({ messages: [] })).toBe("Empty input messages");
});

test("an unknown role is refused, with the list of known ones", () => {
  expect(refusal({ messages: [USER, { role: "developer", content: "x" }] })).toBe(
    `${DESERIALIZE}messages[1].role: unknown variant \`developer\`, expected one of \`system\`, \`user\`, \`assistant\`, \`tool\`, \`latest_reminder\``,
  );
  expect(refusal({ messages: [null] })).toContain(`${DESERIALIZE}messages[0]`);
});

test("an unknown model is refused with the names that exist", () => {
  expect(refusal({ model: "deepseek-chat" })).toBe(
    "The supported API model names are deepseek-flash or deepseek-v4-pro, but you passed deepseek-chat.",
  );
  expect(refusal({ model: "constructor" })).toContain("but you passed constructor.");
});

test("retired names are accepted and served by deepseek-flash", () => {
  expect(refusal({ model: "deepseek-v4-flash" })).toBeUndefined();
  expect(servedModel({ model: "deepseek-v4-flash" })).toBe("deepseek-flash");
  expect(servedModel({ model: "deepseek-v4-pro" })).toBe("deepseek-v4-pro");
});

// Fact sheet, section 0: both names are "still accepted and silently served and billed as deepseek-flash".
test("the retired vision name is accepted too", () => {
  expect(refusal({ model: "deepseek-v4-flash-vision-exp" })).toBeUndefined();
});

test("a name the simulator was told to serve is accepted, also one that is retired elsewhere", () => {
  expect(refusal({ model: "deepseek-v4-flash" }, { ...CONTEXT, models: ["deepseek-v4-flash"] })).toBeUndefined();
});

test("too long a context is refused with its numbers, the room for the completion included", () => {
  const messages = [{ role: "user", content: "a".repeat(3_000) }];
  expect(refusal({ messages, max_tokens: 93 })).toBeUndefined();
  expect(refusal({ messages, max_tokens: 94 })).toBe(
    "This model's maximum context length is 1000 tokens. However, you requested 1001 tokens (907 in the messages, 94 in the completion). Please reduce the length of the messages or completion.",
  );
});

test("an assistant message at the end needs prefix, and prefix needs the beta address", () => {
  const last = { role: "assistant", content: "So" };
  expect(refusal({ messages: [USER, last] })).toBe(
    "The last message must be a user message, or an assistant message with prefix mode on",
  );
  expect(refusal({ messages: [USER, { ...last, prefix: true }] })).toBe(
    'prefix is only available when using beta api (set base_url="https://api.deepseek.com/beta")',
  );
  expect(refusal({ messages: [USER, { ...last, prefix: true }] }, BETA)).toBeUndefined();
  expect(refusal({ messages: [USER, last] }, BETA)).toContain("The last message must be");
});

test("an assistant message needs content or tool calls, and the empty string is content", () => {
  const wrong = "Invalid assistant message: content or tool_calls must be set";
  expect(refusal({ messages: [{ role: "assistant", content: null }, USER] })).toBe(wrong);
  expect(refusal({ messages: [{ role: "assistant", content: null, tool_calls: [] }, USER] })).toBe(wrong);
  expect(refusal({ messages: [{ role: "assistant" }, USER] })).toBe(wrong);
  expect(refusal({ messages: [{ role: "assistant", content: "" }, USER] })).toBeUndefined();
});

test("with tools and thinking every assistant message brings its reasoning back, be it empty", () => {
  const wrong = "The `reasoning_content` in the thinking mode must be passed back to the API.";
  const said = { role: "assistant", content: "So" };
  const messages = [USER, said, USER];
  expect(refusal({ messages, tools: [TOOL] })).toBe(wrong);
  expect(refusal({ messages: [USER, { ...said, reasoning_content: null }, USER], tools: [TOOL] })).toBe(wrong);
  expect(refusal({ messages: [USER, { ...said, reasoning_content: "" }, USER], tools: [TOOL] })).toBeUndefined();
  expect(refusal({ messages, tools: [TOOL], ...PLAIN })).toBeUndefined();
  expect(refusal({ messages })).toBeUndefined();
});

test("each tool call is answered right behind its message, in any order", () => {
  const wrong =
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.";
  const calls = { role: "assistant", content: null, tool_calls: [CALL, OTHER] };
  const answer = (id: string) => ({ role: "tool", tool_call_id: id, content: "12:00" });
  expect(refusal({ messages: [USER, calls, answer("call_2"), answer("call_1")] })).toBeUndefined();
  expect(refusal({ messages: [USER, calls, answer("call_1"), USER] })).toBe(wrong);
  expect(refusal({ messages: [USER, calls, USER, answer("call_1"), answer("call_2")] })).toBe(wrong);
  expect(refusal({ messages: [USER, calls, answer("call_1")] })).toBe(wrong);
});

test("a tool message that answers no call is refused", () => {
  const wrong = "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'";
  const answer = { role: "tool", tool_call_id: "call_1", content: "12:00" };
  expect(refusal({ messages: [USER, answer] })).toBe(wrong);
  expect(refusal({ messages: [answer] })).toBe(wrong);
  const calls = { role: "assistant", content: "", tool_calls: [CALL] };
  expect(refusal({ messages: [USER, calls, answer, { ...answer, tool_call_id: "call_9" }] })).toBe(wrong);
});

test("a forced tool choice is refused while thinking is on", () => {
  const wrong = "Thinking mode does not support this tool_choice";
  const named = { type: "function", function: { name: "now" } };
  expect(refusal({ tools: [TOOL], tool_choice: "required" })).toBe(wrong);
  expect(refusal({ tools: [TOOL], tool_choice: named })).toBe(wrong);
  expect(refusal({ tools: [TOOL], tool_choice: named, ...PLAIN })).toBeUndefined();
  for (const choice of ["auto", "none", null]) {
    expect(refusal({ tools: [TOOL], tool_choice: choice })).toBeUndefined();
  }
});

test("stream_options without stream is refused", () => {
  const wrong = "stream_options should be set along with stream = true";
  expect(refusal({ stream_options: { include_usage: true } })).toBe(wrong);
  expect(refusal({ stream: false, stream_options: {} })).toBe(wrong);
  expect(refusal({ stream_options: null })).toBeUndefined();
});

test("json_schema is refused, text and json_object are not", () => {
  expect(refusal({ response_format: { type: "json_schema" } })).toBe("This response_format type is unavailable now");
  expect(refusal({ response_format: { type: "text" } })).toBeUndefined();
  expect(refusal({ response_format: null })).toBeUndefined();
});

test("strict tools need the beta address", () => {
  const tools = [TOOL, { type: "function", function: { name: "then", strict: true } }];
  expect(refusal({ tools })).toBe(
    'strict is only available when using beta api (set base_url="https://api.deepseek.com/beta")',
  );
  expect(refusal({ tools: [tools[1]] }, BETA)).toBeUndefined();
});

test("strict tools are all or none", () => {
  const strict = { type: "function", function: { name: "then", strict: true } };
  expect(refusal({ tools: [TOOL, strict] }, BETA)).toBe("strict must be true for all functions, or for none");
  expect(refusal({ tools: [strict, { type: "deepseek_web_search" }] }, BETA)).toBeUndefined();
  expect(refusal({ tools: [TOOL] }, BETA)).toBeUndefined();
});

test("JSON mode needs the word json in a message, in whatever letters", () => {
  const json = { response_format: { type: "json_object" } };
  const wrong = "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.";
  expect(refusal(json)).toBe(wrong);
  expect(
    refusal({ ...json, messages: [{ role: "user", content: [{ type: "text", text: "JSON!" }] }] }),
  ).toBeUndefined();
  expect(refusal({ response_format: { type: "json_schema" } })).toBe("This response_format type is unavailable now");
});

test("temperature lies in 0 to 2", () => {
  const wrong = "Invalid temperature value, the valid range of temperature is [0, 2]";
  expect(refusal({ temperature: -0.1 })).toBe(wrong);
  expect(refusal({ temperature: 2.1 })).toBe(wrong);
  expect(refusal({ temperature: 0 })).toBeUndefined();
});

// Fact sheet, section 2.2: range 1..393216. What is let through here cuts the thinking from its end.
test("max_tokens below 1 is refused", () => {
  expect(refusal({ max_tokens: 0 })).toBeDefined();
  expect(refusal({ max_tokens: -1 })).toBeDefined();
});

// Fact sheet, section 3: "string or array, max 16".
test("more than 16 stop sequences are refused", () => {
  const stops = (count: number) => Array.from({ length: count }, (_, index) => `stop ${index}`);
  expect(refusal({ stop: stops(16) })).toBeUndefined();
  expect(refusal({ stop: stops(17) })).toBeDefined();
});

test("a tool that is no object is refused, and does not crash the simulator", () => {
  expect(refusal({ tools: [null] })).toBeDefined();
});

test("thinking is on unless it is disabled", () => {
  expect([{}, { thinking: null }, { thinking: { type: "enabled" } }, PLAIN].map(isThinking)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test("tokens are counted by the rule of thumb, and text parts as text", () => {
  expect(countTokens("")).toBe(0);
  expect(countTokens("a".repeat(100))).toBe(30);
  expect(countTokens("繁".repeat(10))).toBe(6);
  expect(textOf([{ type: "text", text: "a" }, { type: "image_url" }, null, { type: "text", text: "b" }])).toBe("ab");
  expect(textOf(null)).toBe("");
  const parts = { role: "user", content: [{ type: "text", text: "a".repeat(10) }] };
  expect(promptTokens({ messages: [USER, parts] })).toBe(3 + (4 + 1) + (4 + 3));
});

test("a message has text, files and pictures, and pictures are the user's", () => {
  const picture = { type: "image_url", image_url: { url: "data:," } };
  const message = (role: string, ...content: unknown[]) => refusal({ messages: [{ role, content }, USER] });
  expect(message("user", { type: "text", text: "hi" }, picture)).toBeUndefined();
  expect(message("system", picture)).toBe("messages[0]: image_url is only available in user messages");
  expect(message("user", { type: "input_audio" })).toBe(
    `${DESERIALIZE}messages[0]: unknown variant \`input_audio\`, expected one of \`text\`, \`image_url\`, \`file\``,
  );
  expect(message("user", null)).toContain("unknown variant");
});

// Fact sheet, sections 2.1 and 3: no images for this model, and the words of the models before V4.1.
test("deepseek-v4-pro takes no pictures, wherever they stand", () => {
  const picture = { type: "image_url", image_url: { url: "data:," } };
  const ask = { role: "user", content: [{ type: "text", text: "What is this?" }, picture] };
  const wrong = `unknown variant \`image_url\`, expected \`text\``;
  expect(refusal({ model: "deepseek-v4-pro", messages: [ask] })).toBe(`${DESERIALIZE}messages[0]: ${wrong}`);
  expect(refusal({ model: "deepseek-v4-pro", messages: [USER, ask] })).toBe(`${DESERIALIZE}messages[1]: ${wrong}`);
  for (const model of ["deepseek-flash", "deepseek-v4-flash"]) {
    expect(refusal({ model, messages: [ask] })).toBeUndefined();
  }
});

test("effort none switches thinking off", () => {
  expect(isThinking(bodyOf({ reasoning_effort: "none" }))).toBe(false);
  expect(isThinking(bodyOf({ reasoning_effort: "low" }))).toBe(true);
});
