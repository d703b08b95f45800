import { type Answer, isSuccess, messageOf, quote, textOf } from "../answer.ts";
import { describe, refused } from "../judge-answers.ts";
import {
  assistant,
  betaChat,
  chat,
  differs,
  holds,
  type Judge,
  type Judgement,
  PLAIN,
  type Probe,
  tool,
  unknown,
  user,
} from "../probe.ts";

const RULES = "src/testing/request-rules.ts";
const PLAN = "src/testing/plan-answer.ts";
const BEGUN = "The first four months of the year are January, February, March and";
const BEGUN_JSON = '{"months":["January","February",';
const THOUGHT = "The user asks for the fourth month of the year. I count: January, February, March,";
/** What comes next, if it goes on. */
const NEXT = /^[\s,]*(?:and )?April/i;
const NEXT_JSON = /^[\s,]*"March/i;
const messages = [user("Name the first four months."), assistant(BEGUN, { prefix: true })];
export const prefixProbes: readonly Probe[] = [
  {
    name: "prefix",
    fact: "At /beta, a last assistant message with prefix true is continued, and the answer has the continuation alone.",
    today: "Sends such a request to /beta; the completion is what the server sends, without the prefix.",
    where: ["src/providers/deepseek.ts", "src/chat/chat-request.ts", PLAN],
    questions: [betaChat({ ...PLAIN, max_tokens: 8, messages })],
    judge: continued(BEGUN, NEXT, "Correct prefix in chat-request.ts, and goOn in plan-answer.ts."),
  },
  {
    name: "prefix-needs-beta",
    fact: "Without /beta a prefix is refused with 400.",
    today: "Chooses /beta by itself; the simulator refuses the rest.",
    where: ["src/providers/deepseek.ts", RULES],
    questions: [chat({ ...PLAIN, messages })],
    judge: refused(/prefix is only available|beta/i, {
      accepted: "needsBeta in deepseek.ts is no longer needed for a prefix; drop the rule in request-rules.ts.",
      otherwise: "Let the simulator say it in these words (request-rules.ts).",
    }),
  },
  {
    name: "prefix-with-thinking",
    fact: "While thinking, a prefix with reasoning_content goes on thinking from there.",
    today: "Goes on with an answer that broke off while it thought; the simulator goes on with the thinking.",
    where: ["src/providers/deepseek.ts", PLAN],
    questions: [
      betaChat({
        max_tokens: 16,
        messages: [user("Name the fourth month."), assistant("", { reasoning_content: THOUGHT, prefix: true })],
      }),
    ],
    judge: continued(
      THOUGHT,
      NEXT,
      "An answer cut while it thinks must start again: reasoningPrefix false in deepseek.ts, and see goOn in plan-answer.ts.",
    ),
  },
  {
    name: "prefix-with-tools",
    fact: "A prefix is also continued when the request has tools; no page says so.",
    today: "Starts again, unless abilities.prefixWithTools says that it holds; the simulator goes on.",
    where: ["src/providers/deepseek.ts", PLAN],
    questions: [betaChat({ ...PLAIN, max_tokens: 8, messages, tools: [tool("get_weather")] })],
    judge: continued(
      BEGUN,
      NEXT,
      "The default, prefixWithTools false in deepseek.ts, is right: refuse such a prefix in plan-answer.ts.",
    ),
  },
  {
    name: "prefix-with-json",
    fact: "A prefix is also continued in JSON mode; no page says so.",
    today: "Goes on without response_format, and checks the whole at its end; the simulator goes on.",
    where: ["src/chat/continue-request.ts", PLAN],
    questions: [
      betaChat({
        ...PLAIN,
        max_tokens: 12,
        response_format: { type: "json_object" },
        messages: [user("Four months, as json."), assistant(BEGUN_JSON, { prefix: true })],
      }),
    ],
    judge: continued(
      BEGUN_JSON,
      NEXT_JSON,
      "That continue-request.ts leaves out response_format is needed: refuse such a prefix in plan-answer.ts.",
    ),
  },
  {
    name: "trailing-assistant",
    fact: "A last assistant message without prefix is refused with 400; it was so for R1.",
    today: "Sends it as it is; the simulator refuses it.",
    where: ["src/chat/chat-request.ts", RULES],
    questions: [chat({ ...PLAIN, max_tokens: 8, messages: [user("Name the first four months."), assistant(BEGUN)] })],
    judge: judgeTrailing,
  },
];

function continued(before: string, next: RegExp, change: string): Judge {
  return ([answer]) => {
    if (!answer) return unknown("");
    if (!isSuccess(answer)) return differs(describe(answer), change);
    const { reasoning_content: reasoning } = messageOf(answer);
    const text = typeof reasoning === "string" && reasoning ? reasoning : textOf(answer);
    return compare(text, before, next, change);
  };
}

function compare(text: string, before: string, next: RegExp, change: string): Judgement {
  if (next.test(text)) return holds(`It goes on: ${quote(text)}`);
  if (startsAgain(text, before)) return differs(`It starts again: ${quote(text)}`, change);
  return unknown(`Neither the next word nor the first one: ${quote(text)}`);
}

function startsAgain(text: string, before: string): boolean {
  return text.trim().startsWith(before.slice(0, 10)) || /^\W*January/i.test(text);
}

function judgeTrailing([answer]: readonly Answer[]): Judgement {
  if (!answer) return unknown("");
  if (answer.status === 400) return holds(describe(answer));
  if (!isSuccess(answer)) return unknown(describe(answer));
  const text = textOf(answer);
  const how = NEXT.test(text) ? "goes on" : startsAgain(text, BEGUN) ? "starts again" : "says something else";
  return differs(
    `It is accepted, and ${how}: ${quote(text)}`,
    "Drop the rule in request-rules.ts; say at prefix in chat-request.ts what happens without it.",
  );
}
