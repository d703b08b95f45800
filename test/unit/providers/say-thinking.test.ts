import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import type { ThinkingWords } from "../../../src/providers/dialect-options.ts";
import { sayThinking } from "../../../src/providers/say-thinking.ts";

const plain: ChatRequest = { model: "m", messages: [{ role: "user", content: "hi" }] };
const enabled = { type: "enabled" } as const;
const disabled = { type: "disabled" } as const;

/** What is sent beside model and messages, and what is told. */
function say(fields: object, words: ThinkingWords | undefined) {
  const told: string[] = [];
  const request = Object.freeze({ ...plain, ...fields });
  const {
    model: _,
    messages: __,
    ...sent
  } = sayThinking(request, words, (rule, message) => {
    expect(rule).toBe("host-thinking");
    told.push(message);
  });
  return { sent, told };
}

const SWITCH: ThinkingWords = {
  on: { enable_thinking: true },
  off: { enable_thinking: false },
  effort: "reasoning_effort",
  efforts: ["high", "max"],
  both: true,
};
const NESTED: ThinkingWords = {
  on: { reasoning: { enabled: true } },
  off: { reasoning: { enabled: false } },
  effort: "reasoning.effort",
  efforts: ["minimal", "low", "medium", "high", "xhigh"],
};

test.each<[ThinkingWords | undefined, object, object]>([
  [undefined, { thinking: enabled, reasoning_effort: "max" }, { thinking: enabled, reasoning_effort: "max" }],
  [SWITCH, {}, {}],
  [SWITCH, { thinking: enabled }, { enable_thinking: true }],
  [SWITCH, { thinking: disabled }, { enable_thinking: false }],
  [SWITCH, { thinking: disabled, reasoning_effort: "max" }, { enable_thinking: false }],
  [SWITCH, { reasoning_effort: "max" }, { enable_thinking: true, reasoning_effort: "max" }],
  [SWITCH, { reasoning_effort: "xhigh" }, { enable_thinking: true, reasoning_effort: "max" }],
  [NESTED, { thinking: enabled }, { reasoning: { enabled: true } }],
  [NESTED, { thinking: enabled, reasoning_effort: "low" }, { reasoning: { effort: "low" } }],
  [NESTED, { reasoning_effort: "none" }, { reasoning: { enabled: false } }],
  [{ off: { reasoning_effort: "none" }, effort: "reasoning_effort" }, { thinking: enabled }, {}],
  [{ ...NESTED, both: true }, { reasoning_effort: "low" }, { reasoning: { enabled: true, effort: "low" } }],
  // A word nobody has a rank for may be the host's own.
  [NESTED, { reasoning_effort: "toString" }, { reasoning: { effort: "toString" } }],
])("with %o, %o is sent as %o, and nothing of it is lost", (words, fields, expected) => {
  expect(say(fields, words)).toEqual({ sent: expected, told: [] });
});

test.each<[ThinkingWords, object, object, string]>([
  [{}, { thinking: enabled }, {}, "thinking cannot be switched on there: that is left to the model"],
  [{}, { thinking: disabled }, {}, "thinking cannot be switched off there: that is left to the model"],
  [{}, { reasoning_effort: "low" }, {}, "reasoning_effort is not known there: it was left out"],
  [
    { effort: "reasoning_effort" },
    { reasoning_effort: "max" },
    { reasoning_effort: "high" },
    "reasoning_effort max became high, the nearest that is known there",
  ],
  [
    SWITCH,
    { reasoning_effort: "low" },
    { enable_thinking: true, reasoning_effort: "high" },
    "reasoning_effort low became high, the nearest that is known there",
  ],
  [
    NESTED,
    { reasoning_effort: "ultra" },
    { reasoning: { effort: "xhigh" } },
    "reasoning_effort ultra became xhigh, the nearest that is known there",
  ],
])("with %o, %o is sent as %o, and what was lost is told", (words, fields, expected, message) => {
  expect(say(fields, words)).toEqual({ sent: expected, told: [message] });
});

test("who speaks the host's own words is not contradicted", () => {
  const own = { enable_thinking: false };
  expect(say({ ...own, thinking: enabled }, SWITCH)).toEqual({ sent: own, told: [] });
  const effort = { ...own, reasoning_effort: "low" };
  expect(say(effort, SWITCH)).toEqual({ sent: effort, told: [] });
  const nested = { reasoning: { max_tokens: 9 } };
  expect(say({ ...nested, reasoning_effort: "high" }, NESTED)).toEqual({ sent: nested, told: [] });
  const kwargs = { chat_template_kwargs: { thinking: true } };
  expect(say({ ...kwargs, thinking: disabled }, KWARGS)).toEqual({ sent: kwargs, told: [] });
});

const KWARGS: ThinkingWords = {
  on: { chat_template_kwargs: { thinking: true } },
  off: { chat_template_kwargs: { thinking: false } },
};

test("what else stands in the same object of the caller's stays, and so does the wish", () => {
  const kwargs = { chat_template_kwargs: { date: "today" } };
  expect(say({ ...kwargs, thinking: disabled }, KWARGS)).toEqual({
    sent: { chat_template_kwargs: { date: "today", thinking: false } },
    told: [],
  });
  const quiet = { reasoning: { exclude: true } };
  expect(say({ ...quiet, thinking: disabled }, NESTED).sent).toEqual({ reasoning: { exclude: true, enabled: false } });
  expect(say({ ...quiet, reasoning_effort: "low" }, NESTED).sent).toEqual({
    reasoning: { exclude: true, effort: "low" },
  });
});
