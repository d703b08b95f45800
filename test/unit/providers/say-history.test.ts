import { expect, test } from "vitest";
import type { ChatMessage, ChatRequest } from "../../../src/chat/chat-request.ts";
import type { DialectOptions } from "../../../src/providers/dialect-options.ts";
import { answerFieldsBut, sayHistory } from "../../../src/providers/say-history.ts";

function say(messages: readonly ChatMessage[], dialect: DialectOptions, kept?: readonly string[]) {
  const told: string[] = [];
  const request: ChatRequest = { model: "m", messages };
  const before = structuredClone(request);
  const said = sayHistory(request, dialect, answerFieldsBut(kept), (rule, message) => told.push(`${rule}: ${message}`));
  expect(request).toEqual(before);
  return { messages: said.messages, isSame: said === request, told };
}

const user = (content: string): ChatMessage => ({ role: "user", content });
const answer = (content: string, more: object = {}): ChatMessage => ({ role: "assistant", content, ...more });

test.each<[DialectOptions["earlierThinking"], readonly object[]]>([
  [undefined, [{ reasoning_content: "hm" }, { reasoning_content: "" }, { reasoning_content: null }, {}]],
  ["reasoning", [{ reasoning: "hm" }, {}, {}, {}]],
  ["none", [{}, {}, {}, {}]],
])("earlier thinking goes back as %s", (earlierThinking, expected) => {
  const messages = [
    answer("a", { reasoning_content: "hm" }),
    answer("b", { reasoning_content: "" }),
    answer("c", { reasoning_content: null }),
    answer("d"),
  ];
  const said = say(messages, { earlierThinking });
  const texts = ["a", "b", "c", "d"];
  expect(said.messages).toStrictEqual(expected.map((more, index) => answer(texts[index] ?? "", more)));
  expect(said.isSame).toBe(earlierThinking === undefined);
});

test("what another host added to its answer stays behind, and what is the host's own goes back to it", () => {
  const signed = { reasoning_details: [{ type: "reasoning.encrypted", data: "x" }] };
  const found = { citations: ["https://x.test"], search_results: [] };
  const messages = [user("hi"), answer("a", { reasoning_content: "hm", ...signed, ...found, refusal: null })];
  expect(say(messages, {}).messages).toStrictEqual([user("hi"), answer("a", { reasoning_content: "hm" })]);
  const kept = say(messages, { earlierThinking: "reasoning" }, ["reasoning_details"]);
  expect(kept.messages).toStrictEqual([user("hi"), answer("a", { ...signed, reasoning: "hm" })]);
});

test("an answer that only thought has an empty text, where its thinking does not go back as such", () => {
  const thought = answer("", { content: null, reasoning_content: "hm" });
  expect(say([thought, user("a")], { earlierThinking: "none" }).messages[0]).toStrictEqual(answer(""));
  const { content: _, ...bare } = thought;
  expect(say([bare as ChatMessage, user("a")], { earlierThinking: "reasoning" }).messages[0]).toStrictEqual(
    answer("", { reasoning: "hm" }),
  );
});

test("tool calls, and fields of the caller's, stay where they are", () => {
  const call = { id: "c1", type: "function", function: { name: "now", arguments: "{}" } } as const;
  const messages = [answer("", { tool_calls: [call], name: "bot", cache_control: { type: "ephemeral" } })];
  expect(say(messages, { earlierThinking: "none" })).toEqual({ messages, isSame: true, told: [] });
});

test("where roles take turns, messages of the same one are joined, and it is told", () => {
  const said = say(
    [
      { role: "system", content: "Be brief." },
      { role: "system", content: "Be kind." },
      user("a"),
      user("b"),
      answer("c"),
      answer("", { content: null }),
      answer("d", { tool_calls: null }),
      { role: "user", content: [{ type: "text", text: "e" }] },
      user("f"),
    ],
    { turns: "alternating" },
  );
  expect(said.messages).toEqual([
    { role: "system", content: "Be brief." },
    { role: "system", content: "Be kind." },
    user("a\n\nb"),
    answer("c\n\nd", { tool_calls: null }),
    {
      role: "user",
      content: [
        { type: "text", text: "e" },
        { type: "text", text: "f" },
      ],
    },
  ]);
  expect(said.told).toEqual(["host-messages: 4 messages joined the one before: roles take turns there"]);
});

test("results of tools, and who called them, are never joined", () => {
  const call = (id: string) => ({ id, type: "function", function: { name: "now", arguments: "{}" } }) as const;
  const messages: ChatMessage[] = [
    user("when?"),
    answer("", { tool_calls: [call("c1"), call("c2")] }),
    { role: "tool", content: "noon", tool_call_id: "c1" },
    { role: "tool", content: "late", tool_call_id: "c2" },
    answer("", { tool_calls: [call("c3")] }),
    answer("so"),
  ];
  expect(say(messages, { turns: "alternating" })).toEqual({ messages, isSame: true, told: [] });
});
