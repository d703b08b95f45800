import fc from "fast-check";
import { expect, test } from "vitest";
import { ANSWER_TOKENS } from "../../src/chat/answer-tokens.ts";
import type { ChatMessage, ChatRequest } from "../../src/chat/chat-request.ts";
import { applyRepair } from "../../src/prepare/apply-repair.ts";
import { prepareForDeepSeek } from "../../src/prepare/prepare-for-deepseek.ts";
import { type Complaint, readComplaint } from "../../src/prepare/read-complaint.ts";
import { errorFromBody } from "../../src/transport/http-errors.ts";

const numRuns = Number(process.env["PROPERTY_RUNS"] ?? 500);
const text = fc.oneof(fc.string(), fc.constantFrom("JSON", "", "Answer with one JSON object and nothing else."));
const parts = fc.array(
  text.map((said) => ({ type: "text", text: said }) as const),
  { minLength: 1, maxLength: 3 },
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const message = fc.oneof(
  fc.record({ role: fc.constantFrom("system", "developer", "user"), content: fc.oneof(text, parts) }),
  fc.record(
    {
      role: fc.constant("assistant"),
      content: fc.option(text),
      reasoning_content: fc.option(text),
      tool_calls: maybe(fc.constant([])),
    },
    { requiredKeys: ["role"] },
  ),
);
const tool = fc.oneof(
  fc.record({ type: fc.constant("function"), function: fc.record({ name: fc.string(), strict: maybe(fc.boolean()) }) }),
  fc.record({ type: fc.constant("deepseek_web_search"), strict: fc.boolean() }),
);
const request = fc
  .record(
    {
      model: fc.constantFrom("deepseek-flash", "deepseek-chat", "deepseek-reasoner", "deepseek-v4-flash", "own"),
      messages: fc.array(message, { minLength: 1, maxLength: 6 }),
      tools: fc.array(tool, { maxLength: 3 }),
      tool_choice: fc.constantFrom("auto", "required", null, { type: "function", function: { name: "a" } }),
      thinking: fc.constantFrom({ type: "enabled" }, { type: "disabled" }),
      reasoning_effort: fc.constantFrom("none", "high", "max", null),
      response_format: fc.oneof(
        fc.constantFrom({ type: "text" }, { type: "json_object" }, { type: "json_schema" }),
        fc.record({ type: fc.constant("json_schema"), json_schema: fc.record({ schema: maybe(fc.object()) }) }),
      ),
      max_tokens: fc.option(fc.nat()),
      max_completion_tokens: fc.option(fc.nat()),
      temperature: fc.double(),
      seed: fc.nat(),
    },
    { requiredKeys: ["model", "messages"] },
  )
  // Fields and roles of other hosts, which the types do not have.
  .map((fields) => fields as unknown as ChatRequest);

function prepare(given: ChatRequest): ChatRequest {
  return prepareForDeepSeek(given, {
    format: given.response_format,
    forcedToolChoice: "disable_thinking",
    isOwnAddress: true,
    answerTokens: ANSWER_TOKENS,
    tell: () => {},
  });
}

test("preparing twice is preparing once, and what was given stays what it was", () => {
  fc.assert(
    fc.property(request, (given) => {
      const before = structuredClone(given);
      const once = prepare(given);
      expect(given).toEqual(before);
      expect(prepare(once)).toBe(once);
    }),
    { numRuns },
  );
});

test("what is said later in a conversation changes nothing of the prompt before it", () => {
  const json = fc.constantFrom<ChatRequest["response_format"]>({ type: "json_object" }, { type: "json_schema" });
  fc.assert(
    fc.property(request, json, fc.array(message, { minLength: 1, maxLength: 3 }), (given, format, later) => {
      fc.pre(given.messages.some(({ role }) => role === "user"));
      const turn = { ...given, response_format: format } as ChatRequest;
      const { messages } = prepare(turn);
      const longer = prepare({ ...turn, messages: [...turn.messages, ...(later as ChatMessage[])] });
      expect(longer.messages.slice(0, messages.length)).toEqual(messages);
      expect(messages.some((each) => /json/i.test(textOf(each)))).toBe(true);
    }),
    { numRuns },
  );
});

test("no text of the conversation is touched: only an instruction is added, to one system message or before all", () => {
  fc.assert(
    fc.property(request, (given) => {
      const { messages } = prepare(given);
      const added = messages.length - given.messages.length;
      expect([0, 1]).toContain(added);
      const texts = (list: readonly ChatMessage[]) => list.map(({ content }) => content ?? "");
      const differing = given.messages.filter((said, index) => {
        const now = messages[index + added];
        const [before, after] = [textOf(said), now ? textOf(now) : ""];
        expect(after.startsWith(before)).toBe(true);
        return before !== after;
      });
      expect(differing.length).toBeLessThanOrEqual(1 - added);
      for (const { role } of differing) expect(["system", "developer"]).toContain(role);
      if (added) expect(texts(messages)[0]).toMatch(/^Answer with one JSON object/);
    }),
    { numRuns },
  );
});

function textOf({ content }: ChatMessage): string {
  return typeof content === "string"
    ? content
    : (content?.map((part) => ("text" in part ? part.text : "")).join("") ?? "");
}

const COMPLAINTS: readonly Complaint[] = [
  { rule: "reasoning" },
  { rule: "content-null" },
  { rule: "developer-role" },
  { rule: "json-mode" },
  { rule: "forced-tool-choice" },
  { rule: "max-tokens", most: 10 },
  { rule: "model-names", from: "deepseek-chat", to: "deepseek-flash" },
];

test("a repair that was made has nothing left to repair", () => {
  const repaired = new Set<string>();
  fc.assert(
    fc.property(request, fc.constantFrom(...COMPLAINTS), (given, complaint) => {
      const how = { wish: "disable_thinking", prepares: undefined, dropsEmptyThinking: false, tell: () => {} } as const;
      const mended = applyRepair(complaint, { request: given, model: given.model }, how);
      if (!mended) return;
      repaired.add(complaint.rule);
      expect(applyRepair(complaint, mended, how)).toBeUndefined();
    }),
    { numRuns: 2 * numRuns },
  );
  // Something was mended by each rule: with fewer runs, chance may leave one out.
  if (numRuns >= 500) expect(repaired).toEqual(new Set(COMPLAINTS.map(({ rule }) => rule)));
});

test("no text of the conversation, quoted by a server, is a complaint", () => {
  const sentence = "Thinking mode does not support this tool_choice";
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (before, behind, around) => {
      const content = `${around}${sentence}${around}`;
      const body = JSON.stringify({ error: { message: `${before}${content}${behind}` } });
      const messages = [{ role: "user", content }] as const;
      const error = errorFromBody(body, { provider: "p", model: "m", secrets: [], status: 400, messages });
      expect(readComplaint(error)).toBeUndefined();
    }),
    { numRuns },
  );
});
