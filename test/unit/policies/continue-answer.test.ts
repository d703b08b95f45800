import { expect, test } from "vitest";
import type { AttemptCall, Call, Continues } from "../../../src/call.ts";
import { BusyError, InvalidRequestError } from "../../../src/error-family.ts";
import { type ContinuationAbilities, continueAnswer, wayToContinue } from "../../../src/policies/continue-answer.ts";
import { makeAttempt } from "../../support/attempt.ts";
import { makeCall, makeReply } from "../../support/scripted.ts";

const NONE: ContinuationAbilities = { prefix: false, reasoningPrefix: false, prefixWithTools: false, prefill: false };
const ALL: ContinuationAbilities = { prefix: true, reasoningPrefix: true, prefixWithTools: true, prefill: "message" };
const text: Continues = { content: "Hel", reasoning: "hm", spentTokens: 1, ways: "keep" };
const thought: Continues = { ...text, content: "" };
const tools = [{ type: "function", function: { name: "look" } }] as const;

const wayOf = (continues: Continues | undefined, abilities: Partial<ContinuationAbilities>, bestEffort = false) =>
  wayToContinue(makeCall({ continues }), "a", { ...NONE, ...abilities }, bestEffort);

test("by promise wherever there is one, also where a new start would do as well", () => {
  for (const ways of ["keep", "any"] as const) expect(wayOf({ ...text, ways }, { prefix: true })).toBe("prefix");
  expect(wayOf(text, ALL, true)).toBe("prefix");
});

test("unfinished thinking goes on only where the promise holds for it", () => {
  expect(wayOf(thought, { prefix: true })).toBeUndefined();
  expect(wayOf(thought, { prefix: true, reasoningPrefix: true })).toBe("prefix");
  expect(wayOf(thought, { reasoningPrefix: true })).toBeUndefined();
  expect(wayOf({ ...thought, reasoning: "" }, ALL)).toBeUndefined();
});

test("by best effort only with text, where that is permitted and nothing else would do", () => {
  for (const prefill of ["message", "flags"] as const) {
    expect(wayOf(text, { prefill }, true)).toBe("prefill");
    expect(wayOf(text, { prefill })).toBeUndefined();
    expect(wayOf(thought, { prefill }, true)).toBeUndefined();
    expect(wayOf({ ...text, ways: "any" }, { prefill }, true)).toBeUndefined();
  }
  expect(wayOf(text, NONE, true)).toBeUndefined();
});

test("not at all where nothing broke off, where it is to start again, or where the provider refused to", () => {
  expect(wayOf(undefined, ALL, true)).toBeUndefined();
  expect(wayOf({ ...text, ways: "restart" }, ALL, true)).toBeUndefined();
  const call = makeCall({ continues: text });
  call.log.refuse("a", new InvalidRequestError("no prefix"));
  expect(wayToContinue(call, "a", ALL, true)).toBeUndefined();
  expect(wayToContinue(call, "b", ALL, true)).toBe("prefix");
});

test("with tools only where the promise holds for them", () => {
  const request = { model: "m", messages: [], tools };
  const call = makeCall({ continues: text, request });
  expect(wayToContinue(call, "a", { ...ALL, prefixWithTools: false }, true)).toBeUndefined();
  expect(wayToContinue(call, "a", ALL, true)).toBe("prefix");
  const without = makeCall({ continues: text, request: { ...request, tools: [] } });
  expect(wayToContinue(without, "a", { ...ALL, prefixWithTools: false }, true)).toBe("prefix");
});

async function send(
  call: Partial<Call>,
  how: "prefix" | "prefill" | undefined,
  abilities: Partial<ContinuationAbilities> = {},
) {
  const sent: AttemptCall[] = [];
  const policy = continueAnswer(() => how, { ...NONE, ...abilities });
  const attempt = makeAttempt(call);
  const reply = makeReply([]);
  const next = async (asked: AttemptCall) => {
    sent.push(asked);
    return reply;
  };
  expect(await policy(attempt, next)).toBe(reply);
  reply.cancel();
  attempt.attempt.end({ outcome: "failed", error: new BusyError("over") });
  return { attempt, sent: sent[0] as AttemptCall };
}

test("a call of which nothing broke off is passed on as it is", async () => {
  const { attempt, sent } = await send({}, "prefix");
  expect(sent).toBe(attempt);
});

test("where nobody can go on the same is asked anew, and an answer must be one", async () => {
  const { attempt, sent } = await send({ continues: text }, undefined);
  expect(sent).toEqual({ ...attempt, continued: "restart" });
});

test("what goes on is asked for behind the answer so far, and may have nothing left to say", async () => {
  const { attempt, sent } = await send({ continues: text }, "prefix", { reasoningPrefix: true });
  expect(sent).toMatchObject({ continued: "prefix", allowEmpty: true });
  expect(sent.request.messages).toEqual([
    ...attempt.request.messages,
    { role: "assistant", content: "Hel", prefix: true, reasoning_content: "hm" },
  ]);
});

test("thinking goes back only where that is understood", async () => {
  const { sent } = await send({ continues: text }, "prefix");
  expect(sent.request.messages.at(-1)).toEqual({ role: "assistant", content: "Hel", prefix: true });
});

test("hosts that want to be told to go on are told, and nobody else", async () => {
  const flags = { continue_final_message: true, add_generation_prompt: false };
  expect((await send({ continues: text }, "prefill", { prefill: "flags" })).sent.request).toMatchObject(flags);
  for (const [how, prefill] of [
    ["prefill", "message"],
    ["prefix", "flags"],
  ] as const)
    expect((await send({ continues: text }, how, { prefill })).sent.request).not.toHaveProperty(
      "continue_final_message",
    );
});
