import { expect, test } from "vitest";
import type { ChatMessage } from "../../../src/chat/chat-request.ts";
import { findBroken, findLooseTool } from "../../../src/context/find-broken.ts";
import { assistant, calls, result, system, user } from "../../support/conversation.ts";

const rules = system("rules");
const first = user("first");
const call = calls("1", "2");
const [one, two] = [result("1", "r"), result("2", "r")];
const answer = assistant("answer");
const note = assistant("note");
const question = user("question");
const all = [rules, first, call, one, two, answer, note, question];
const goal = { isPinned: (message: ChatMessage) => message === note };

const problem = (after: readonly ChatMessage[], before: readonly ChatMessage[] = all) =>
  findBroken(before, after, goal);
const without = (...gone: readonly ChatMessage[]) => all.filter((message) => !gone.includes(message));

test("what leaves out turns and steps as a whole is right, and so is what adds a message", () => {
  expect(problem(all)).toBeUndefined();
  expect(problem([rules, note, question])).toBeUndefined();
  expect(problem(without(call, one, two))).toBeUndefined();
  expect(problem([rules, user("summary"), note, question])).toBeUndefined();
});

test.each([
  ["no system message", without(rules), "left out or moved a message that must stay (system)"],
  ["no pinned message", without(note), "left out or moved a message that must stay (assistant)"],
  ["no last question", without(question), "left out or moved a message that must stay (the last question)"],
  ["another order", [note, rules, question], "left out or moved a message that must stay (assistant)"],
  [
    "a question behind the last one",
    [...all, user("also")],
    "left out or moved a message that must stay (the last question)",
  ],
  ["a copy in its place", [...without(rules), { ...rules }], "left out or moved a message that must stay (system)"],
  ["nothing at all", [], "left nothing"],
  ["no call", without(call), "left messages[2], a tool result, without its call"],
  ["no results", without(one, two), "left messages[2] without the results of its tool calls"],
  ["one result too few", without(one), "left messages[3] without the results of its tool calls"],
])("what is wrong is told: %s", (_, after, words) => {
  expect(problem(after)).toBe(words);
});

test.each([[undefined], ["text"], [Promise.resolve([])], [{ length: 0 }]])("%s is no list of messages", (after) => {
  expect(problem(after as never)).toBe("gave no list of messages");
});

test("a message that was said twice must stay twice", () => {
  const before = [rules, first, answer, rules, question];
  expect(problem([rules, question], before)).toBe("left out or moved a message that must stay (system)");
  expect(problem([rules, rules, question], before)).toBeUndefined();
});

test("what would end with an answer cannot be asked; the beginning of one can", () => {
  const before = [question, answer, call, one, two];
  expect(problem([question, answer], before)).toBe("left an answer at the end, and nothing to answer");
  const begun = assistant("It is", { prefix: true });
  expect(problem([question, begun], [question, answer, begun])).toBeUndefined();
  expect(problem([question, answer], [first, question, answer])).toBeUndefined();
});

test("what was wrong before is not the strategy's doing", () => {
  const before = [question, call, one];
  expect(problem(before, before)).toBeUndefined();
  expect(problem([question, one], before)).toBeUndefined();
});

test("calls at the end have no results yet, and ids may begin anew in every message", () => {
  expect(findLooseTool([question, call])).toBe("left the last tool calls without their results");
  expect(findLooseTool([question, call, two, one, call, one, two])).toBeUndefined();
  expect(findLooseTool([question, call, one, one])).toBe("left messages[3], a tool result, without its call");
});
