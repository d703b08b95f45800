import { expect, test } from "vitest";
import { addInstruction } from "../../../src/chat/add-instruction.ts";
import type { ChatMessage } from "../../../src/chat/chat-request.ts";

const user = { role: "user", content: "Hello" } as const;

test.each<[before: ChatMessage[], after: ChatMessage[]]>([
  [[user], [{ role: "system", content: "Add." }, user]],
  [
    [{ role: "system", content: "" }, user],
    [{ role: "system", content: "Add." }, user],
  ],
  [[{ role: "system", content: "Be kind." }], [{ role: "system", content: "Be kind.\n\nAdd." }]],
  [
    [user, { role: "system", content: "Late." }],
    [{ role: "system", content: "Add." }, user, { role: "system", content: "Late." }],
  ],
])("an instruction ends the first system message before all users, or is one: %j", (before, after) => {
  expect(addInstruction(before, "Add.")).toEqual(after);
  expect(addInstruction(after, "Add.")).toBe(after);
});
