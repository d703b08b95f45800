import { expect, test } from "vitest";
import type { AttemptCall } from "../../../src/call.ts";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { NO_MODELS } from "../../../src/providers/dialect.ts";
import type { DialectOptions } from "../../../src/providers/dialect-options.ts";
import { createSayRequest } from "../../../src/providers/say-request.ts";
import { watchAttempt } from "../../support/watched-attempt.ts";

const plain: ChatRequest = { model: "m", messages: [{ role: "user", content: "hi" }] };
const host = { name: "lab", baseURL: "https://lab.test", models: NO_MODELS, keepAlives: false };

const tools = [{ type: "function", function: { name: "now" } }] as const;

/** What is sent, and what the report tells of it. */
function say(
  fields: Partial<ChatRequest>,
  dialect: DialectOptions & { always?: Readonly<Record<string, unknown>> },
  continued: AttemptCall["continued"] = "fresh",
) {
  const request = { ...plain, ...fields };
  const before = structuredClone(request);
  const { call } = watchAttempt({ request, provider: "lab", responseFormat: request.response_format, continued });
  const sent = createSayRequest({ ...host, ...dialect })(call);
  expect(request).toEqual(before);
  return { sent, changes: call.log.report().changes };
}

test("without words of its own a host gets the very request", () => {
  const fields = {
    tools,
    tool_choice: "none",
    seed: 1,
    thinking: { type: "enabled" },
    max_completion_tokens: 5,
  } as const;
  expect(say(fields, {})).toEqual({ sent: { ...plain, ...fields }, changes: [] });
});

test("parameters it does not know are left out, and told by their names", () => {
  const fields = { seed: 1, user_id: null, stop: ["x"], temperature: 0 } as unknown as Partial<ChatRequest>;
  expect(say(fields, { leftOut: ["seed", "user_id", "stop", "top_p"] })).toEqual({
    sent: { ...plain, temperature: 0 },
    changes: [{ rule: "host-parameters", message: "lab: seed, stop left out: not known there" }],
  });
});

test.each<[Partial<ChatRequest>, object, boolean]>([
  [{ max_completion_tokens: 9 }, { max_tokens: 9 }, true],
  [{ max_completion_tokens: 9, max_tokens: 5 }, { max_tokens: 5 }, true],
  [{ max_completion_tokens: null }, {}, false],
  [{ max_tokens: 5 }, { max_tokens: 5 }, false],
  [{}, {}, false],
])("a limit goes by the one name it knows: %o as %o", (fields, limits, isTold) => {
  const { sent, changes } = say(fields, { tokenLimit: "max_tokens" });
  expect(sent).toStrictEqual({ ...plain, ...limits });
  expect(changes.map(({ rule }) => rule)).toEqual(isTold ? ["max-completion-tokens"] : []);
});

test("a choice among no tools is none, unless it is one that cannot be met", () => {
  expect(say({ tool_choice: "auto" }, {})).toStrictEqual({ sent: plain, changes: [] });
  expect(say({ tool_choice: "none" }, {}).sent).toStrictEqual(plain);
  expect(say({ tool_choice: "required" }, {}).sent).toStrictEqual({ ...plain, tool_choice: "required" });
});

test("where the choice of a tool is passed over, there are no tools for none", () => {
  const dialect = { leftOut: ["tool_choice"] };
  expect(say({ tools, tool_choice: "none" }, dialect)).toStrictEqual({ sent: plain, changes: [] });
  expect(say({ tools, tool_choice: "auto" }, dialect)).toStrictEqual({ sent: { ...plain, tools }, changes: [] });
  const forced = say({ tools, tool_choice: "required" }, dialect);
  expect(forced).toMatchObject({ sent: { tools }, changes: [{ rule: "host-parameters" }] });
});

test("behind text nothing is thought, where it can be said", () => {
  const thinking = { on: { think: true }, off: { think: false }, effort: "reasoning_effort" } as const;
  const fields = { thinking: { type: "enabled" }, reasoning_effort: "high" } as const;
  expect(say(fields, { thinking }, "prefill")).toStrictEqual({ sent: { ...plain, think: false }, changes: [] });
  expect(say({}, { thinking }, "prefill").sent).toStrictEqual({ ...plain, think: false });
  expect(say({}, { thinking: {} }, "prefill")).toStrictEqual({ sent: plain, changes: [] });
  expect(say(fields, { thinking }, "prefix").sent).toStrictEqual({ ...plain, reasoning_effort: "high" });
});

test("what it is always told gives way to what the caller says", () => {
  const always = { context_length_exceeded_behavior: "error" };
  expect(say({}, { always }).sent).toEqual({ ...plain, ...always });
  const own = { context_length_exceeded_behavior: "truncate" };
  expect(say(own as Partial<ChatRequest>, { always }).sent).toEqual({ ...plain, ...own });
});

test("the role developer becomes system where it is unknown", () => {
  const messages = [{ role: "developer", content: "Be brief." }] as unknown as ChatRequest["messages"];
  expect(say({ messages }, {}).sent.messages).toEqual(messages);
  const { sent, changes } = say({ messages }, { developerRole: false });
  expect(sent.messages).toEqual([{ role: "system", content: "Be brief." }]);
  expect(changes).toMatchObject([{ rule: "developer-role" }]);
});

const schema = { type: "object", required: ["a"] };
const asSchema = { type: "json_schema", json_schema: { name: "a", schema } } as const;

test("a schema goes into the prompt where only plain JSON mode is known", () => {
  expect(say({ response_format: asSchema }, {}).sent.response_format).toEqual(asSchema);
  const { sent, changes } = say({ response_format: asSchema }, { jsonMode: "json_object" });
  expect(sent.response_format).toEqual({ type: "json_object" });
  expect(sent.messages[0]).toMatchObject({ role: "system", content: expect.stringContaining(JSON.stringify(schema)) });
  expect(changes).toMatchObject([{ rule: "json-mode" }]);
});

test("plain JSON mode becomes a schema where only schemas are known", () => {
  const { sent } = say({ response_format: { type: "json_object" } }, { jsonMode: "json_schema" });
  expect(sent.response_format).toMatchObject({ type: "json_schema", json_schema: { schema: { type: "object" } } });
  expect(say({ response_format: asSchema }, { jsonMode: "json_schema" }).sent.response_format).toEqual(asSchema);
});

test("JSON mode has the word in its prompt, and where it stands there already, nothing is added", () => {
  const { sent, changes } = say({ response_format: { type: "json_object" } }, {});
  expect(sent).toMatchObject({
    response_format: { type: "json_object" },
    messages: [{ role: "system" }, plain.messages[0]],
  });
  expect(sent.messages[0]?.content).toContain("JSON");
  expect(changes).toMatchObject([{ rule: "json-mode", message: expect.stringContaining("lab:") }]);
  const messages = [{ role: "user", content: "Say hi as json." }] as const;
  const asked = { messages, response_format: { type: "json_object" } } as const;
  expect(say(asked, {})).toEqual({ sent: { ...plain, ...asked }, changes: [] });
});
