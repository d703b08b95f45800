import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { effortOf, withReasoningField } from "../../../src/providers/reasoning-fields.ts";

const plain: ChatRequest = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
const enabled = { type: "enabled" } as const;
const disabled = { type: "disabled" } as const;

test.each<[string | undefined, Partial<ChatRequest>]>([
  [undefined, {}],
  ["default", { thinking: enabled }],
  ["none", { thinking: disabled }],
  ["none", { thinking: disabled, reasoning_effort: "max" }],
  ["low", { reasoning_effort: "low" }],
  ["high", { thinking: enabled, reasoning_effort: "high" }],
  ["xhigh", { reasoning_effort: "max" }],
  ["minimal", { reasoning_effort: "minimal" }],
  ["toString", { reasoning_effort: "toString" }],
])("an effort is what other hosts call it: %s of %o", (effort, fields) => {
  expect(effortOf({ ...plain, ...fields })).toBe(effort);
});

test("earlier thinking goes by another name, and where there was none no name is left", () => {
  const request: ChatRequest = {
    ...plain,
    messages: [
      { role: "user", content: "hi" },
      { role: "assistant", content: "a", reasoning_content: "hm" },
      { role: "assistant", content: "b", reasoning_content: "" },
      { role: "assistant", content: "c", reasoning_content: null },
      { role: "assistant", content: "d" },
    ],
  };
  const before = structuredClone(request);
  expect(withReasoningField(request)).toEqual({
    ...plain,
    messages: [
      { role: "user", content: "hi" },
      { role: "assistant", content: "a", reasoning: "hm" },
      { role: "assistant", content: "b" },
      { role: "assistant", content: "c" },
      { role: "assistant", content: "d" },
    ],
  });
  expect(request).toEqual(before);
});
