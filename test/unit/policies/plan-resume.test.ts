import { expect, test } from "vitest";
import type { Call, Delivered } from "../../../src/call.ts";
import { BusyError } from "../../../src/error-family.ts";
import { planResume, type Stopped } from "../../../src/policies/plan-resume.ts";
import { makeCall } from "../../support/scripted.ts";

type Case = Partial<Omit<Stopped, "delivered">> & Partial<Omit<Delivered, "hasOther">> & { hasOther?: boolean };

/** The ways an answer may go on that broke off after these; somebody can go on with it. */
function waysOf({ content = "", reasoning_content = "", hasOther = false, reader = "pieces", ...others }: Case) {
  const asked: Call[] = [];
  const ways = planResume({
    call: makeCall(),
    delivered: { content, reasoning_content, hasOther, reader, id: "a", created: 1 },
    code: "stream_interrupted",
    hasToolCalls: false,
    isSpoilt: false,
    isLoop: false,
    keptBefore: 0,
    hasStartedAgain: false,
    mayReset: false,
    canContinue(call) {
      asked.push(call);
      return true;
    },
    ...others,
  });
  return { names: ways.map((way) => way.ways), ways, asked };
}

const NOBODY = { canContinue: () => false };
const text = { content: "Hel", reasoning_content: "hm" };

test("text that was seen is gone on with, or else a new start may say the same again", () => {
  expect(waysOf(text).names).toEqual(["keep", "restart"]);
  expect(waysOf({ ...text, ...NOBODY }).names).toEqual(["restart"]);
  expect(waysOf({ ...text, reader: "parts" }).names).toEqual(["keep", "restart"]);
});

test("each way knows what there is, and who can go on is asked about that", () => {
  const { ways, asked } = waysOf(text);
  for (const way of ways) expect(way).toMatchObject({ content: "Hel", reasoning: "hm", spentTokens: 0 });
  expect(asked).toMatchObject([{ id: "call_test", continues: ways[0] }]);
});

test.each<[string, Case]>([
  ["a plain call", { ...text, reader: "whole" }],
  ["only thinking", { reasoning_content: "hm" }],
  ["only thinking of a plain call", { reasoning_content: "hm", reader: "whole" }],
])("what nobody has seen the text of goes on where somebody can, and anew elsewhere: %s", (_, stopped) => {
  expect(waysOf(stopped).names).toEqual(["any"]);
  expect(waysOf({ ...stopped, ...NOBODY }).names).toEqual(["any"]);
});

test.each<[string, Case]>([
  ["nothing at all", {}],
  ["nothing of a plain call", { reader: "whole" }],
  ["blank text of a plain call, which is no beginning", { content: " \n", reader: "whole" }],
  ["text of a plain call, with pieces of tool calls", { ...text, reader: "whole", hasToolCalls: true }],
  ["thinking, with pieces of tool calls that were held back", { reasoning_content: "hm", hasToolCalls: true }],
  ["a refusal or the like, of a plain call", { hasOther: true, reader: "whole" }],
  ["text of a plain call that is spoilt", { ...text, reader: "whole", isSpoilt: true }],
  ["text of a plain call that got no further since it went on", { ...text, reader: "whole", keptBefore: 5 }],
])("it starts again, and only that: %s", (_, stopped) => {
  expect(waysOf(stopped).names).toEqual(["restart"]);
});

test("blank text that was seen is gone on with", () => {
  expect(waysOf({ content: " \n" }).names).toEqual(["keep", "restart"]);
});

test.each<[string, Case]>([
  ["half a tool call was seen, or a refusal", { ...text, hasOther: true }],
  ["nothing but such was seen", { hasOther: true }],
  ["tool calls had begun behind it", { ...text, hasToolCalls: true }],
])("nobody goes on with text that was seen where %s, unless it may be taken back", (_, stopped) => {
  expect(waysOf(stopped).names).toEqual([]);
  expect(waysOf({ ...stopped, reader: "parts", mayReset: true }).names).toEqual(["restart"]);
});

test("a new start is laid over what was seen only once, and not where each token has its probability", () => {
  const spoken = makeCall({ request: { model: "m", messages: [], logprobs: true } });
  for (const stopped of [{ hasStartedAgain: true }, { call: spoken }]) {
    expect(waysOf({ ...text, ...stopped }).names).toEqual(["keep"]);
    expect(waysOf({ ...text, ...stopped, ...NOBODY }).names).toEqual([]);
    expect(waysOf({ ...text, ...stopped, mayReset: true }).names).toEqual(["keep", "restart"]);
  }
});

test("each time must bring it further: text or thinking", () => {
  expect(waysOf({ ...text, keptBefore: 5 }).names).toEqual(["restart"]);
  expect(waysOf({ ...text, keptBefore: 4 }).names).toEqual(["keep", "restart"]);
});

test("what was complete but for its length is gone on with, or is complete", () => {
  expect(waysOf({ ...text, code: undefined }).names).toEqual(["keep"]);
  for (const reader of ["whole", "parts", "pieces"] as const) {
    expect(waysOf({ ...text, reader, code: undefined, mayReset: true, ...NOBODY }).names).toEqual([]);
    expect(waysOf({ reader, code: undefined }).names).toEqual([]);
  }
  expect(waysOf({ ...text, code: undefined, hasToolCalls: true }).names).toEqual([]);
});

test("it has used up the tokens that were spent on it, but goes on with as many again where its length ended it", () => {
  const call = makeCall();
  const attempt = call.log.begin({ kind: "first", provider: "a", model: "m", round: 0 });
  attempt.head();
  const tokens = { promptTokens: 9, cachedTokens: 0, completionTokens: 45, reasoningTokens: 15 };
  attempt.end({ outcome: "failed", error: new BusyError("cut"), tokens, estimated: true });
  expect(waysOf({ ...text, call }).ways.map(({ spentTokens }) => spentTokens)).toEqual([45, 45]);
  expect(waysOf({ ...text, call, reader: "whole" }).ways[0]?.spentTokens).toBe(45);
  expect(waysOf({ ...text, call, code: undefined }).ways[0]?.spentTokens).toBe(0);
});

test("a loop that was seen is not said again by a new start: only whoever may be told to discard gets one", () => {
  const loop = { ...text, code: "guard", isSpoilt: true, isLoop: true } as const;
  expect(waysOf(loop).names).toEqual([]);
  expect(waysOf({ ...loop, reader: "parts", mayReset: true }).names).toEqual(["restart"]);
  expect(waysOf({ ...loop, reader: "whole" }).names).toEqual(["restart"]);
  expect(waysOf({ ...loop, content: "" }).names).toEqual(["restart"]);
});
