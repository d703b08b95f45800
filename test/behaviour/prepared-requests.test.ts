import { expect, test } from "vitest";
import { conversation } from "../../src/index.ts";
import { createWorld, failure, KEY, params, type World } from "../support/busy-world.ts";
import { asked, said, schema, tools, user } from "../support/gateway-world.ts";
import { expectRight, observe, READINGS } from "../support/observe-call.ts";

const strict = { type: "function", function: { name: "then", strict: true } } as const;
const off = { thinking: { type: "disabled" } } as const;

/** What the API says of a request as it is. */
async function sendRaw({ run }: World, request: object, path = "") {
  const send = async () => {
    const response = await fetch(`https://api.deepseek.com${path}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const text = await response.text();
    return { status: response.status, message: response.ok ? "" : (JSON.parse(text) as RawError).error.message };
  };
  return run(send());
}
type RawError = { readonly error: { readonly message: string } };

test.each<[rule: string, fields: object, refusal: RegExp, path?: string]>([
  ["reasoning", { tools, messages: [user, said, user] }, /^The `reasoning_content` in the thinking mode must be/],
  [
    "content-null",
    { messages: [user, { role: "assistant", content: null, reasoning_content: "Hm" }, user] },
    /^Invalid assistant message: content or tool_calls must be set$/,
  ],
  ["developer-role", { messages: [{ role: "developer", content: "Be kind." }, user] }, /unknown variant `developer`/],
  ["json-mode", { response_format: { type: "json_schema", json_schema: { schema } } }, /^This response_format type is/],
  ["json-mode", { response_format: { type: "json_object" } }, /^Prompt must contain the word 'json' in some form/],
  ["strict-tools", { tools: [...tools, strict] }, /^strict must be true for all functions, or for none$/, "/beta"],
  ["model-names", { model: "deepseek-chat" }, /^The supported API model names are .* you passed deepseek-chat\.$/],
  ["model-names", { model: "deepseek-reasoner" }, /^The supported API model names are .* you passed deepseek-reasoner/],
])(
  "%s: what the API refuses as it is (%j) is answered, streamed and whole, and told",
  async (rule, fields, refusal, path) => {
    for (const reading of READINGS) {
      const world = createWorld();
      expect(await sendRaw(world, asked(fields), path)).toEqual({
        status: 400,
        message: expect.stringMatching(refusal),
      });
      const seen = await observe(world, reading, { params: asked(fields) });
      expect(seen.error).toBeUndefined();
      expect(seen.completion?.choices[0]?.finish_reason).toBe("stop");
      expect(world.simulator.requests.map(({ status }) => status)).toEqual([400, 200]);
      expect(seen.report.changes).toEqual([{ rule, message: expect.any(String) }]);
    }
  },
);

test.each(["required", { type: "function", function: { name: "now" } }])(
  "tool_choice %j while the model thinks: nothing is sent, unless the caller lets thinking be switched off",
  async (choice) => {
    const world = createWorld({
      answer: () => ({
        content: "",
        toolCalls: [{ id: "c", type: "function", function: { name: "now", arguments: "{}" } }],
      }),
    });
    const request = asked({ tools, tool_choice: choice });
    expect(await sendRaw(world, request)).toMatchObject({
      status: 400,
      message: "Thinking mode does not support this tool_choice",
    });
    const error = await world.run(failure(world.client.chat.completions.create(request)));
    expect(error).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining('forcedToolChoice: "disable_thinking"'),
    });
    expect(world.simulator.requests.length).toBe(1);
    const options = { forcedToolChoice: "disable_thinking" } as const;
    const { completion, report } = await observe(world, "parts", { params: request, options });
    expect(completion?.choices[0]?.finish_reason).toBe("tool_calls");
    expect(world.simulator.requests.at(-1)?.body["thinking"]).toEqual({ type: "disabled" });
    expect(report.changes.map(({ rule }) => rule)).toEqual(["forced-tool-choice"]);
    expect(world.client.health().providers[0]).toMatchObject({ inFlight: 0 });
  },
);

test("old names: the report names the model that was asked, and so does everything that goes by it", async () => {
  const world = createWorld();
  const { report } = await observe(world, "create", { params: asked({ model: "deepseek-chat" }) });
  expect(report.attempts).toMatchObject([{ model: "deepseek-flash", kind: "first" }]);
  expect(world.client.health().providers[0]?.models.map(({ model }) => model)).toEqual(["deepseek-flash"]);
  expect(world.simulator.requests[0]?.body).toMatchObject({ model: "deepseek-flash", thinking: { type: "disabled" } });
  expect(world.simulator.requests[0]?.body["max_tokens"]).toBe(8_192);
});

test("the default of max_tokens is said aloud, and what goes on has the whole of it again; the caller's own shrinks", async () => {
  const world = createWorld({ script: [{ kind: "cut", afterTokens: 60 }], answerTokens: 120 });
  expectRight(await observe(world, "text"), world.simulator);
  expect(world.simulator.requests.map(({ body }) => body["max_tokens"])).toEqual([65_536, 65_536]);
  const limited = createWorld({ script: [{ kind: "cut", afterTokens: 60 }], answerTokens: 120 });
  await observe(limited, "text", { params: asked({ max_completion_tokens: 5_000 }) });
  const [first, then] = limited.simulator.requests.map(({ body }) => Number(body["max_tokens"]));
  expect(first).toBe(5_000);
  expect(then).toBeLessThan(5_000 - 30);
});

test("in a small window the default of max_tokens is a quarter of it, and what was asked for stays", async () => {
  const world = createWorld({ client: { context: { windowTokens: 20_000 } } });
  await observe(world, "create");
  await observe(world, "create", { params: asked({ max_tokens: 6_000 }) });
  expect(world.simulator.requests.map(({ body }) => body["max_tokens"])).toEqual([5_000, 6_000]);
});

test("stream_options is sent with a stream only", async () => {
  const world = createWorld();
  const stream_options = { include_usage: true };
  expect(await sendRaw(world, asked({ stream_options }))).toMatchObject({ status: 400 });
  await world.run(world.client.chat.completions.stream(asked({ stream_options })).finalChatCompletion());
  const { body } = world.simulator.requests.at(-1) ?? {};
  expect(body).toMatchObject({ stream: true, stream_options });
  await world.run(world.client.chat.completions.create(params, { wire: "json" }));
  expect(world.simulator.requests.at(-1)?.body).not.toHaveProperty("stream_options");
});

test("a JSON answer that broke off goes on behind the same prompt, schema and all", async () => {
  const answer = () => JSON.stringify({ a: "long ".repeat(60) });
  const world = createWorld({ script: [{ kind: "cut", afterTokens: 30 }], answer });
  const request = asked({ ...off, response_format: { type: "json_schema", json_schema: { schema } } });
  const { text, report } = await observe(world, "text", { params: request });
  expect(text).toBe(answer());
  expect(report.attempts.map(({ kind }) => kind)).toEqual(["first", "resume"]);
  const [first, then] = world.simulator.requests.map(({ body }) => body.messages);
  expect(then?.slice(0, -1)).toEqual(first);
  expect(JSON.stringify(first)).toContain("JSON Schema");
  expect(report.changes.map(({ rule }) => rule)).toEqual(["json-mode", "json-mode"]);
});

test("what has no effect is told in every report, warned about once, and sent all the same", async () => {
  const world = createWorld();
  for (let turn = 0; turn < 3; turn += 1) {
    const { report } = await observe(world, "create", { params: asked({ temperature: 0.5, seed: 7 }) });
    expect(report.changes).toEqual([
      { rule: "no-effect", message: "temperature: without effect while the model thinks" },
      { rule: "no-effect", message: "seed: not documented by DeepSeek" },
    ]);
    expect(world.simulator.requests.at(-1)?.body).toMatchObject({ temperature: 0.5, seed: 7 });
  }
  expect(world.events.filter(({ type }) => type === "warning")).toMatchObject([{ code: "no-effect" }]);
});

test("a warning is for one provider and rule, once: also of an old name and of partial strictness", async () => {
  const world = createWorld();
  const fields = { model: "deepseek-chat", tools: [...tools, strict], seed: 7, max_completion_tokens: 900 };
  for (let turn = 0; turn < 2; turn += 1) await observe(world, "create", { params: asked(fields) });
  const warnings = world.events.flatMap((event) => (event.type === "warning" ? event.code : []));
  // Another name of the same limit is told in the report alone.
  expect(warnings.sort()).toEqual(["model-names", "no-effect", "strict-tools"]);
});

test("a conversation with tools keeps working, and what it sends grows at its end only", async () => {
  const toolCall = { id: "c1", type: "function", function: { name: "now", arguments: "{}" } } as const;
  const world = createWorld({
    script: ["busy"],
    answer: ({ messages }) => (messages?.length === 1 ? { content: "", toolCalls: [toolCall] } : "Noon."),
  });
  const chat = conversation(world.client, { model: "deepseek-flash", tools });
  await world.run(chat.send("What time is it?"));
  await world.run(chat.send([{ role: "tool", tool_call_id: "c1", content: "12:00" }]));
  await world.run(chat.send("And now?"));
  const sent = world.simulator.requests.filter(({ status }) => status === 200).map(({ body }) => body.messages ?? []);
  expect(sent.map(({ length }) => length)).toEqual([1, 3, 5]);
  for (const [index, messages] of sent.slice(1).entries())
    expect(messages.slice(0, sent[index]?.length)).toEqual(sent[index]);
});
