import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { missingAbility } from "../../../src/providers/provider.ts";

const everything = { tools: true, forcedTools: true, json: true, thinking: true, images: true, prefix: true };
const plain: ChatRequest = { model: "m", messages: [{ role: "user", content: "hi" }] };
const withTools: ChatRequest = { ...plain, tools: [{ type: "function", function: { name: "now" } }] };
const withJson: ChatRequest = { ...plain, response_format: { type: "json_object" } };
const withThinking: ChatRequest = { ...plain, thinking: { type: "enabled" } };
const image = { type: "image_url", image_url: { url: "https://x.test/a.png" } } as const;
const withImage: ChatRequest = {
  ...plain,
  messages: [{ role: "user", content: [{ type: "text", text: "see" }, image] }, ...plain.messages],
};

test.each([
  ["tools", withTools],
  ["json", withJson],
  ["json", { ...plain, response_format: { type: "json_schema" } } satisfies ChatRequest],
  ["thinking", withThinking],
  ["images", withImage],
  ["images", { ...plain, messages: [{ role: "tool", content: [image], tool_call_id: "c1" }] } satisfies ChatRequest],
] as const)("a request that needs %s is not for a host without", (ability, request) => {
  expect(missingAbility(request, { ...everything, [ability]: false })).toBe(ability);
  expect(missingAbility(request, everything)).toBeUndefined();
});

test("a plain request is for everybody", () => {
  const nothing = { tools: false, forcedTools: false, json: false, thinking: false, images: false, prefix: false };
  expect(missingAbility(plain, nothing)).toBeUndefined();
  expect(missingAbility({ ...plain, tools: [] }, nothing)).toBeUndefined();
  expect(missingAbility({ ...plain, response_format: { type: "text" } }, nothing)).toBeUndefined();
  expect(missingAbility({ ...plain, thinking: { type: "disabled" } }, nothing)).toBeUndefined();
  const messages = [
    { role: "user", content: [{ type: "text", text: "a" }] },
    { role: "assistant", content: null, tool_calls: [] },
  ] as const;
  expect(missingAbility({ ...plain, messages }, nothing)).toBeUndefined();
});

test("the first thing missing is named", () => {
  const request: ChatRequest = { ...withImage, ...withTools, messages: withImage.messages };
  expect(missingAbility(request, { ...everything, tools: false, images: false })).toBe("tools");
});

const search = { ...plain, tools: [{ type: "deepseek_web_search" }] } satisfies ChatRequest;
const call = { id: "c1", type: "function", function: { name: "now", arguments: "{}" } } as const;

test.each<[string, ChatRequest, object]>([
  ["tools", search, { tools: "functions" }],
  ["tools", { ...withTools, tool_choice: "required" }, { forcedTools: false }],
  ["tools", { ...withTools, tool_choice: { type: "function", function: { name: "now" } } }, { forcedTools: false }],
  ["tools", { ...plain, messages: [{ role: "tool", content: "noon", tool_call_id: "c1" }] }, { tools: false }],
  ["tools", { ...plain, messages: [{ role: "assistant", tool_calls: [call] }] }, { tools: false }],
  ["prefix", { ...plain, messages: [{ role: "assistant", content: "Once", prefix: true }] }, { prefix: false }],
])("what only some hosts take is for those: %s of %o with %o", (reason, request, abilities) => {
  expect(missingAbility(request, { ...everything, ...abilities })).toBe(reason);
  expect(missingAbility(request, everything)).toBeUndefined();
});

test("functions are for a host that takes those alone, and what forces none is no force", () => {
  expect(missingAbility(withTools, { ...everything, tools: "functions" })).toBeUndefined();
  for (const choice of ["auto", "none", undefined] as const)
    expect(
      missingAbility({ ...withTools, tool_choice: choice }, { ...everything, forcedTools: false }),
    ).toBeUndefined();
});
