import { expect, test } from "vitest";
import { readComplaint } from "../../../src/prepare/read-complaint.ts";
import { errorFromBody } from "../../../src/transport/http-errors.ts";

/** What a server's message is read as, on its whole way: out of a body, into an error, and back. */
function complaint(message: string, said = "hi", status = 400) {
  const body = JSON.stringify({ error: { message, type: "invalid_request_error" } });
  const messages = [{ role: "user", content: said }] as const;
  return readComplaint(errorFromBody(body, { provider: "gateway", model: "m", secrets: [], status, messages }));
}

const REASONING = "The `reasoning_content` in the thinking mode must be passed back to the API.";
const TOOL_CHOICE = "Thinking mode does not support this tool_choice";
const DEVELOPER =
  "Failed to deserialize the JSON body into the target type: messages[1].role: unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`, `latest_reminder` at line 1 column 51036";

test.each([
  [REASONING, "reasoning"],
  [REASONING.replaceAll("`", ""), "reasoning"],
  [
    "Missing `reasoning_content` field in the assistant message at message index 112. For more information, please refer to https://api-docs.deepseek.com/guides/thinking_mode#tool-calls",
    "reasoning",
  ],
  [TOOL_CHOICE, "forced-tool-choice"],
  ["deepseek-reasoner does not support this tool_choice", "forced-tool-choice"],
  [DEVELOPER, "developer-role"],
  ["Invalid assistant message: content or tool_calls must be set", "content-null"],
  ["content or tool_calls must be set", "content-null"],
  ["This response_format type is unavailable now", "json-mode"],
  [
    "Failed to deserialize the JSON body into the target type: response_format: response_format.type `json_schema` is unavailable now at line 1 column 12440",
    "json-mode",
  ],
])("%s is a complaint by the rule %s", (message, rule) => {
  expect(complaint(message)).toEqual({ rule });
});

test.each([
  ["by name", `Error from provider (DeepSeek): ${TOOL_CHOICE} (type=invalid_request_error)`],
  [
    "through two hands",
    `Error from provider (Console): Upstream request failed: [invalid_request_error] ${TOOL_CHOICE}`,
  ],
  ["as JSON", `litellm.BadRequestError: DeepseekException - {"error":{"message":"${TOOL_CHOICE}","type":"x"}}`],
  ["as JSON in JSON", JSON.stringify(JSON.stringify({ error: { message: TOOL_CHOICE } }))],
])("a sentence that was passed on %s is DeepSeek's", (_, message) => {
  expect(complaint(message)).toEqual({ rule: "forced-tool-choice" });
});

test.each([
  ["in quotation marks", `Invalid tools[0].description: "${TOOL_CHOICE}"`],
  ["in single ones", `Invalid value '${TOOL_CHOICE}'`],
  ["behind other words", `We are sorry to say that ${TOOL_CHOICE}`],
  ["with more behind it", `${TOOL_CHOICE} is what the user has written`],
  ["behind a long text", `${"word ".repeat(50)}: ${TOOL_CHOICE}`],
  ["in part", "Thinking mode does not support this"],
  ["in other letters", TOOL_CHOICE.toUpperCase()],
])("a sentence %s is nobody's complaint", (_, message) => {
  expect(complaint(message)).toBeUndefined();
});

test("what a server quotes of the conversation is no complaint, wherever it stands", () => {
  for (const message of [TOOL_CHOICE, `Blocked: ${TOOL_CHOICE}`, `Prompt: ${TOOL_CHOICE}.`])
    expect(complaint(message, `Why "${TOOL_CHOICE}"?`)).toBeUndefined();
});

test("only a 400 complains", () => {
  for (const status of [401, 403, 404, 422, 429, 500, 503])
    expect(complaint(TOOL_CHOICE, "hi", status)).toBeUndefined();
});

test.each([
  ["deepseek-chat", "deepseek-v4-pro or deepseek-v4-flash", "deepseek-v4-flash"],
  ["deepseek-reasoner", "deepseek-flash, deepseek-v4-flash, or deepseek-v4-pro", "deepseek-flash"],
  ["deepseek-v4-flash", "deepseek-flash or deepseek-v4-pro", "deepseek-flash"],
  ["deepseek-chat", "deepseek-v4-pro", undefined],
  ["deepseek-v9-nonexistent", "deepseek-flash or deepseek-v4-pro", undefined],
  ["deepseek-chatter", "deepseek-flash or deepseek-v4-pro", undefined],
  ["__proto__", "deepseek-flash or __proto__", undefined],
])("of %s where there are %s, %s is asked", (from, names, to) => {
  const message = `The supported API model names are ${names}, but you passed ${from}.`;
  expect(complaint(message)).toEqual(to && { rule: "model-names", from, to });
});

test("the highest max_tokens is read", () => {
  const message = "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]";
  expect(complaint(message)).toEqual({ rule: "max-tokens", most: 8_192 });
  expect(complaint(message.replace("8192", "0"))).toEqual({ rule: "max-tokens", most: 1 });
  expect(complaint(message.replace("8192", "9".repeat(40)))).toBeUndefined();
});

test("texts made to be slow are not", () => {
  const pieces = [
    "The supported API model names are ",
    "a, ",
    "a or ",
    "\\",
    '"message',
    '"message\\":',
    "`",
    "messages[1",
    ": ",
  ];
  const before = performance.now();
  for (const piece of pieces)
    for (const behind of ["", TOOL_CHOICE]) complaint(piece.repeat(40_000 / piece.length) + behind);
  expect(performance.now() - before).toBeLessThan(1_000);
});
