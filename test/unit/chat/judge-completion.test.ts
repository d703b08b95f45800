import fc from "fast-check";
import { expect, test } from "vitest";
import { type AnswerEvidence, judgeCompletion } from "../../../src/chat/judge-completion.ts";
import {
  BusyError,
  ContentFilterError,
  EmptyAnswerError,
  MalformedOutputError,
  StreamInterruptedError,
  UnexpectedResponseError,
} from "../../../src/error-family.ts";

const calls = [{ id: "a", type: "function", function: { name: "now", arguments: "{}" } }] as const;
const details = { provider: "deepseek", model: "deepseek-flash", status: 200, requestId: "trace-1" };

/** The verdict on an answer that has everything, but for the differences. */
function judge(differences: Partial<AnswerEvidence>) {
  const evidence: AnswerEvidence = {
    finishReason: "stop",
    hasText: true,
    hasWhitespace: true,
    hasReasoning: true,
    isRefused: false,
    hasMarkup: false,
    hasThoughtMarkup: false,
    toolCalls: [],
    allowEmpty: false,
    ...differences,
  };
  return judgeCompletion(evidence, "deepseek (deepseek-flash)", details);
}

const silent = { hasText: false, hasWhitespace: false, hasReasoning: false };

test.each([
  ["text that ended by itself", {}],
  ["text that ran into the limit", { finishReason: "length" }],
  ["nothing, at the limit: thinking used it up", { finishReason: "length", ...silent }],
  ["a cut tool call at the limit, which is dropped", { finishReason: "length", toolCalls: undefined }],
  ["tool calls", { finishReason: "tool_calls", toolCalls: calls, ...silent }],
  ["tool calls under the finish reason stop, as some hosts have it", { toolCalls: calls, ...silent }],
  ["no text where none is required", { allowEmpty: true, ...silent }],
])("accepted: %s", (_, differences) => {
  expect(judge(differences)).toBeUndefined();
});

test.each([
  [
    "an answer without a finish reason, however whole it looks",
    { finishReason: undefined, toolCalls: calls, allowEmpty: true },
    StreamInterruptedError,
    "deepseek (deepseek-flash) ended the answer without a finish reason: it is incomplete.",
  ],
  [
    "a broken tool call beside good text",
    { toolCalls: undefined },
    MalformedOutputError,
    "deepseek (deepseek-flash) sent a tool call without a name, or with arguments that are no JSON.",
  ],
  [
    "a broken tool call where no text is required",
    { finishReason: "tool_calls", toolCalls: undefined, allowEmpty: true },
    MalformedOutputError,
    "deepseek (deepseek-flash) sent a tool call without a name, or with arguments that are no JSON.",
  ],
  [
    "a tool call that was announced and never came, though there is text",
    { finishReason: "tool_calls" },
    MalformedOutputError,
    "deepseek (deepseek-flash) announced a tool call and sent none.",
  ],
  [
    "a refusal",
    { finishReason: "content_filter", toolCalls: calls },
    ContentFilterError,
    "deepseek (deepseek-flash) stopped the answer for its content. The same request will fail again.",
  ],
  [
    "a server that ran out of resources",
    { finishReason: "insufficient_system_resource" },
    BusyError,
    "deepseek (deepseek-flash) gave up in the middle of the answer (insufficient_system_resource).",
  ],
  [
    "a server that aborted",
    { finishReason: "aborted", allowEmpty: true },
    BusyError,
    "deepseek (deepseek-flash) gave up in the middle of the answer (aborted).",
  ],
  [
    "a finish reason nobody knows",
    { finishReason: "bored" },
    UnexpectedResponseError,
    "deepseek (deepseek-flash) ended the answer with an unknown finish reason (bored).",
  ],
  [
    "an empty finish reason",
    { finishReason: "" },
    UnexpectedResponseError,
    "deepseek (deepseek-flash) ended the answer with an unknown finish reason (not a word).",
  ],
])("refused: %s", (_, differences, Kind, message) => {
  const error = judge(differences);
  expect(error).toBeInstanceOf(Kind);
  expect(error?.message).toBe(message);
  expect(error).toMatchObject(details);
});

test.each([
  ["nothing", {}, "no text at all"],
  ["whitespace", { hasWhitespace: true }, "only whitespace"],
  ["reasoning_only", { hasReasoning: true }, "it only thought"],
  ["reasoning_only", { hasReasoning: true, hasWhitespace: true }, "it only thought"],
] as const)("an empty answer says how it is empty: %s", (kind, differences, words) => {
  const error = judge({ ...silent, ...differences });
  expect(error).toBeInstanceOf(EmptyAnswerError);
  expect(error).toMatchObject({ ...details, kind });
  expect(error?.message).toBe(`deepseek (deepseek-flash) finished without an answer (${words}).`);
});

test("only stop, length and tool_calls can succeed, whatever else is known of the answer", () => {
  const finishReason = fc.oneof(
    fc.string(),
    fc.constantFrom("STOP", "stop ", "toString", "__proto__", "function_call"),
  );
  fc.assert(
    fc.property(finishReason, fc.boolean(), fc.boolean(), (reason, hasText, allowEmpty) => {
      fc.pre(!["stop", "length", "tool_calls"].includes(reason));
      expect(judge({ finishReason: reason, hasText, allowEmpty, toolCalls: calls })).toBeInstanceOf(Error);
    }),
  );
});

test("a long finish reason is not repeated", () => {
  expect(judge({ finishReason: "x".repeat(10_000) })?.message).toBe(
    `deepseek (deepseek-flash) ended the answer with an unknown finish reason (not a word).`,
  );
});

test("a finish reason, which the server may choose, cannot begin a second line in a log, nor end in half a character", () => {
  expect(judge({ finishReason: "odd\n2026-01-01 INFO all is well" })?.message).not.toMatch(/[\r\n]/);
  expect(judge({ finishReason: `${"x".repeat(39)}\u{1f600}` })?.message.isWellFormed()).toBe(true);
});
