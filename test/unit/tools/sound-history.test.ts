import { expect, test } from "vitest";
import type { ChatMessage } from "../../../src/chat/chat-request.ts";
import { OwnIds, soundArguments } from "../../../src/tools/sound-history.ts";

const call = (id: string, text = "{}") => ({ id, type: "function" as const, function: { name: "x", arguments: text } });

test("an id that was used before, in this run or in the messages given, is replaced by one that was not", () => {
  const ids = new OwnIds([
    { role: "user", content: "hi" },
    { role: "assistant", content: "", tool_calls: [call("call_0"), call("a")] },
  ]);
  expect(["call_0", "b", "b", "a", "__proto__", "__proto__"].map((id) => ids.own(call(id)).id)).toEqual([
    "call_1",
    "b",
    "call_2",
    "call_3",
    "__proto__",
    "call_4",
  ]);
});

test("messages of any kind are looked through", () => {
  const odd = [null, 1, {}, { tool_calls: 1 }, { tool_calls: [null, {}, { id: "a" }] }] as unknown as ChatMessage[];
  expect(new OwnIds(odd).own(call("a")).id).toBe("call_0");
});

test("arguments go back as the model wrote them, unless a host could not read them", () => {
  const fine = call("a", ' {"b" : 1,\n"c":"\\ud800"}');
  expect(soundArguments(fine)).toBe(fine);
  const sent = ["[1]", "null", "7", '"x"', "{", ""].map((text) => soundArguments(call("a", text)).function.arguments);
  expect(new Set(sent)).toEqual(new Set(["{}"]));
  expect(soundArguments(call("a", '{"b":"\ud800"}')).function.arguments).toBe('{"b":"\ufffd"}');
});
