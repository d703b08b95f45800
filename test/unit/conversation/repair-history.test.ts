import fc from "fast-check";
import { expect, test } from "vitest";
import { validateRequest } from "../../../src/chat/validate-request.ts";
import { type ChatMessage, InvalidRequestError, repairHistory } from "../../../src/index.ts";
import { checkRules } from "../../../src/testing/request-rules.ts";

const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 2_000);
const call = (id: string) => ({ id, type: "function", function: { name: "look", arguments: "{}" } }) as const;
const calls = (...ids: string[]): ChatMessage => ({ role: "assistant", content: null, tool_calls: ids.map(call) });
const result = (id: string, content = `result of ${id}`): ChatMessage => ({ role: "tool", tool_call_id: id, content });
const user = (content: string): ChatMessage => ({ role: "user", content });
const said = (content: string): ChatMessage => ({ role: "assistant", content });
const tools = [{ type: "function", function: { name: "look" } }] as const;
const rules = ({ changes }: ReturnType<typeof repairHistory>) => changes.map(({ rule }) => rule);

test("a sound history is given back as it is: the same list", () => {
  const sound = [user("a"), calls("1", "2"), result("1"), result("2"), said("b"), user("c")];
  expect(repairHistory(sound)).toEqual({ messages: sound, changes: [] });
  expect(repairHistory(sound).messages).toBe(sound);
});

const cases: Record<string, { given: ChatMessage[]; rules: string[]; expected: ChatMessage[] }> = {
  "a result without its call goes": {
    given: [user("a"), result("1"), said("b")],
    rules: ["tool-result-without-call"],
    expected: [user("a"), said("b")],
  },
  "a call without its result is told so": {
    given: [user("a"), calls("1", "2"), result("2"), user("b")],
    rules: ["tool-call-without-result"],
    expected: [user("a"), calls("1", "2"), result("1", "[no result]"), result("2"), user("b")],
  },
  "results come in the order of their calls": {
    given: [user("a"), calls("1", "2"), result("2"), result("1"), said("b")],
    rules: ["tool-result-moved", "tool-result-moved"],
    expected: [user("a"), calls("1", "2"), result("1"), result("2"), said("b")],
  },
  "a result behind other messages comes back": {
    given: [user("a"), calls("1"), user("b"), said("c"), result("1")],
    rules: ["tool-result-moved"],
    expected: [user("a"), calls("1"), result("1"), user("b"), said("c")],
  },
  "a result that stands too early goes behind its call": {
    given: [user("a"), result("1"), calls("1"), said("b")],
    rules: ["tool-result-moved"],
    expected: [user("a"), calls("1"), result("1"), said("b")],
  },
  "an id that is used again belongs to the last call before": {
    given: [calls("0"), result("0", "x"), user("b"), calls("0"), user("c"), result("0", "y"), result("0", "z")],
    rules: ["tool-result-without-call", "tool-result-moved"],
    expected: [calls("0"), result("0", "x"), user("b"), calls("0"), result("0", "y"), user("c")],
  },
  "an answer that says nothing goes": {
    given: [user("a"), { role: "assistant", content: null, reasoning_content: "hm" }, { role: "assistant" }, user("b")],
    rules: ["empty-assistant-message", "empty-assistant-message"],
    expected: [user("a"), user("b")],
  },
  "a prefix that is no longer the end is removed": {
    given: [user("a"), { role: "assistant", content: "b", prefix: true }, user("c")],
    rules: ["old-prefix"],
    expected: [user("a"), said("b"), user("c")],
  },
  "parts of an answer are joined": {
    given: [user("a"), { role: "assistant", content: [{ type: "text", text: "b" }] } as never, user("c")],
    rules: ["content-parts"],
    expected: [user("a"), said("b"), user("c")],
  },
};

test.each(Object.entries(cases))("%s", (_, { given, rules: told, expected }) => {
  const copy = structuredClone(given);
  const repaired = repairHistory(given);
  expect(repaired.messages).toEqual(expected);
  expect(rules(repaired)).toEqual(told);
  expect(given).toEqual(copy);
});

test("a prefix at the end stays: it is a request", () => {
  const given = [user("a"), { role: "assistant", content: "b", prefix: true }] as const;
  expect(repairHistory(given)).toEqual({ messages: given, changes: [] });
});

test("with tools and thinking, every answer has its thinking, if only an empty one", () => {
  const given = [
    user("a"),
    said("b"),
    { role: "assistant", content: "c", reasoning_content: "hm" } as const,
    user("d"),
  ];
  const { messages, changes } = repairHistory(given, { tools });
  expect(messages[1]).toEqual({ role: "assistant", content: "b", reasoning_content: "" });
  expect(messages[2]).toBe(given[2]);
  expect(changes).toEqual([{ rule: "missing-reasoning", message: expect.stringMatching(/^messages\[1\] /) }]);
  expect(repairHistory(given, { tools, thinking: { type: "disabled" } }).changes).toEqual([]);
  expect(repairHistory(given, { tools, reasoning_effort: "none" }).changes).toEqual([]);
});

test.each([
  ["an unknown role", [{ role: "wizard", content: "secret" }], /messages\[0\]\.role/],
  ["two calls with one id", [user("secret"), calls("1", "1")], /messages\[1\]\.tool_calls\[1\]\.id/],
  ["content of another type", [{ role: "user", content: 7 }], /messages\[0\]\.content/],
  ["no list", "secret", /messages must be a list/],
])("what no repair can make right is refused, without a word of it: %s", (_, given, message) => {
  const repair = () => repairHistory(given as never);
  expect(repair).toThrow(InvalidRequestError);
  expect(repair).toThrow(message);
  expect(repair).not.toThrow(/secret/);
});

const id = fc.constantFrom("0", "1", "2", "3");
const words = fc.constantFrom("", "a", "some words");
const parts = fc.array(fc.constantFrom({ type: "text", text: "a" }, { type: "text", text: "" }), { minLength: 1 });
const anyMessage = fc.oneof(
  fc.record({ role: fc.constant("user"), content: fc.oneof(words, parts) }),
  fc.record({ role: fc.constant("system"), content: words }),
  fc.record({ role: fc.constant("tool"), tool_call_id: id, content: words }),
  fc.record(
    {
      role: fc.constant("assistant"),
      content: fc.oneof(words, fc.constant(null), parts),
      reasoning_content: fc.oneof(words, fc.constant(null)),
      tool_calls: fc.uniqueArray(id, { maxLength: 3 }).map((ids) => ids.map(call)),
      prefix: fc.boolean(),
    },
    { requiredKeys: ["role"] },
  ),
);
const anyRequest = fc.record(
  { tools: fc.constant(tools), thinking: fc.constantFrom({ type: "enabled" }, { type: "disabled" }) } as const,
  { requiredKeys: [] },
);

test("whatever was said, the API takes what is made of it, nothing that was said is lost, and a second repair finds nothing", () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 14 }), anyRequest, (given, request) => {
      const history = [...given, user("next")] as ChatMessage[];
      const { messages, changes } = repairHistory(history, request);
      const body = { model: "deepseek-flash", messages, ...request };
      expect(checkRules(body, { isBeta: false, models: undefined, window: 1_000_000 })).toBeUndefined();
      expect(() => validateRequest(body)).not.toThrow();
      expect(repairHistory(messages, request)).toEqual({ messages, changes: [] });
      const others = (list: readonly ChatMessage[]) => list.filter(({ role }) => role === "user" || role === "system");
      expect(others(messages)).toEqual(others(history));
      if (changes.length === 0) expect(messages).toBe(history);
    }),
    { numRuns: RUNS },
  );
});
