import { expect, test } from "vitest";
import type { ChatMessage } from "../../../src/chat/chat-request.ts";
import { isRequestEnd, splitTurns } from "../../../src/context/turns.ts";
import { assistant, calls, result, system, user } from "../../support/conversation.ts";

const light = { tokens: () => 1, isFixed: () => false };
/** Of each turn the steps, of each step how many messages it has. */
const shape = (messages: readonly ChatMessage[]) =>
  splitTurns(messages, light).map(({ steps }) => steps.map((step) => step.messages.length));

test("a turn is a question and all that came of it; what stands before the first is one, too", () => {
  expect(shape([system("s"), user("a"), assistant("b"), user("c"), assistant("d")])).toEqual([[1], [1, 1], [1, 1]]);
  expect(shape([user("a")])).toEqual([[1]]);
  expect(shape([])).toEqual([]);
});

test("several questions in a row are one, with a system message between them, too", () => {
  expect(shape([user("a"), user("b"), system("s"), user("c"), assistant("d"), user("e")])).toEqual([
    [1, 1, 1, 1, 1],
    [1],
  ]);
});

test("tool calls and their results are one step, and what belongs to nothing stands alone", () => {
  expect(shape([user("a"), calls("1", "2"), result("2", "r"), result("1", "r"), assistant("b")])).toEqual([[1, 3, 1]]);
  expect(shape([result("1", "r"), result("2", "r"), user("a"), assistant("b"), result("3", "r")])).toEqual([
    [1, 1],
    [1, 1, 1],
  ]);
});

test("no message is left out, and all are in order", () => {
  const messages = [system("s"), user("a"), calls("1"), result("1", "r"), assistant("b"), user("c"), user("d")];
  const turns = splitTurns(messages, light);
  expect(turns.flatMap(({ steps }) => steps.flatMap((step) => step.messages))).toEqual(messages);
});

test("a step weighs what its messages weigh, and stays if one of them must", () => {
  const pinned = result("1", "r");
  const weigh = { tokens: () => 10, isFixed: (message: ChatMessage) => message === pinned };
  const [turn] = splitTurns([user("a"), calls("1"), pinned, system("s"), assistant("b")], weigh);
  expect(turn?.steps.map(({ tokens, isFixed }) => [tokens, isFixed])).toEqual([
    [10, false],
    [20, true],
    [10, true],
    [10, false],
  ]);
});

test("a request ended where the model spoke next, or nothing was said yet", () => {
  const messages = [system("s"), user("a"), user("b"), calls("1"), result("1", "r"), assistant("c"), assistant("d")];
  const ends = messages.flatMap((_, index) => (isRequestEnd(messages, index) ? [index] : []));
  expect(ends).toEqual([2, 4, 6]);
});
