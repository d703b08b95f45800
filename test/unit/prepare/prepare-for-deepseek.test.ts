import { expect, test } from "vitest";
import { ANSWER_TOKENS } from "../../../src/chat/answer-tokens.ts";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { type Preparation, prepareForDeepSeek } from "../../../src/prepare/prepare-for-deepseek.ts";
import { thrownBy } from "../../support/abort-reasons.ts";

const user = { role: "user", content: "Hello" } as const;
const tools = [{ type: "function", function: { name: "now" } }] as const;
const strict = { type: "function", function: { name: "then", strict: true } } as const;
const plain = { model: "deepseek-flash", messages: [user], max_tokens: 100 };
const off = { thinking: { type: "disabled" } } as const;
const schema = { type: "object", properties: { a: { type: "string" } } } as const;
const SHORT = "Answer with one JSON object and nothing else.";
const LONG = `${SHORT} It must be valid against this JSON Schema:\n${JSON.stringify(schema)}`;
const assistant = { role: "assistant", content: "Hi" } as const;
const calls = [{ id: "c1", type: "function", function: { name: "now", arguments: "{}" } }] as const;
const answered = { role: "tool", tool_call_id: "c1", content: "noon" } as const;
const system = (content: string) => ({ role: "system", content }) as const;

/** Requests as they may come: with fields and roles of other hosts. */
const request = (fields: object): ChatRequest => ({ ...plain, ...fields }) as ChatRequest;

function prepare(given: ChatRequest, how: Partial<Preparation> = {}) {
  const told: string[] = [];
  const before = structuredClone(given);
  const prepared = prepareForDeepSeek(freeze(given), {
    format: given.response_format,
    forcedToolChoice: "refuse",
    isOwnAddress: true,
    answerTokens: ANSWER_TOKENS,
    tell: (rule, message) => told.push(`${rule}: ${message}`),
    ...how,
  });
  expect(given).toEqual(before);
  return { prepared, told };
}

/** Whoever changes what was given, at any depth, fails. */
function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) freeze(inner);
  return Object.freeze(value);
}

test.each([
  ["a plain request", {}],
  ["tools without an earlier answer", { tools, tool_choice: "auto" }],
  ["an earlier answer without tools", { messages: [user, assistant, user] }],
  [
    "an answer with its thinking, and tools",
    { tools, messages: [user, { ...assistant, reasoning_content: "Hm" }, user] },
  ],
  ["tools without thinking", { tools, ...off, tool_choice: "required", messages: [user, assistant, user] }],
  [
    "JSON mode that says so",
    { response_format: { type: "json_object" }, messages: [{ role: "user", content: "JSON!" }] },
  ],
  ["text", { response_format: { type: "text" } }],
  ["strict tools only", { tools: [strict, { type: "deepseek_web_search" }] }],
  ["tool_choice none", { tools, tool_choice: "none" }],
  ["top_p while thinking", { top_p: 0.97 }],
  ["temperature without thinking", { temperature: 0.2, ...off }],
  ["what is null", { temperature: null, seed: null, max_completion_tokens: null, response_format: null }],
])("%s is sent as it is, the same object", (_, fields) => {
  const given = request(fields);
  const { prepared, told } = prepare(given);
  expect(prepared).toBe(given);
  expect(told).toEqual([]);
});

