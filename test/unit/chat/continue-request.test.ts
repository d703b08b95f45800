import { expect, test } from "vitest";
import type { AssistantMessage, ChatRequest } from "../../../src/chat/chat-request.ts";
import { continueRequest, type Kept } from "../../../src/chat/continue-request.ts";

const user = { role: "user", content: "hi" } as const;
const request: ChatRequest = { model: "deepseek-flash", messages: [user] };
const tools = [{ type: "function", function: { name: "look" } }] as const;
const kept = (content: string, reasoning = "", spentTokens = 0): Kept => ({ content, reasoning, spentTokens });
const lastOf = ({ messages }: ChatRequest) => messages.at(-1);

test("by prefix, the answer so far is the last message, marked as the beginning, with its thinking", () => {
  const given = { ...request, temperature: 0.3, stop: ["END"], thinking: { type: "enabled" } } as const;
  expect(continueRequest(given, kept("Hel", "hm"), "prefix")).toEqual({
    ...given,
    messages: [user, { role: "assistant", content: "Hel", prefix: true, reasoning_content: "hm" }],
  });
});

test("by prefill, it is unmarked and without its thinking", () => {
  expect(lastOf(continueRequest({ ...request, tools }, kept("Hel", "hm"), "prefill"))).toEqual({
    role: "assistant",
    content: "Hel",
  });
});

test("thinking that is not there is left out, but for requests with tools, where it stands and be it empty", () => {
  expect(lastOf(continueRequest(request, kept("Hel"), "prefix"))).not.toHaveProperty("reasoning_content");
  expect(lastOf(continueRequest({ ...request, tools: [] }, kept("Hel"), "prefix"))).not.toHaveProperty(
    "reasoning_content",
  );
  expect(lastOf(continueRequest({ ...request, tools }, kept("Hel"), "prefix"))).toMatchObject({
    reasoning_content: "",
  });
});

test("unfinished thinking goes on from an empty text", () => {
  expect(lastOf(continueRequest(request, kept("", "hm"), "prefix"))).toEqual({
    role: "assistant",
    content: "",
    prefix: true,
    reasoning_content: "hm",
  });
});

test("the caller's own prefix is the beginning of the beginning, and no message of its own any more", () => {
  const own: AssistantMessage = {
    role: "assistant",
    name: "poet",
    content: "Once ",
    reasoning_content: "A tale. ",
    prefix: true,
  };
  const given = { ...request, messages: [user, own] };
  expect(continueRequest(given, kept("upon", "Old."), "prefix").messages).toEqual([
    user,
    { ...own, content: "Once upon", reasoning_content: "A tale. Old." },
  ]);
  for (const content of [null, undefined]) {
    const empty = { ...request, messages: [user, { role: "assistant" as const, content, prefix: true }] };
    expect(lastOf(continueRequest(empty, kept("upon"), "prefix"))).toMatchObject({ content: "upon" });
  }
});

test("a last message of the assistant's that is no prefix is one to a host that goes on with whatever stands last", () => {
  const turn = { role: "assistant", content: "Once " } as const;
  const given = { ...request, messages: [user, turn] };
  expect(continueRequest(given, kept("upon"), "prefill").messages).toEqual([user, { ...turn, content: "Once upon" }]);
  expect(continueRequest(given, kept("upon"), "prefix").messages.length).toBe(3);
});

test("max_tokens shrinks by what was spent, and never under one", () => {
  const most = (max_tokens: number | null | undefined, spent: number) =>
    continueRequest({ ...request, max_tokens }, kept("Hel", "", spent), "prefix").max_tokens;
  expect(most(100, 30)).toBe(70);
  expect(most(100, 99)).toBe(1);
  expect(most(100, 500)).toBe(1);
  expect([most(null, 30), most(undefined, 30)]).toEqual([null, undefined]);
  expect(continueRequest(request, kept("Hel", "", 30), "prefix")).not.toHaveProperty("max_tokens");
});

test("JSON mode is left out, and the caller's request stays as it was", () => {
  const given = { ...request, response_format: { type: "json_object" }, max_tokens: 9 } as const;
  const before = structuredClone(given);
  expect(continueRequest(given, kept('{"a":', "", 3), "prefix")).not.toHaveProperty("response_format");
  expect(given).toEqual(before);
});

test("a lower limit than that of the whole answer is no limit of the whole", () => {
  const spent = { ...kept("Hel"), spentTokens: 60 };
  const most = (given: object, asked: object) => {
    const { max_tokens: tokens, max_completion_tokens: inAll } = continueRequest(
      { ...request, ...given },
      spent,
      "prefix",
      { ...request, ...asked },
    );
    return tokens ?? inAll;
  };
  expect(most({ max_tokens: 50 }, {})).toBe(50);
  expect(most({ max_tokens: 50 }, { max_tokens: 500 })).toBe(50);
  expect(most({ max_tokens: 50 }, { max_tokens: 100 })).toBe(40);
  expect(most({ max_completion_tokens: 50 }, { max_completion_tokens: 100 })).toBe(40);
});
