import { expect, test } from "vitest";
import { conversation, createResilientClient, InvalidOptionsError, summarize } from "../../../src/index.ts";

const client = createResilientClient({ apiKey: "sk-any" });
const model = "deepseek-flash";

test.each([
  ["no model", {}, /model must be the name of a model/],
  ["an unknown option", { model, sytem: "x" }, /unknown option sytem/],
  ["an option spelled otherwise", { model, when_busy: "queue" }, /Did you mean whenBusy\?/],
  ["messages", { model, messages: [] }, /unknown option messages/],
  [
    "an unknown option of the context",
    { model, context: { window: 1 } },
    /unknown option context\.window.*windowTokens/,
  ],
  ["a share of more than all", { model, context: { triggerAt: 1.1 } }, /context\.triggerAt/],
  ["no strategy", { model, context: { strategies: [] } }, /context\.strategies/],
  ["a word that is none of two", { model, whenBusy: "wait" }, /whenBusy must be "queue" or "refuse"/],
  ["no function", { model, onFlush: true }, /onFlush must be a function/],
  ["no text", { model, system: 7 }, /system must be a string or a function/],
  ["a function that returns no text", { model, system: () => 7 }, /system\(\) must return a string/],
  ["half a token", { model, max_tokens: 0.5 }, /max_tokens must be a whole number from 1/],
])("wrong options are refused at once: %s", (_, options, message) => {
  const make = () => conversation(client, options as never);
  expect(make).toThrow(InvalidOptionsError);
  expect(make).toThrow(message);
});

test("an empty system message is none, and one of a function is asked for", () => {
  expect(conversation(client, { model, system: "" }).messages).toEqual([]);
  expect(conversation(client, { model, system: () => "now" }).messages).toEqual([{ role: "system", content: "now" }]);
});

test("options are read once: what is changed later changes nothing", () => {
  const options = { model, system: "first" };
  const chat = conversation(client, options);
  options.model = "other";
  expect(chat.model).toBe(model);
});

test("summarize() refuses what it does not know", () => {
  expect(() => summarize({ tokens: 1 } as object)).toThrow(/unknown option tokens/);
  expect(() => summarize({ maxTokens: 0 })).toThrow(/maxTokens/);
});