test.each<[rule: string, fields: object, expected: object, told: string]>([
  [
    "reasoning",
    { tools, messages: [user, { ...assistant, content: "", tool_calls: calls }, answered, assistant, user] },
    {
      messages: [
        user,
        { ...assistant, content: "", tool_calls: calls, reasoning_content: "" },
        answered,
        { ...assistant, reasoning_content: "" },
        user,
      ],
    },
    "2 assistant messages without reasoning_content got an empty one",
  ],
  [
    "reasoning",
    { tools, messages: [user, { ...assistant, prefix: true, reasoning_content: null }] },
    { messages: [user, { ...assistant, prefix: true, reasoning_content: "" }] },
    "1 assistant message without reasoning_content got an empty one",
  ],
  [
    "content-null",
    { ...off, messages: [user, { role: "assistant", content: null, tool_calls: calls }, answered] },
    { messages: [user, { role: "assistant", content: "", tool_calls: calls }, answered] },
    "1 assistant message without content got an empty one",
  ],
  [
    "developer-role",
    { messages: [{ role: "developer", content: "Be kind." }, user] },
    { messages: [system("Be kind."), user] },
    '1 message of the role "developer" became "system"',
  ],
  [
    "json-mode",
    { response_format: { type: "json_object" } },
    { messages: [system(SHORT), user] },
    'JSON mode needs the word "json" in the prompt: a sentence was added to the system message',
  ],
  [
    "json-mode",
    {
      response_format: { type: "json_schema", json_schema: { name: "x", schema } },
      messages: [system("Be kind."), user],
    },
    { response_format: { type: "json_object" }, messages: [system(`Be kind.\n\n${LONG}`), user] },
    "response_format json_schema became json_object, with the schema in the prompt",
  ],
  [
    "json-mode",
    {
      response_format: { type: "json_schema" },
      messages: [{ role: "system", content: [{ type: "text", text: "Kind" }] }, user],
    },
    {
      response_format: { type: "json_object" },
      messages: [
        {
          role: "system",
          content: [
            { type: "text", text: "Kind" },
            { type: "text", text: SHORT },
          ],
        },
        user,
      ],
    },
    "response_format json_schema became json_object, with the schema in the prompt",
  ],
  [
    "max-completion-tokens",
    { max_tokens: undefined, max_completion_tokens: 7 },
    { max_tokens: 7, max_completion_tokens: undefined },
    "max_completion_tokens is sent as max_tokens, which DeepSeek knows",
  ],
  [
    "strict-tools",
    { tools: [...tools, strict] },
    { tools: [...tools, { type: "function", function: { name: "then" } }] },
    "strict was left off: 1 of 2 functions have it, and it takes all of them",
  ],
  [
    "model-names",
    { model: "deepseek-chat" },
    { model: "deepseek-flash", thinking: { type: "disabled" } },
    "deepseek-chat was switched off: deepseek-flash is asked, thinking disabled",
  ],
  [
    "model-names",
    { model: "deepseek-reasoner" },
    { model: "deepseek-flash", thinking: { type: "enabled" } },
    "deepseek-reasoner was switched off: deepseek-flash is asked, thinking enabled",
  ],
  [
    "model-names",
    { model: "deepseek-chat", thinking: { type: "enabled" } },
    { model: "deepseek-flash", thinking: { type: "enabled" } },
    "deepseek-chat was switched off: deepseek-flash is asked",
  ],
  ["model-names", { model: "deepseek-v4-flash" }, {}, "deepseek-v4-flash is a retired name, served as deepseek-flash"],
  ["no-effect", { temperature: 0 }, {}, "temperature: without effect while the model thinks"],
  ["no-effect", { ...off, top_p: 0.5 }, {}, "top_p: without effect unless the model thinks"],
  [
    "no-effect",
    { presence_penalty: 1, frequency_penalty: 0, ...off },
    {},
    "frequency_penalty, presence_penalty: without effect at DeepSeek",
  ],
  [
    "no-effect",
    { n: 1, seed: 7, logit_bias: {}, parallel_tool_calls: false, user: "u" },
    {},
    "n, seed, logit_bias, parallel_tool_calls, user: not documented by DeepSeek",
  ],
])("%s: %j becomes %j", (rule, fields, expected, message) => {
  const given = request(fields);
  const { prepared, told } = prepare(given);
  expect(prepared).toEqual({ ...given, ...expected });
  expect(told).toEqual([`${rule}: ${message}`]);
  // Once is enough.
  const again = prepare(prepared);
  expect(again.prepared).toBe(prepared);
});

test.each([
  ["required", '"required"'],
  [{ type: "function", function: { name: "now" } }, "with a named function"],
] as const)(
  "tool_choice %j is refused while the model thinks, with the remedy; or thinking is switched off",
  (choice, said) => {
    const forced = request({ tools, tool_choice: choice, reasoning_effort: "high", messages: [user, assistant, user] });
    const error = thrownBy(() => prepare(forced));
    expect(error).toMatchObject({ code: "invalid_request" });
    expect(String(error)).toContain(`tool_choice ${said} is refused by DeepSeek while the model thinks.`);
    expect(String(error)).toMatch(/thinking: \{ type: "disabled" \}.*forcedToolChoice: "disable_thinking"/);
    const { prepared, told } = prepare(forced, { forcedToolChoice: "disable_thinking" });
    const { reasoning_effort: _, ...others } = forced;
    expect(prepared).toEqual({ ...others, ...off });
    expect(told).toEqual(["forced-tool-choice: thinking was switched off, because tool_choice forces a tool"]);
  },
);

test.each([
  [{}, 65_536],
  [{ reasoning_effort: "max" }, 131_072],
  [{ ...off }, 8_192],
  [{ ...off, reasoning_effort: "max" }, 8_192],
  [{ reasoning_effort: "none" }, 8_192],
  [{ model: "deepseek-chat" }, 8_192],
  [{ max_tokens: 5 }, 5],
])("of %j the default of max_tokens is said: %i", (fields, expected) => {
  const given = request({ max_tokens: undefined, ...fields });
  expect(prepare(given).prepared.max_tokens).toBe(expected);
  // Of a model nobody knows, only what was asked for.
  expect(prepare(given, { answerTokens: undefined }).prepared.max_tokens).toBe(given.max_tokens);
});

test("names that may be a gateway's own are left alone there", () => {
  for (const model of ["deepseek-chat", "deepseek-reasoner", "deepseek-v4-flash"]) {
    const given = request({ model });
    expect(prepare(given, { isOwnAddress: false })).toEqual({ prepared: given, told: [] });
  }
});

test("a request that goes on with a JSON answer has the prompt of the whole, and no JSON mode", () => {
  const begun = request({ messages: [user, { ...assistant, content: '{"a":', prefix: true }] });
  const format = { type: "json_schema", json_schema: { schema } } as const;
  const { prepared } = prepare(begun, { format });
  expect(prepared.messages).toEqual([system(LONG), ...begun.messages]);
  expect(prepared).not.toHaveProperty("response_format");
  expect(prepare(prepared, { format }).prepared).toBe(prepared);
});

test("a schema that is no JSON is refused without its text", () => {
  const cyclic: Record<string, unknown> = { secret: "my own words" };
  cyclic["self"] = cyclic;
  const given = { ...plain, response_format: { type: "json_schema", json_schema: { schema: cyclic } } } as const;
  const prepareIt = () =>
    prepareForDeepSeek(given, {
      format: given.response_format,
      forcedToolChoice: "refuse",
      isOwnAddress: true,
      answerTokens: undefined,
      tell: () => {},
    });
  const error = thrownBy(prepareIt);
  expect(error).toMatchObject({ code: "invalid_request" });
  expect(String(error)).not.toContain("my own words");
});
