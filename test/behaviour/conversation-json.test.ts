import { expect, test } from "vitest";
import { conversationFromJSON, InvalidOptionsError, InvalidRequestError, summarize } from "../../src/index.ts";
import { createConversationWorld as createWorld, MODEL } from "../support/conversation-world.ts";

const system = "You are brief.";
const thinking = { type: "disabled" } as const;
const call = { id: "a", type: "function", function: { name: "look", arguments: '{"at":1}' } } as const;
const tools = [{ type: "function", function: { name: "look" } }] as const;

test("a conversation goes through JSON and goes on where it was, byte for byte", async () => {
  const { chat, client, run, sent } = createWorld({}, { system, user_id: "u-17" });
  await run(chat.send("first"));
  await run(chat.send([{ type: "text", text: "second" }]));
  const saved = JSON.stringify(chat);
  expect(JSON.parse(saved)).toEqual({ version: 1, model: MODEL, messages: chat.messages });
  expect(saved).not.toMatch(/sk-any|u-17|client/);
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  const later = conversationFromJSON(client, JSON.parse(saved), { thinking, onWarning });
  expect(JSON.stringify(later)).toBe(saved);
  expect(later.tokens).toBe(chat.tokens);
  await run(later.send("third"));
  expect(sent().at(-1)?.slice(0, 5)).toEqual(chat.messages);
  expect(chat.messages).toHaveLength(5);
  later.reset();
  expect(later.messages).toEqual([{ role: "system", content: system }]);
  expect(warnings).toEqual([]);
});

test("options win over what was saved: model and system message", async () => {
  const { chat, client, run } = createWorld({}, { system });
  await run(chat.send("first"));
  const other = conversationFromJSON(client, chat.toJSON(), { model: "deepseek-v4-pro", system: "Be long." });
  expect(other.model).toBe("deepseek-v4-pro");
  expect(other.messages).toEqual([{ role: "system", content: "Be long." }, ...chat.messages.slice(1)]);
  expect(() => conversationFromJSON(client, chat.toJSON(), { sytem: "x" } as object)).toThrow(InvalidOptionsError);
});

test("tool calls that were not answered yet are still open after a restart", async () => {
  const answers = [{ content: "", toolCalls: [call] }, "Found."];
  const { chat, client, run } = createWorld({ answer: () => answers.shift() ?? "?" }, { tools });
  await run(chat.send("look!"));
  const later = conversationFromJSON(client, JSON.parse(JSON.stringify(chat)), { tools, thinking });
  await run(later.send([{ role: "tool", tool_call_id: "a", content: "17" }]));
  expect(later.messages).toHaveLength(4);
});

test("a summary that was saved is no system message of a new chat", async () => {
  const { chat, client, run } = createWorld();
  for (let at = 0; at < 8; at += 1) await run(chat.send(`${at} `.repeat(100)));
  await run(chat.flush(summarize()));
  const later = conversationFromJSON(client, chat.toJSON(), { thinking });
  expect(later.messages).toEqual(chat.messages);
  later.reset();
  expect(later.messages).toEqual([]);
});

test("what the API would refuse is repaired, and told", async () => {
  const { client, run, sent } = createWorld();
  const warnings: string[] = [];
  const messages = [
    { role: "user", content: "look" },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "user", content: "secret words" },
    { role: "tool", tool_call_id: "a", content: "17" },
    { role: "assistant", content: "So", prefix: true },
  ];
  const data = { version: 1, model: MODEL, messages };
  const later = conversationFromJSON(client, data, { tools, onWarning: (message) => warnings.push(message) });
  expect(warnings).toEqual([
    expect.stringMatching(
      /^A saved conversation was repaired: messages\[1\] has no reasoning_content.* And 1 more: repairHistory\(\) tells all\.$/,
    ),
  ]);
  expect(warnings[0]).not.toContain("secret");
  await run(later.send("go on"));
  expect(sent()).toHaveLength(1);
  expect(later.messages).toHaveLength(7);
});

const messages = [{ role: "user", content: "hi" }];
const whole = { version: 1, model: MODEL, messages };
const deep = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);

const hostile: Record<string, unknown> = {
  nothing: null,
  "a text": JSON.stringify(whole),
  "a list": [whole],
  "no version": { model: MODEL, messages },
  "another version": { ...whole, version: 2 },
  "a version by prototype": Object.create(whole) as unknown,
  "no model": { ...whole, model: "" },
  "a model that is none": { ...whole, model: { toString: "x" } },
  "no list": { ...whole, messages: { length: 1, 0: messages[0] } },
  "too many messages": { ...whole, messages: Array.from({ length: 100_001 }, () => messages[0]) },
  "a hole": { ...whole, messages: new Array(3) },
  "no message": { ...whole, messages: ["hi"] },
  "an unknown role": { ...whole, messages: [{ role: "root", content: "hi" }] },
  "a role of Object.prototype": { ...whole, messages: [{ role: "constructor", content: "hi" }] },
  "no content": { ...whole, messages: [{ role: "user" }] },
  "content that is none": { ...whole, messages: [{ role: "user", content: { text: "hi" } }] },
  "a part that is none": { ...whole, messages: [{ role: "user", content: [{ type: "script", text: "hi" }] }] },
  "a picture of the system's": { ...whole, messages: [{ role: "system", content: [{ type: "image_url" }] }] },
  "a field __proto__": {
    ...whole,
    messages: [JSON.parse('{ "role": "user", "content": "hi", "__proto__": { "polluted": true } }')],
  },
  "a deep field": { ...whole, messages: [{ role: "user", content: "hi", more: deep(5_000) }] },
  "a function": { ...whole, messages: [{ role: "user", content: "hi", run: () => {} }] },
  "a result of nothing": { ...whole, messages: [{ role: "tool", content: "hi" }] },
  "calls that are none": { ...whole, messages: [{ role: "assistant", tool_calls: [{ id: 7 }] }] },
  "two calls of one id": { ...whole, messages: [{ role: "assistant", tool_calls: [call, call] }] },
};

test.each(Object.entries(hostile))("data that is no conversation is refused: %s", (_, data) => {
  const { client } = createWorld();
  expect(() => conversationFromJSON(client, data)).toThrow(InvalidRequestError);
  try {
    conversationFromJSON(client, data);
  } catch (error) {
    expect((error as Error).message).not.toMatch(/\bhi\b/);
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test("data that is changed later changes nothing", () => {
  const { client } = createWorld();
  const data = JSON.parse(JSON.stringify(whole)) as { messages: { content: string }[] };
  const chat = conversationFromJSON(client, data);
  (data.messages[0] as { content: string }).content = "changed";
  expect(chat.messages).toEqual(messages);
});

test("an empty conversation, and one of 100,000 messages, are read", () => {
  const { client } = createWorld();
  expect(conversationFromJSON(client, { ...whole, messages: [] }).messages).toEqual([]);
  const many = Array.from({ length: 50_000 }, (_, at) => [
    { role: "assistant", content: null, tool_calls: [{ ...call, id: "same" }] },
    { role: "tool", tool_call_id: "same", content: String(at) },
  ]).flat();
  const chat = conversationFromJSON(client, { ...whole, messages: many });
  expect(chat.messages).toEqual(many);
});
