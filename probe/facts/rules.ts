import { type Answer, at, countOf, isSuccess } from "../answer.ts";
import { accepted, describe, refused } from "../judge-answers.ts";
import { chat, differs, holds, type Judgement, PLAIN, type Probe, unknown, user } from "../probe.ts";

const RULES = "src/testing/request-rules.ts";
const PARAMETERS = "src/testing/parameter-rules.ts";
const VALIDATE = "src/chat/validate-request.ts";
const TYPES = "src/chat/chat-request.ts";
const sayWords = (file: string) => `Let the simulator say it in these words (${file}).`;

export const ruleProbes: readonly Probe[] = [
  {
    name: "several-answers",
    fact: "n is not documented, and a request for two answers does not get two.",
    today: "Refuses n over 1 before it is sent; reads the first choice of an answer alone.",
    where: [VALIDATE, "src/providers/wire-format.ts"],
    questions: [chat({ ...PLAIN, n: 2 })],
    judge: judgeSeveral,
  },
  {
    name: "stop-16",
    fact: "Sixteen stop sequences are accepted.",
    today: "Sends any number; the simulator accepts up to 16.",
    where: [TYPES, PARAMETERS],
    questions: [chat({ ...PLAIN, stop: stops(16) })],
    judge: accepted("Lower the limit in parameter-rules.ts and in the words at stop of chat-request.ts."),
  },
  {
    name: "stop-17",
    fact: "Seventeen stop sequences are refused with 400.",
    today: "Sends any number; the simulator refuses more than 16.",
    where: [TYPES, PARAMETERS],
    questions: [chat({ ...PLAIN, stop: stops(17) })],
    judge: refused(/stop/i, {
      accepted: "Raise the limit in parameter-rules.ts and in the words at stop of chat-request.ts.",
      otherwise: sayWords("parameter-rules.ts"),
    }),
  },
  {
    name: "stream-options-alone",
    fact: "stream_options without stream is refused with 400.",
    today: "Refuses it before it is sent, and never sends it so itself; the simulator refuses it.",
    where: [VALIDATE, "src/providers/wire-format.ts", PARAMETERS],
    questions: [chat({ ...PLAIN, stream_options: { include_usage: true } })],
    judge: refused(/stream_options/, {
      accepted: "Allow it in findConflict of validate-request.ts and in checkModes of parameter-rules.ts.",
      otherwise: sayWords("parameter-rules.ts"),
    }),
  },
  {
    name: "max-tokens-range",
    fact: "max_tokens over 393,216 is refused with 400.",
    today: "Sends any whole number from 1; the simulator refuses more.",
    where: [VALIDATE, PARAMETERS],
    // Streamed and left early: should it be accepted, nobody pays for 393,217 tokens.
    questions: [chat({ ...PLAIN, max_tokens: 393_217, stream: true }, { leaveAfterEvents: 16 })],
    judge: refused(/max_tokens|393216|maximum|range/i, {
      accepted: "Raise MAX_TOKENS in parameter-rules.ts.",
      otherwise: sayWords("parameter-rules.ts"),
    }),
  },
  {
    name: "context-message",
    fact: "A request that is longer than the window is told the window, and how much was asked for.",
    today: "Reads both numbers out of the message, for error.maxTokens and error.requestedTokens.",
    where: ["src/transport/classify-failure.ts", "src/providers/deepseek-models.ts", RULES],
    // What is asked of the answer counts too: cheaper than a million tokens of prompt.
    questions: [chat({ ...PLAIN, max_tokens: 2_000_000, stream: true }, { leaveAfterEvents: 16 })],
    judge: judgeContextMessage,
  },
  {
    name: "json-without-word",
    fact: 'JSON mode with no word "json" in the prompt is refused with a 400 that says so.',
    today: "Adds a sentence with that word before it is sent, and after that 400.",
    where: ["src/prepare/json-mode.ts", "src/prepare/read-complaint.ts", RULES],
    questions: [chat({ ...PLAIN, max_tokens: 32, response_format: { type: "json_object" } })],
    judge: refused(/json/i, {
      accepted: "Keep the sentence: such an answer may be whitespace up to the limit. Let the simulator accept it.",
      otherwise: "Teach read-complaint.ts these words, and the simulator to say them.",
    }),
  },
  {
    name: "unknown-field",
    fact: "A field the server does not know is ignored.",
    today: "Sends fields it does not know as they are; the simulator ignores them.",
    where: [VALIDATE, PARAMETERS],
    questions: [chat({ ...PLAIN, no_such_field: true })],
    judge: accepted("Say in the README that the server refuses unknown fields, and let the simulator refuse them."),
  },
  {
    name: "max-completion-tokens",
    fact: "max_completion_tokens is not documented, and has no effect.",
    today: "Sends max_tokens in its place.",
    where: ["src/prepare"],
    questions: [
      chat({ ...PLAIN, max_tokens: 24, max_completion_tokens: 2, messages: [user("Count from 1 to 30, in digits.")] }),
    ],
    judge: judgeOtherLimit,
  },
  {
    name: "user-id-characters",
    fact: "user_id may be any text of up to 512 bytes, and not letters and digits alone.",
    today: "Sends it as it is; the simulator looks at its length.",
    where: [TYPES, PARAMETERS],
    questions: [chat({ ...PLAIN, user_id: "näme with blanks" })],
    judge: accepted(
      "Say at user_id in chat-request.ts which characters it may have; check them in parameter-rules.ts.",
    ),
  },
];

function stops(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `#${index}#`);
}

function judgeSeveral([answer]: readonly Answer[]): Judgement {
  if (!answer) return unknown("");
  if (!isSuccess(answer)) return holds(`Refused: ${describe(answer)}`);
  const choices = at(answer.json, "choices");
  const count = Array.isArray(choices) ? choices.length : 0;
  if (count === 1) return holds("One answer came: n is ignored.");
  return differs(
    `${count} answers came.`,
    "Write into validate-request.ts that DeepSeek gives more than one, and why the client does not.",
  );
}

function judgeContextMessage([answer]: readonly Answer[]): Judgement {
  if (!answer) return unknown("");
  const change = "Teach classifyMessage in classify-failure.ts these words; let the simulator say them.";
  if (isSuccess(answer))
    return differs("It was accepted.", "Drop the window's part of the answer from checkWindow in request-rules.ts.");
  const numbers = /maximum context length is (\d{1,12}) tokens.{0,40}?requested (\d{1,12}) tokens/i.exec(answer.said);
  if (numbers) {
    const isKnown = Number(numbers[1]) === 1_048_576;
    return isKnown
      ? holds(describe(answer))
      : differs(describe(answer), `Correct the window to ${numbers[1]} in deepseek-models.ts.`);
  }
  if (/context|input token|too long/i.test(answer.said)) return differs(describe(answer), change);
  return unknown(`The range of max_tokens is looked at first: ${describe(answer)}`);
}

function judgeOtherLimit([answer]: readonly Answer[]): Judgement {
  if (!answer || !isSuccess(answer))
    return differs(
      answer ? describe(answer) : "",
      "Say in the README that it is refused; let the simulator refuse it.",
    );
  const count = countOf(answer, "completion_tokens");
  if (count === undefined) return unknown("The answer tells no completion_tokens.");
  if (count <= 2) return differs(`${count} tokens came: it is obeyed.`, "Say so in the README's table of differences.");
  return holds(`${count} tokens came: it is ignored.`);
}
