import { expect, test } from "vitest";
import type { ChatCompletionChunk } from "../../../src/chat/chat-response.ts";
import { WAS_THINKING } from "../../../src/chat/chat-response.ts";
import { createContinuation } from "../../../src/chat/join-continuation.ts";
import { createSkip } from "../../../src/chat/skip-delivered.ts";
import { EmptyAnswerError } from "../../../src/error-family.ts";
import { JoinedChunks } from "../../../src/policies/joined-chunks.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { deliveredPart, joinContext } from "../../support/joins.ts";
import { makeReply, textChunk } from "../../support/scripted.ts";
import { makeChunk } from "../../support/wire-response.ts";

const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const usageChunk = makeChunk({}, null, { choices: [], usage });

function takeAll(joined: JoinedChunks): ChatCompletionChunk[] {
  const chunks: ChatCompletionChunk[] = [];
  for (let chunk = joined.take(); chunk; chunk = joined.take()) chunks.push(chunk);
  return chunks;
}

test("without a join, all that is there of a reply comes through as it is", () => {
  const joined = new JoinedChunks(false);
  const chunks = [textChunk("a"), textChunk("b", "length"), usageChunk];
  joined.pull(makeReply(chunks));
  expect(joined.size).toBe(3);
  expect(takeAll(joined)).toEqual(chunks);
  expect(joined.size).toBe(0);
  expect(joined.takeEnding()).toEqual([]);
});

test("with a join, what that shows comes through", () => {
  const joined = new JoinedChunks(false);
  const join = createSkip(deliveredPart("ab"));
  joined.begin(join);
  expect(joined.join).toBe(join);
  joined.pull(makeReply([textChunk("a"), textChunk("bc"), textChunk("", "stop")]));
  expect(takeAll(joined)).toMatchObject([
    { id: "first", choices: [{ delta: { content: "c" } }] },
    { id: "first", choices: [{ finish_reason: "stop" }] },
  ]);
});

test("the end of an answer that reached its length is kept back, with what follows it; its text is not", () => {
  const joined = new JoinedChunks(true);
  const finish = makeChunk({ content: "b", note: 1 }, "length", { usage });
  joined.pull(makeReply([textChunk("a"), finish, textChunk("late"), usageChunk]));
  expect(takeAll(joined)).toEqual([textChunk("a"), { ...makeChunk({ content: "b", note: 1 }), usage: undefined }]);
  expect(joined.takeEnding()).toEqual([makeChunk({}, "length", { usage }), textChunk("late"), usageChunk]);
  expect(joined.takeEnding()).toEqual([]);
});

test.each([
  ["a refusal", { refusal: "no" }],
  ["a piece of a tool call", { tool_calls: [{ index: 0 }] }],
  ["a field nobody knows", { content: "", annotations: [1] }],
  ["thinking", { reasoning_content: "hm" }],
  ["the news that the text was thinking", { [WAS_THINKING]: true }],
])("nothing else of that last chunk is kept back either: %s", (_, delta) => {
  const joined = new JoinedChunks(true);
  joined.pull(makeReply([makeChunk(delta as never, "length")]));
  expect(takeAll(joined)).toMatchObject([{ choices: [{ delta, finish_reason: null }] }]);
});

test("a last chunk that only says it is the last leaves nothing to show", () => {
  for (const delta of [{}, { content: "" }, { content: null, tool_calls: [] }]) {
    const joined = new JoinedChunks(true);
    joined.pull(makeReply([makeChunk(delta, "length")]));
    expect(joined.size).toBe(0);
  }
  const joined = new JoinedChunks(true);
  joined.pull(
    makeReply([
      makeChunk({}, "length", {
        choices: [{ index: 0, delta: {}, finish_reason: "length", logprobs: { content: [] } }],
      }),
    ]),
  );
  expect(takeAll(joined)[0]?.choices[0]?.logprobs).toEqual({ content: [] });
  expect(joined.takeEnding()[0]?.choices[0]?.logprobs).toBeNull();
});

test("any other end is not kept back, nor that of the last part", () => {
  const joined = new JoinedChunks(true);
  joined.push([textChunk("a", "stop")]);
  joined.keepsLength = false;
  joined.push([textChunk("b", "length")]);
  expect(takeAll(joined)).toEqual([textChunk("a", "stop"), textChunk("b", "length")]);
});

test("a part that follows leaves no end of the one before, and what was ready stays", () => {
  const joined = new JoinedChunks(true);
  joined.push([textChunk("a"), textChunk("", "length")]);
  joined.begin(undefined);
  joined.push([textChunk("b")]);
  expect(takeAll(joined)).toEqual([textChunk("a"), textChunk("b")]);
  expect(joined.takeEnding()).toEqual([]);
});

test("after an answer that diverged, or is over, nothing more is taken of its reply", () => {
  for (const join of [
    createSkip(deliveredPart("xyz")),
    createContinuation(deliveredPart("a"), joinContext({ request: { model: "m", messages: [], stop: "ab" } })),
  ]) {
    const joined = new JoinedChunks(false);
    joined.begin(join);
    const reply = makeReply([textChunk("b"), textChunk("c")]);
    joined.pull(reply);
    joined.pull(reply);
    expect(reply.take()).toEqual(textChunk("c"));
  }
});

test("an answer of its own takes the place of one that could not be joined", () => {
  const joined = new JoinedChunks(true);
  joined.begin(createSkip(deliveredPart("xyz")));
  joined.pull(makeReply([textChunk("x"), textChunk("other")]));
  expect(joined.size).toBe(0);
  joined.replace([textChunk("x"), textChunk("other", "length")]);
  expect(joined.join).toBeUndefined();
  expect(takeAll(joined)).toMatchObject([textChunk("x"), textChunk("other")]);
  expect(joined.takeEnding().length).toBe(1);
});

test("why the parts together are no answer is told after everything before it, once, and nothing is taken behind it", () => {
  const joined = new JoinedChunks(false);
  joined.begin(createContinuation(deliveredPart("", "hm"), joinContext()));
  const reply = makeReply([makeChunk({ reasoning_content: "more" }), makeChunk({}, "stop"), textChunk("late")]);
  joined.pull(reply);
  expect(joined.takeFailure()).toBeUndefined();
  expect(takeAll(joined).length).toBe(1);
  joined.pull(reply);
  expect(joined.size).toBe(0);
  expect(joined.takeFailure()).toBeInstanceOf(EmptyAnswerError);
  expect(joined.takeFailure()).toBeUndefined();
});

test("what is no error of the family is a bug, and thrown at once", () => {
  const bug = new TypeError("a bug");
  const joined = new JoinedChunks(false);
  joined.begin({
    ...createSkip(deliveredPart("")),
    add: () => {
      throw bug;
    },
  });
  expect(thrownBy(() => joined.pull(makeReply([textChunk("a")])))).toBe(bug);
});
