import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { missingAbility } from "../../../src/providers/provider.ts";

const everything = { tools: true, json: true, thinking: true, images: true };
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
  const nothing = { tools: false, json: false, thinking: false, images: false };
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
