import { expect, test } from "vitest";
import { BusyError, MalformedOutputError } from "../../../src/error-family.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";
import { atLength, cut, end, LONG, play, type Step } from "../../support/play-parts.ts";
import { makeChunk } from "../../support/wire-response.ts";

test("an answer that reached its length ends there, once, where what goes on only says it again, and otherwise", async () => {
  const { read, replies } = await play(
    [
      ["fresh", [LONG, atLength]],
      ["prefix", [LONG.slice(0, 120), "other", end]],
    ],
    { continueOnLength: 1 },
  );
  expect(await read()).toMatchObject({ finish_reason: "length", message: { content: LONG } });
  expect(replies[1]?.cancelled).toBe(true);
});

test("a new start nobody has seen anything of is read as it is, also behind parts that were joined", async () => {
  const { read, reply } = await play(
    [
      ["fresh", ["Hel"], cut],
      ["prefix", ["lo"], cut],
      ["restart", ["Hi", " there", end]],
    ],
    {},
    { reader: "whole" },
  );
  expect(await read()).toMatchObject({ message: { content: "Hi there" } });
  expect(reply.breaks.map(({ type }) => type)).toEqual(["seam", "reset"]);
});

test("a part that begins to say all again, and turns to something else, is no answer of its own, whoever may be told", async () => {
  const { read } = await play(
    [
      ["fresh", [LONG], cut],
      ["prefix", [LONG.slice(0, 120), "other", end]],
      ["restart", ["New", end]],
    ],
    { onUnresumable: "reset" },
    { reader: "parts" },
  );
  expect(await read()).toMatchObject({ message: { content: "New" } });
});

test("what nobody can lay anything over is discarded at once, where the reader of parts may be told", async () => {
  const refused = makeChunk({ content: "Hel", refusal: "No" });
  const { read, reply } = await play(
    [
      ["fresh", [refused], cut],
      ["restart", ["Hello", end]],
    ],
    { onUnresumable: "reset" },
    { reader: "parts" },
  );
  expect(await read()).toMatchObject({ message: { role: "assistant", content: "Hello" } });
  expect(reply.breaks).toEqual([{ type: "reset" }]);
});

test("text that is spoilt, or not known to be text, is not gone on with, until another answer has begun", async () => {
  const spoilt: Step = ["fresh", ["Hel"], new MalformedOutputError("a tool call as text")];
  const unsettled: Step = ["fresh", ["Hel"], cut, { isUnsettled: true }];
  for (const first of [spoilt, unsettled]) {
    const { read, calls } = await play(
      [first, ["restart", ["Hi"], cut], ["prefix", [" there", end]]],
      {},
      { reader: "whole" },
    );
    expect(await read()).toMatchObject({ message: { content: "Hi there" } });
    expect(calls.map(({ continues }) => continues?.ways)).toEqual([undefined, "restart", "any"]);
  }
});

test("where only a role was seen there is no seam", async () => {
  const { read, reply, call } = await play([
    ["fresh", [makeChunk({ role: "assistant", content: "" })], cut],
    ["restart", ["Hi", end]],
  ]);
  await read();
  expect([reply.breaks, call.log.report().seams]).toEqual([[], []]);
});

test("a new start counts its tokens, and how far it got, from its own beginning", async () => {
  const { read, calls } = await play(
    [
      ["fresh", ["a".repeat(100), atLength]],
      ["prefix", ["b"], cut],
      ["restart", ["c".repeat(50)], cut],
      ["prefix", ["d", end]],
    ],
    { continueOnLength: 1 },
    { reader: "whole" },
  );
  await read();
  expect(calls[3]?.continues).toMatchObject({ content: "c".repeat(50), spentTokens: 15, ways: "any" });
  const again = await play([
    ["fresh", ["Hello"], cut],
    ["prefix", [], cut],
    ["restart", ["Hello"], cut],
    ["prefix", ["!", end]],
  ]);
  expect(await again.read()).toMatchObject({ message: { content: "Hello!" } });
});

test("a new start that broke off before it had said all that was seen leaves no more tokens than that had cost", async () => {
  const { read, calls } = await play([
    ["fresh", ["a".repeat(100)], cut],
    new BusyError("nobody goes on"),
    ["restart", ["a".repeat(10)], cut],
    ["prefix", ["b", end]],
  ]);
  expect(await read()).toMatchObject({ message: { content: `${"a".repeat(100)}b` } });
  expect(calls[3]?.continues?.spentTokens).toBe(33);
});

test("what was generated and never delivered is not taken from what a new start may say", async () => {
  const { read, calls } = await play([
    ["fresh", [makeChunk({ role: "assistant" })], cut, { hasToolCalls: true, heldBack: '{"city": "Beijing"' }],
    ["restart", ["abcdef"], cut],
    ["prefix", ["b", end]],
  ]);
  await read();
  expect(calls[2]?.continues?.spentTokens).toBe(2);
});

test("what a later part fails with tells no text of its own as what had arrived", async () => {
  const partial = { content: "Bye", reasoning_content: "" };
  const error = new BusyError("busy", { partial });
  const first = await play([["fresh", ["Hel"], error]], { maxResumes: 0, continueOnLength: 1 });
  expect(await rejectionOf(first.read())).toBe(error);
  const later = await play(
    [
      ["fresh", ["Hel"], cut],
      ["prefix", ["lo"], error],
    ],
    { maxResumes: 1 },
  );
  expect(await rejectionOf(later.read())).toMatchObject({ code: "busy", partial: { content: "" } });
});
